/** Hands a person a file: text, or bytes as they are. */
export function saveFile(name: string, content: string | Uint8Array<ArrayBuffer>): void {
	const type = typeof content === 'string' ? 'text/csv;charset=utf-8' : 'application/octet-stream';
	const url = URL.createObjectURL(new Blob([content], { type }));
	const link = document.createElement('a');
	link.href = url;
	link.download = name;
	link.click();
	URL.revokeObjectURL(url);
}

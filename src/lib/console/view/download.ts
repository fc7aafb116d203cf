/** Hands a person a text as a file. @param text in pieces where it is much */
export function download(fileName: string, text: string | readonly string[]): void {
	const parts = typeof text === 'string' ? [text] : [...text];
	const url = URL.createObjectURL(new Blob(parts, { type: 'text/plain;charset=utf-8' }));
	const link = document.createElement('a');
	link.href = url;
	link.download = fileName;
	link.click();
	URL.revokeObjectURL(url);
}

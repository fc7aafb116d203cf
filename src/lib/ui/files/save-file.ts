/** Where a file's bytes go, one after another. What a method rejects with ends the writing. */
export interface FileSink {
	/** Resolves when more may come: whoever waits for it holds no more than one piece in memory. */
	write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
	/** Over what was written before. @param position bytes from the file's start */
	patch(position: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
	/** @returns the file as it lies there now, where it can be read back */
	finish(): Promise<Blob | undefined>;
	/** Nothing of it stays. Never rejects. */
	discard(): Promise<void>;
}

/** Where a file goes, and what it is called there. */
export interface SaveTarget {
	readonly name: string;
	readonly sink: FileSink;
}

/** Of the File System Access API, which TypeScript's library leaves out (wicg.github.io/file-system-access). */
interface SavePicker {
	showSaveFilePicker?: (options: { suggestedName: string }) => Promise<PickedSave>;
}
type PickedSave = FileSystemFileHandle & { remove?: () => Promise<void> };

/** Long enough for a browser that asks where to save. */
const REVOKE_MS = 60_000;
/** In the origin's private file system: files on their way to a download. */
const STAGING = 'saving';
/** A download of a file that is older is over. */
const STAGED_MS = 3_600_000;

/** Hands a person a file that is there whole: text (in pieces where it is much), or bytes as they are. */
export function saveFile(
	name: string,
	content: string | readonly string[] | Uint8Array<ArrayBuffer> | Blob
): void {
	if (content instanceof Blob) return downloadBlob(name, content);
	const isBytes = content instanceof Uint8Array;
	const type = isBytes ? 'application/octet-stream' : 'text/plain;charset=utf-8';
	const parts = isBytes || typeof content === 'string' ? [content] : [...content];
	downloadBlob(name, new Blob(parts, { type }));
}

/**
 * Asks where to save what is yet to be written. Where the browser has no picker for that, the file is written to the origin's
 * private file system and downloaded at its end; where it has not that either, it is collected in memory. To be called while
 * a click is being answered.
 * @returns undefined where the person closed the picker
 */
export async function pickSave(suggestedName: string): Promise<SaveTarget | undefined> {
	const { showSaveFilePicker } = window as SavePicker;
	if (!showSaveFilePicker) return { name: suggestedName, sink: await downloadSink(suggestedName) };
	try {
		const handle = await showSaveFilePicker.call(window, { suggestedName });
		return { name: handle.name, sink: await diskSink(handle) };
	} catch (cause) {
		if (cause instanceof DOMException && cause.name === 'AbortError') return undefined;
		throw cause;
	}
}

/** Written beside the file and put in its place at the end: what is broken off leaves what was there. */
async function diskSink(handle: PickedSave): Promise<FileSink> {
	const before = (await handle.getFile()).size;
	const file = await handle.createWritable();
	let closed = false;
	return {
		write: (bytes) => file.write(bytes),
		patch: (position, data) => file.write({ type: 'write', position, data }),
		async finish() {
			await file.close();
			closed = true;
			return handle.getFile();
		},
		async discard() {
			if (!closed) await file.abort().catch(() => undefined); // it is broken already
			// The picker made an empty file: without this it would stay, and look like a whole one.
			if (closed || before === 0) await handle.remove?.().catch(() => undefined);
		}
	};
}

async function downloadSink(name: string): Promise<FileSink> {
	try {
		return await stagedSink(name);
	} catch {
		return memorySink(name); // no private file system, as on plain http or in some private windows
	}
}

async function stagedSink(name: string): Promise<FileSink> {
	const root = await navigator.storage.getDirectory();
	const folder = await root.getDirectoryHandle(STAGING, { create: true });
	await sweep(folder);
	const staged = crypto.randomUUID();
	const handle = await folder.getFileHandle(staged, { create: true });
	const disk = await diskSink(handle);
	return {
		...disk,
		async finish() {
			const file = await disk.finish();
			if (file) downloadBlob(name, file);
			return file;
		},
		async discard() {
			await disk.discard();
			await folder.removeEntry(staged).catch(() => undefined); // gone already
		}
	};
}

/** Removes what earlier pages left half way, or have downloaded. */
async function sweep(folder: FileSystemDirectoryHandle): Promise<void> {
	const youngestMs = Date.now() - STAGED_MS;
	for await (const [name, handle] of folder.entries()) {
		const left = handle.kind === 'file' && (await handle.getFile());
		// One that is being written cannot be removed: it is somebody's.
		if (left && left.lastModified < youngestMs) await folder.removeEntry(name).catch(() => undefined);
	}
}

function memorySink(name: string): FileSink {
	let parts: Uint8Array<ArrayBuffer>[] = [];
	return {
		write(bytes) {
			parts.push(bytes);
			return Promise.resolve();
		},
		patch(position, bytes) {
			let start = 0;
			for (const part of parts) {
				const from = Math.max(position, start);
				const to = Math.min(position + bytes.length, start + part.length);
				if (from < to) part.set(bytes.subarray(from - position, to - position), from - start);
				start += part.length;
			}
			return Promise.resolve();
		},
		finish() {
			downloadBlob(name, new Blob(parts));
			parts = [];
			return Promise.resolve(undefined);
		},
		discard() {
			parts = [];
			return Promise.resolve();
		}
	};
}

function downloadBlob(name: string, blob: Blob): void {
	const url = URL.createObjectURL(blob);
	Object.assign(document.createElement('a'), { href: url, download: name }).click();
	setTimeout(() => URL.revokeObjectURL(url), REVOKE_MS);
}

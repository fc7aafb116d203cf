import { concatBytes } from '$lib/base';
import type { BackupSink } from '$lib/flash';

/** Of the File System Access API, which TypeScript's library leaves out (wicg.github.io/file-system-access). */
interface SavePicker {
	showSaveFilePicker?: (options: { suggestedName: string }) => Promise<PickedSave>;
}
type PickedSave = FileSystemFileHandle & { remove?: () => Promise<void> };

/** Where a file goes, and what it is called there. */
export interface SaveTarget {
	readonly name: string;
	readonly sink: BackupSink;
}

/**
 * Asks where to save. Where the browser has no picker for that, the file is collected in memory and downloaded at its end. To be
 * called while a click is being answered.
 * @returns undefined where the person closed the picker
 */
export async function pickSave(suggestedName: string): Promise<SaveTarget | undefined> {
	const { showSaveFilePicker } = window as SavePicker;
	if (!showSaveFilePicker) return { name: suggestedName, sink: downloadSink(suggestedName) };
	try {
		const handle = await showSaveFilePicker.call(window, { suggestedName });
		return { name: handle.name, sink: await diskSink(handle) };
	} catch (cause) {
		if (cause instanceof DOMException && cause.name === 'AbortError') return undefined;
		throw cause;
	}
}

/** Written beside the file and put in its place at the end: a backup that is broken off leaves what was there. */
async function diskSink(handle: PickedSave): Promise<BackupSink> {
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
			// The picker made an empty file: without this it would stay, and look like a backup.
			if (closed || before === 0) await handle.remove?.().catch(() => undefined);
		}
	};
}

function downloadSink(name: string): BackupSink {
	let parts: Uint8Array<ArrayBuffer>[] = [];
	return {
		write(bytes) {
			parts.push(bytes);
			return Promise.resolve();
		},
		patch(position, bytes) {
			const whole = concatBytes(parts);
			whole.set(bytes, position);
			parts = [whole];
			return Promise.resolve();
		},
		finish() {
			const url = URL.createObjectURL(new Blob(parts));
			const link = Object.assign(document.createElement('a'), { href: url, download: name });
			link.click();
			setTimeout(() => URL.revokeObjectURL(url), REVOKE_MS);
			parts = [];
			return Promise.resolve(undefined);
		},
		discard() {
			parts = [];
			return Promise.resolve();
		}
	};
}

/** Long enough for a browser that asks where to save. */
const REVOKE_MS = 60_000;

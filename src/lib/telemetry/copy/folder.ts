/** Where a second copy lies: with the browser's own files of this site, or in a folder that a person picked. */
export type CopyPlace = { readonly kind: 'browser' } | { readonly kind: 'folder'; readonly name: string };

/** A folder of small files, each of which is written whole or not at all. */
export interface CopyFolder {
	readonly place: CopyPlace;
	/** `absent`: no copy is wanted here. `closed`: one is, and the browser lets nobody in until a person allows it again. */
	standing(): Promise<'absent' | 'closed' | 'open'>;
	/** A copy is wanted here from now on. */
	create(): Promise<void>;
	/** Of all files, whosoever's. */
	names(): Promise<readonly string[]>;
	read(name: string): Promise<Blob>;
	write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
	/** One that is not there is no error. */
	remove(name: string): Promise<void>;
	/** No copy is wanted here any more. The browser's own goes with all that is in it; what lies in a person's folder is theirs. */
	leave(): Promise<void>;
	/**
	 * What the browser still allows, bytes, and the share of all that it is; undefined where it does not say. Absent where the copy takes
	 * none of the room that the store needs.
	 */
	room?(): Promise<{ readonly freeBytes: number; readonly freeShare: number } | undefined>;
}

/** A directory that a person picked, with what TypeScript's DOM library lacks (https://wicg.github.io/file-system-access/). */
export interface PickedDirectory extends FileSystemDirectoryHandle {
	queryPermission(of: { mode: 'readwrite' }): Promise<PermissionState>;
	/** In a window, from a click. */
	requestPermission(of: { mode: 'readwrite' }): Promise<PermissionState>;
}

/** Of the folder that holds the copy and nothing else. */
export const FOLDER = 'fieldbench-copy';

/**
 * The files of a directory of the File System API. Written by `createWritable`, which replaces a file when it is closed:
 * `createSyncAccessHandle` is not exposed in shared workers (https://fs.spec.whatwg.org/), and the field worker is one.
 */
export const filesOf = (
	folder: () => Promise<FileSystemDirectoryHandle>
): Pick<CopyFolder, 'names' | 'read' | 'write' | 'remove'> => ({
	async names() {
		const names: string[] = [];
		for await (const name of (await folder()).keys()) names.push(name);
		return names;
	},
	read: async (name) => (await (await folder()).getFileHandle(name)).getFile(),
	async write(name, bytes) {
		const file = await (await folder()).getFileHandle(name, { create: true });
		const stream = await file.createWritable();
		try {
			await stream.write(bytes);
		} catch (cause) {
			await stream.abort().catch(() => undefined); // it has failed already, and that is told
			throw cause;
		}
		await stream.close();
	},
	remove: async (name) => (await folder()).removeEntry(name).catch(orElse(undefined))
});

/** Answers what is not there; anything else is thrown on. */
export const orElse =
	<T>(value: T) =>
	(cause: unknown): T => {
		if (cause instanceof DOMException && cause.name === 'NotFoundError') return value;
		throw cause;
	};

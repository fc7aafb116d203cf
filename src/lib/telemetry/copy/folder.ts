/** Where a second copy lies: a folder of small files, each of which is written whole or not at all. */
export interface CopyFolder {
	exists(): Promise<boolean>;
	create(): Promise<void>;
	/** Of all files, whosoever's. */
	names(): Promise<readonly string[]>;
	read(name: string): Promise<Blob>;
	write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
	/** One that is not there is no error. */
	remove(name: string): Promise<void>;
	/** With all that is in it. */
	delete(): Promise<void>;
	/** What the browser still allows, bytes, and the share of all that it is; undefined where it does not say. */
	room(): Promise<{ readonly freeBytes: number; readonly freeShare: number } | undefined>;
}

const FOLDER = 'fieldbench-copy';

/**
 * In the origin private file system of the default bucket, so apart from the telemetry's own bucket. Written by `createWritable`, which
 * replaces a file when it is closed: `createSyncAccessHandle` is not exposed in shared workers (https://fs.spec.whatwg.org/), and the
 * field worker is one. Undefined where the browser has no such storage, or the page came over plain http.
 */
export function opfsFolder(): CopyFolder | undefined {
	const storage = (globalThis.navigator as Partial<Navigator> | undefined)?.storage as
		Partial<StorageManager> | undefined;
	if (!storage?.getDirectory) return undefined;
	const root = () => storage.getDirectory!();
	const folder = async () => (await root()).getDirectoryHandle(FOLDER);
	return {
		exists: () => folder().then(() => true, orElse(false)),
		async create() {
			await (await root()).getDirectoryHandle(FOLDER, { create: true });
		},
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
		remove: async (name) => (await folder()).removeEntry(name).catch(orElse(undefined)),
		delete: async () => (await root()).removeEntry(FOLDER, { recursive: true }).catch(orElse(undefined)),
		async room() {
			const { usage, quota } = (await storage.estimate?.()) ?? {};
			if (usage === undefined || !quota) return undefined;
			return { freeBytes: quota - usage, freeShare: 1 - usage / quota };
		}
	};
}

/** Answers what is not there; anything else is thrown on. */
const orElse =
	<T>(value: T) =>
	(cause: unknown): T => {
		if (cause instanceof DOMException && cause.name === 'NotFoundError') return value;
		throw cause;
	};

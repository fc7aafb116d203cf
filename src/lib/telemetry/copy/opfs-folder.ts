import { filesOf, FOLDER, orElse, type CopyFolder } from './folder';

/**
 * In the origin private file system of the default bucket, so apart from the telemetry's own bucket. That its folder is there says that a
 * copy is wanted. Undefined where the browser has no such storage, or the page came over plain http.
 */
export function opfsFolder(): CopyFolder | undefined {
	const storage = (globalThis.navigator as Partial<Navigator> | undefined)?.storage as
		Partial<StorageManager> | undefined;
	if (!storage?.getDirectory) return undefined;
	const root = () => storage.getDirectory!();
	const folder = async () => (await root()).getDirectoryHandle(FOLDER);
	return {
		place: { kind: 'browser' },
		...filesOf(folder),
		standing: () => folder().then(() => 'open', orElse('absent')),
		async create() {
			await (await root()).getDirectoryHandle(FOLDER, { create: true });
		},
		leave: async () => (await root()).removeEntry(FOLDER, { recursive: true }).catch(orElse(undefined)),
		async room() {
			const { usage, quota } = (await storage.estimate?.()) ?? {};
			if (usage === undefined || !quota) return undefined;
			return { freeBytes: quota - usage, freeShare: 1 - usage / quota };
		}
	};
}

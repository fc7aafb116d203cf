import type { PickedFile } from '../sources-build';

/** ESP-IDF's build folders have some 5,000. */
const MOST_FILES = 20_000;

/** What a file input holds; of a folder, with its paths. @returns undefined where it is too many */
export function pickedFiles(list: FileList | null): readonly PickedFile[] | undefined {
	const files = [...(list ?? [])];
	if (files.length > MOST_FILES) return undefined;
	return files.map((file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** What was dropped, folders walked to their ends. @returns undefined where it is too many */
export async function droppedFiles(data: DataTransfer): Promise<readonly PickedFile[] | undefined> {
	// The list empties itself as soon as this task ends: entries are taken before anything is waited for.
	const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
	if (entries.length === 0) return pickedFiles(data.files);
	const found: PickedFile[] = [];
	while (entries.length > 0) {
		if (found.length + entries.length > MOST_FILES) return undefined;
		const entry = entries.pop()!;
		if (isFile(entry)) {
			const file = await new Promise<File | undefined>((resolve) =>
				entry.file(resolve, () => resolve(undefined))
			);
			// A file that went away meanwhile is missed by whoever needs it: flasher_args.json names it.
			if (file) found.push({ path: entry.fullPath.replace(/^\//u, ''), file });
		} else if (isDirectory(entry)) entries.push(...(await listed(entry)));
	}
	return found;
}

/** A reader gives some hundred at a time, and none at the end. */
async function listed(folder: FileSystemDirectoryEntry): Promise<readonly FileSystemEntry[]> {
	const reader = folder.createReader();
	const all: FileSystemEntry[] = [];
	for (;;) {
		const some = await new Promise<readonly FileSystemEntry[]>((resolve) =>
			reader.readEntries(resolve, () => resolve([]))
		);
		if (some.length === 0 || all.length > MOST_FILES) return all;
		all.push(...some);
	}
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

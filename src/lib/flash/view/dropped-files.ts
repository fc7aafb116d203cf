import type { PickedFile } from '../sources-build';

/** ESP-IDF's build folders have some 5,000. */
const MOST_FILES = 20_000;

/** What a person chose or dropped, all of it accounted for. */
export interface PickedFiles {
	readonly files: readonly PickedFile[];
	/** Paths of what was there and could not be read: gone meanwhile, locked, or a folder that cannot be listed. */
	readonly unread: readonly string[];
}

/** What a file input holds; of a folder, with its paths. @returns undefined where it is too many */
export function pickedFiles(list: Iterable<File> | null): PickedFiles | undefined {
	const files = [...(list ?? [])];
	if (files.length > MOST_FILES) return undefined;
	return { files: files.map((file) => ({ path: file.webkitRelativePath || file.name, file })), unread: [] };
}

/** What was dropped, folders walked to their ends. @returns undefined where it is too many */
export async function droppedFiles(
	data: Pick<DataTransfer, 'items' | 'files'>
): Promise<PickedFiles | undefined> {
	// The list empties itself as soon as this task ends: entries are taken before anything is waited for.
	const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry?.() ?? []);
	if (entries.length === 0) return pickedFiles(data.files);
	const files: PickedFile[] = [];
	const unread: string[] = [];
	while (entries.length > 0) {
		if (files.length + unread.length + entries.length > MOST_FILES) return undefined;
		const entry = entries.pop()!;
		const path = entry.fullPath.replace(/^\//u, '');
		if (isFile(entry)) {
			const file = await new Promise<File | undefined>((resolve) =>
				entry.file(resolve, () => resolve(undefined))
			);
			if (file) files.push({ path, file });
			else unread.push(path);
		} else if (isDirectory(entry)) {
			const { found, whole } = await listed(entry);
			entries.push(...found);
			if (!whole) unread.push(`${path}/`);
		}
	}
	return { files, unread: unread.sort() };
}

/** A reader gives some hundred at a time, and none at the end. */
async function listed(
	folder: FileSystemDirectoryEntry
): Promise<{ found: readonly FileSystemEntry[]; whole: boolean }> {
	const reader = folder.createReader();
	const found: FileSystemEntry[] = [];
	for (;;) {
		const some = await new Promise<readonly FileSystemEntry[] | undefined>((resolve) =>
			reader.readEntries(resolve, () => resolve(undefined))
		);
		if (!some) return { found, whole: false };
		if (some.length === 0 || found.length > MOST_FILES) return { found, whole: true };
		found.push(...some);
	}
}

const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isDirectory = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;

/** So many names are said; the rest are counted. */
const NAMED = 3;

/** What was left out and what to do, or undefined where nothing was. */
export function unreadWords(unread: readonly string[]): string | undefined {
	if (unread.length === 0) return undefined;
	const named = unread.slice(0, NAMED).join(', ');
	const more = unread.length > NAMED ? ` and ${unread.length - NAMED} more` : '';
	const [were, they] =
		unread.length === 1 ? ['One entry was', 'It is'] : [`${unread.length} entries were`, 'They are'];
	return `${were} left out, because this browser cannot read what is there: ${named}${more}. ${they} gone, locked, or not yours to read; if the build needs one, wait until it is done and drop the folder again.`;
}

import { expect, it } from 'vitest';
import { droppedFiles, pickedFiles, unreadWords } from './dropped-files';

/** What a browser gives for a dropped file or folder; `unreadable` as when it went away after the drop. */
type Dropped = { readonly name: string; readonly unreadable?: boolean; readonly holds?: readonly Dropped[] };

/** A reader gives at most so many at a time, as Chromium's gives a hundred. */
const AT_A_TIME = 2;

function entryOf({ name, unreadable, holds }: Dropped, parent = ''): FileSystemEntry {
	const fullPath = `${parent}/${name}`;
	const kind = { name, fullPath, isFile: holds === undefined, isDirectory: holds !== undefined };
	const gone = new DOMException('gone', 'NotFoundError');
	if (!holds)
		return {
			...kind,
			file: (give: (file: File) => void, fail: (error: DOMException) => void) =>
				unreadable ? fail(gone) : give(new File(['x'], name))
		} as unknown as FileSystemEntry;
	return {
		...kind,
		createReader: () => {
			const left = holds.map((one) => entryOf(one, fullPath));
			return {
				readEntries: (give: (some: FileSystemEntry[]) => void, fail: (error: DOMException) => void) =>
					unreadable && left.length <= AT_A_TIME ? fail(gone) : give(left.splice(0, AT_A_TIME))
			};
		}
	} as unknown as FileSystemEntry;
}

const drop = (all: readonly Dropped[]) =>
	droppedFiles({
		items: all.map((one) => ({ webkitGetAsEntry: () => entryOf(one) })) as unknown as DataTransferItemList,
		files: [] as unknown as FileList
	});

const file = (name: string): Dropped => ({ name });

it('walks folders to their ends, however few a reader gives at a time', async () => {
	const found = await drop([
		{
			name: 'build',
			holds: [file('a.bin'), file('b.bin'), file('c.bin'), { name: 'deep', holds: [file('d')] }]
		},
		file('e.bin')
	]);
	expect(found?.files.map(({ path }) => path).sort()).toEqual([
		'build/a.bin',
		'build/b.bin',
		'build/c.bin',
		'build/deep/d',
		'e.bin'
	]);
	expect(found?.unread).toEqual([]);
});

it('takes the rest where a file or a folder cannot be read, and says which were left out', async () => {
	const found = await drop([
		{ name: 'build', holds: [file('a.bin'), { name: 'gone.bin', unreadable: true }] },
		{ name: 'locked', unreadable: true, holds: [file('1'), file('2'), file('3')] }
	]);
	expect(found?.files.map(({ path }) => path).sort()).toEqual(['build/a.bin', 'locked/1', 'locked/2']);
	expect(found?.unread).toEqual(['build/gone.bin', 'locked/']);
});

it('refuses more than a build folder has', async () => {
	const many = Array.from({ length: 20_001 }, (_, i) => file(`${i}`));
	expect(await drop([{ name: 'all', holds: many }])).toBeUndefined();
	expect(pickedFiles(Array.from({ length: 20_001 }, () => new File([], 'x')))).toBeUndefined();
});

it('takes plain files where the browser gives no entries', async () => {
	const files = [new File(['x'], 'a.bin')] as unknown as FileList;
	const found = await droppedFiles({ items: [] as unknown as DataTransferItemList, files });
	expect(found?.files.map(({ path }) => path)).toEqual(['a.bin']);
});

it('says how many were left out, the first of them by name, and what to do', () => {
	expect(unreadWords([])).toBeUndefined();
	expect(unreadWords(['a.bin'])).toMatch(
		/^One entry was left out.*: a\.bin\. It is gone.*drop the folder again/u
	);
	expect(unreadWords(['a', 'b', 'c', 'd', 'e'])).toMatch(
		/^5 entries were left out.*: a, b, c and 2 more\. They are/u
	);
});

import { err, ok, type Result } from '$lib/base';
import { parseFlasherArgs, type FlasherArgs, type FlasherArgsFault } from '$lib/formats';
import { openBackup, type BackupOpenError } from './backup-open';
import type { Backup } from './backup-source';
import { folderFile, MOST_FILE_BYTES, openZip, type FileError, type FolderFile } from './sources-zip';

/** A file as a person chose or dropped it. */
export interface PickedFile {
	/** From the dropped folder's parent, with `/`; of a loose file, its name. */
	readonly path: string;
	readonly file: Blob;
}

/** Bytes of a build, and where they go if the build says so. */
export interface FoundPart {
	readonly name: string;
	readonly bytes: Uint8Array<ArrayBuffer>;
	/** Bytes from the flash's start. */
	readonly offset?: number;
}

/** What was found in what a person chose. */
export interface FoundBuild {
	/** Of the zip or the folder; empty for loose files. */
	readonly name: string;
	readonly parts: readonly FoundPart[];
	/** Where a flasher_args.json said it. */
	readonly args?: FlasherArgs;
	/** It is no build but what a board held: there are no parts then. */
	readonly backup?: Backup;
}

/** Why a folder, a zip or a file gave nothing. */
export type BuildError =
	| FileError
	| BackupOpenError
	| { readonly kind: 'args-fault'; readonly path: string; readonly fault: FlasherArgsFault }
	/** flasher_args.json names files that are not there. */
	| { readonly kind: 'file-missing'; readonly path: string; readonly missing: readonly string[] }
	/** Two builds side by side: which is meant? */
	| { readonly kind: 'several-builds'; readonly name: string; readonly folders: readonly string[] }
	/** Neither flasher_args.json nor a .bin file. */
	| { readonly kind: 'no-firmware'; readonly name: string; readonly files: number }
	| { readonly kind: 'too-many-files'; readonly name: string; readonly most: number };

const ARGS_NAME = 'flasher_args.json';
/** More .bin files beside each other are no build. */
const MOST_BINS = 32;

/**
 * What a person chose, told apart: zips, a folder, loose files beside a flasher_args.json, and single files. One that fails does
 * not keep the others back.
 */
export async function openPicked(
	picked: readonly PickedFile[]
): Promise<readonly Result<FoundBuild, BuildError>[]> {
	const found: Result<FoundBuild, BuildError>[] = [];
	const folders = new Map<string, FolderFile[]>();
	const loose: FolderFile[] = [];
	for (const { path, file } of picked) {
		const top = path.includes('/') ? path.slice(0, path.indexOf('/')) : undefined;
		if (top !== undefined) {
			const files = folders.get(top) ?? folders.set(top, []).get(top)!;
			files.push(folderFile(path, file));
		} else if (/\.zip$/iu.test(path)) {
			found.push(await openZipped(path, file));
		} else loose.push(folderFile(path, file));
	}
	for (const [name, files] of folders) found.push(await openFolder(name, files));
	if (loose.some(({ path }) => path === ARGS_NAME)) found.push(await openFolder('', loose));
	else for (const file of loose) found.push(await readParts('', [{ file }]));
	return found;
}

async function openZipped(name: string, zip: Blob): Promise<Result<FoundBuild, BuildError>> {
	const files = await openZip(name, zip);
	if (!files.ok) return files;
	const backup = await openBackup(name, files.value);
	if (!backup) return openFolder(name, files.value);
	return backup.ok ? ok({ name, parts: [], backup: backup.value }) : backup;
}

/** A build folder: by its flasher_args.json, else, as PlatformIO leaves it, the .bin files that lie beside each other. */
async function openFolder(
	name: string,
	files: readonly FolderFile[]
): Promise<Result<FoundBuild, BuildError>> {
	const args = shallowest(files.filter(({ path }) => baseName(path) === ARGS_NAME));
	if (args.length > 1) return err({ kind: 'several-builds', name, folders: foldersOf(args) });
	if (args[0]) return openByArgs(name, args[0], files);
	const bins = shallowest(files.filter(({ path }) => /\.bin$/iu.test(path)));
	if (bins.length === 0) return err({ kind: 'no-firmware', name, files: files.length });
	const folders = foldersOf(bins);
	if (folders.length > 1) return err({ kind: 'several-builds', name, folders });
	if (bins.length > MOST_BINS) return err({ kind: 'too-many-files', name, most: MOST_BINS });
	return readParts(
		name,
		bins.map((file) => ({ file }))
	);
}

async function openByArgs(
	name: string,
	from: FolderFile,
	files: readonly FolderFile[]
): Promise<Result<FoundBuild, BuildError>> {
	const text = await from.read();
	if (!text.ok) return text;
	const args = parseFlasherArgs(new TextDecoder().decode(text.value));
	if (!args.ok) return err({ kind: 'args-fault', path: from.path, fault: args.error });
	const folder = folderOf(from.path);
	const listed = args.value.files.map(({ offset, file }) => ({
		path: file,
		offset,
		file: fileAt(files, folder, file)
	}));
	const here = listed.flatMap(({ file, offset }) => (file ? [{ file, offset }] : []));
	if (here.length < listed.length) {
		const missing = listed.filter(({ file }) => !file).map(({ path }) => path);
		return err({ kind: 'file-missing', path: from.path, missing });
	}
	const read = await readParts(name, here);
	return read.ok ? ok({ ...read.value, args: args.value }) : read;
}

/** Loose files have lost their folders, so there a name will do where it is the only one. */
function fileAt(files: readonly FolderFile[], folder: string, path: string): FolderFile | undefined {
	const exact = files.find((file) => file.path === folder + path);
	if (exact || folder !== '') return exact;
	const alike = files.filter((file) => file.path === baseName(path));
	return alike.length === 1 ? alike[0] : undefined;
}

async function readParts(
	name: string,
	files: readonly { readonly file: FolderFile; readonly offset?: number }[]
): Promise<Result<FoundBuild, BuildError>> {
	const parts: FoundPart[] = [];
	let total = 0;
	for (const { file, offset } of files) {
		total += file.sizeBytes;
		if (total > MOST_FILE_BYTES)
			return err({ kind: 'too-large', path: file.path, mostBytes: MOST_FILE_BYTES });
		const bytes = await file.read();
		if (!bytes.ok) return bytes;
		parts.push({
			name: baseName(file.path),
			bytes: bytes.value,
			...(offset !== undefined && { offset })
		});
	}
	return ok({ name, parts });
}

/** Those that lie the fewest folders deep. */
function shallowest(files: readonly FolderFile[]): readonly FolderFile[] {
	const depth = ({ path }: FolderFile) => path.split('/').length;
	const least = Math.min(...files.map(depth));
	return files.filter((file) => depth(file) === least);
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1);
const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const foldersOf = (files: readonly FolderFile[]): readonly string[] => [
	...new Set(files.map(({ path }) => folderOf(path)))
];

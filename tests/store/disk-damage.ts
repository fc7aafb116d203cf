import { open, readdir, stat, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';

interface DiskFile {
	readonly path: string;
	readonly name: string;
	readonly bytes: number;
}

/** LevelDB's files of the telemetry's storage bucket: every IndexedDB folder under WebStorage but the default bucket's. */
export async function telemetryFiles(profile: string): Promise<DiskFile[]> {
	const entries = await readdir(profile, { recursive: true, withFileTypes: true });
	const files = entries.filter(
		(entry) => entry.isFile() && /WebStorage.*indexeddb\.leveldb$/u.test(entry.parentPath)
	);
	const found = await Promise.all(
		files.map(async (entry) => {
			const path = join(entry.parentPath, entry.name);
			return { path, name: entry.name, bytes: (await stat(path)).size };
		})
	);
	if (found.length === 0) throw new Error('the telemetry bucket has no files: is it in the default bucket?');
	return found;
}

export interface Damage {
	/** False where LevelDB may well repair itself: then nothing is gone, and nothing need be told. */
	readonly loses: boolean;
	apply(files: readonly DiskFile[]): Promise<void>;
}

/** Every way of damage that the store must survive, on the files of a closed browser. */
export const damages: Readonly<Record<string, Damage>> = {
	'bytes flipped in the log': { loses: false, apply: (files) => flipMiddle(largest(files, /\.log$/u)) },
	'bytes flipped in a table': { loses: false, apply: (files) => flipMiddle(largest(files, /\.ldb$/u)) },
	'bytes flipped in the MANIFEST': {
		loses: true,
		apply: (files) => flipMiddle(largest(files, /^MANIFEST-/u))
	},
	'a table deleted': { loses: true, apply: (files) => unlink(largest(files, /\.ldb$/u).path) },
	'CURRENT deleted': { loses: false, apply: (files) => unlink(largest(files, /^CURRENT$/u).path) },
	'the log cut to half': {
		loses: true,
		apply(files) {
			const log = largest(files, /\.log$/u);
			return truncate(log.path, Math.floor(log.bytes / 2));
		}
	}
};

function largest(files: readonly DiskFile[], name: RegExp): DiskFile {
	const [found] = files.filter((file) => name.test(file.name)).sort((a, b) => b.bytes - a.bytes);
	if (!found) throw new Error(`no file ${name} among ${files.map((file) => file.name).join(', ')}`);
	return found;
}

/** Turns 64 bytes around the middle into their complements. */
async function flipMiddle({ path, bytes }: DiskFile): Promise<void> {
	const length = Math.min(64, bytes);
	const at = Math.floor((bytes - length) / 2);
	const file = await open(path, 'r+');
	try {
		const { buffer } = await file.read(Buffer.alloc(length), 0, length, at);
		await file.write(
			buffer.map((byte) => byte ^ 0xff),
			0,
			length,
			at
		);
	} finally {
		await file.close();
	}
}

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Flash } from '$lib/lab';

/** A virtual device's flash as a folder, one file a record, each replaced whole. For devices that Node hosts. */
export class FolderFlash implements Flash {
	constructor(private readonly folder: string) {
		mkdirSync(folder, { recursive: true });
	}

	read(key: string): Uint8Array | undefined {
		try {
			return new Uint8Array(readFileSync(this.#file(key)));
		} catch (cause) {
			if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
			throw cause;
		}
	}

	write(key: string, bytes: Uint8Array): boolean {
		const file = this.#file(key);
		try {
			writeFileSync(`${file}.part`, bytes);
			renameSync(`${file}.part`, file);
			return true;
		} catch {
			return false; // full or read-only: the firmware answers that its storage failed
		}
	}

	/** Keys are the firmware's own; whatever they hold, they stay inside the folder. */
	#file(key: string): string {
		return join(this.folder, Buffer.from(key).toString('base64url'));
	}
}

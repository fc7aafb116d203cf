import { err, ok, toHex, type Result } from '$lib/base';
import { sha256 } from '@noble/hashes/sha2.js';
import { parseBackupDescription, type BackupFault } from '$lib/formats';
import { BACKUP_BYTES_NAME, BACKUP_DESCRIPTION_NAME } from './backup';
import type { Backup } from './backup-source';
import type { FileError, FolderFile } from './sources-zip';

/** Why a file that is a backup was not taken. */
export type BackupOpenError =
	| { readonly kind: 'backup-fault'; readonly path: string; readonly fault: BackupFault }
	/** Its bytes are not those that were read from the board: more, fewer or others. */
	| { readonly kind: 'backup-damaged'; readonly path: string };

/** A backup among the files of a zip, its digest checked; undefined: it is none. */
export async function openBackup(
	name: string,
	files: readonly FolderFile[]
): Promise<Result<Backup, FileError | BackupOpenError> | undefined> {
	const at = (path: string) => files.find((file) => file.path === path);
	const [description, flash] = [at(BACKUP_DESCRIPTION_NAME), at(BACKUP_BYTES_NAME)];
	if (!description || !flash) return undefined;
	const text = await description.read();
	if (!text.ok) return text;
	const facts = parseBackupDescription(new TextDecoder().decode(text.value));
	if (!facts.ok) return err({ kind: 'backup-fault', path: name, fault: facts.error });
	const bytes = await flash.read();
	if (!bytes.ok) return bytes;
	const isWhole =
		bytes.value.length === facts.value.length && toHex(sha256(bytes.value)) === facts.value.sha256;
	if (!isWhole) return err({ kind: 'backup-damaged', path: name });
	return ok({ name, description: facts.value, bytes: bytes.value });
}

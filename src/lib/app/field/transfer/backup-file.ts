import { concatBytes, FrameWriter, utf8 } from '$lib/base';
import { passphraseKey, PASSPHRASE_ROUNDS, SALT_BYTES, seal } from '$lib/crypto';
import { SNAPSHOT_VERSION, type StoreSnapshot } from '$lib/telemetry';
import type { DumpedTable } from '$lib/vault';

export const BACKUP_MAGIC = 'FBBACKUP';
export const BACKUP_VERSION = 1;
/** Bound to what the passphrase seals, so that it opens nothing else. */
export const SECRETS_AAD = utf8('fieldbench-backup-secrets-1');

/** Pieces are handed out at about this size. */
const PIECE_BYTES = 1 << 20;

/** What goes into a backup: drawn in docs/backup-format.md. */
export interface BackupSource {
	readonly madeMs: number;
	readonly tables: readonly DumpedTable[];
	/** By name, in the clear; empty where no passphrase was given. */
	readonly secrets: readonly (readonly [name: string, text: string])[];
	readonly passphrase: string;
	readonly snapshot: StoreSnapshot;
}

/** The whole file, in pieces; returns how many damaged blocks were left out. Throws `SnapshotMoved`, and the signal's reason. */
export async function* backupPieces(
	source: BackupSource,
	signal: AbortSignal
): AsyncGenerator<Uint8Array<ArrayBuffer>, number, undefined> {
	const { madeMs, tables, secrets, snapshot } = source;
	const writer = new FrameWriter(BACKUP_MAGIC);
	const { samples, blocks } = snapshot;
	const rows = Object.fromEntries(tables.map(({ table, rows: of }) => [table, of.length]));
	let parts = [
		writer.write({
			...{ kind: 'header', version: BACKUP_VERSION, snapshot: SNAPSHOT_VERSION, madeMs },
			...{ samples, blocks, rows, secrets: secrets.length }
		})
	];
	let bytes = 0;
	let written = 0;
	for (const table of tables) parts.push(writer.write({ kind: 'keep', ...table }));
	if (secrets.length > 0) parts.push(await sealedSecrets(writer, source));
	for await (const { meta, bytes: data } of snapshot.frames(signal)) {
		const frame = writer.write(meta, data);
		parts.push(frame);
		bytes += frame.length;
		if ((meta as { kind: string }).kind === 'block') written++;
		if (bytes < PIECE_BYTES) continue;
		yield concatBytes(parts);
		[parts, bytes] = [[], 0];
	}
	const leftOut = blocks - written;
	parts.push(writer.write({ kind: 'end', blocks: written, ...(leftOut > 0 ? { leftOut } : {}) }));
	yield concatBytes(parts);
	return leftOut;
}

async function sealedSecrets(
	writer: FrameWriter,
	{ passphrase, secrets }: BackupSource
): Promise<Uint8Array<ArrayBuffer>> {
	const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
	const key = await passphraseKey(passphrase, salt, PASSPHRASE_ROUNDS);
	const sealed = await seal(key, utf8(JSON.stringify(secrets)), SECRETS_AAD);
	return writer.write({ kind: 'secrets', salt, rounds: PASSPHRASE_ROUNDS, iv: sealed.iv }, sealed.ciphertext);
}

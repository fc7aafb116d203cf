import { err, ok, type Result } from '$lib/base';
import { DatabaseBlocked, type StoreError, type StorePart } from '$lib/telemetry';
import type { KeepChange, SecretBox, SecretRow } from '$lib/vault';
import type { Workspace } from '../storage';
import { BackupReading } from './restore-file';
import { settledTables } from './settled';
import type { RestoreAsked, RestoreError, RestoreStep } from './transfer-messages';

/** Told at most this often, bytes. */
const TELL_BYTES = 4 << 20;

export interface RestoreParts {
	readonly workspace: Workspace | undefined;
	readonly secrets: SecretBox;
	readonly nowMs: () => number;
	/** What was restored is to be opened: this leader ends. */
	readonly onRestored: () => void;
}

/**
 * Checks a backup from its first byte to its last, and only then, where it is asked to, builds the new store beside the one in use and
 * goes over to it in one transaction. Whatever happens before that transaction leaves what was there; after it, all is the backup's.
 */
export async function* restoreBackup(
	{ workspace, secrets, nowMs, onRestored }: RestoreParts,
	{ id, file, passphrase, apply, keepAll }: RestoreAsked,
	signal: AbortSignal
): AsyncGenerator<RestoreStep, void, undefined> {
	if (!workspace) return yield refused({ kind: 'unavailable', cause: 'nothing is kept in this browser' });
	if (apply && (await workspace.restored()) === id) return yield { kind: 'restored' };
	const reading = new BackupReading(file, nowMs());
	let told = 0;
	for await (const part of reading.parts(signal)) {
		if (!part.ok) return yield refused(part.error);
		if (reading.readBytes - told < TELL_BYTES) continue;
		told = reading.readBytes;
		yield { kind: 'checking', readBytes: told, totalBytes: file.size };
	}
	const contents = await reading.contents(passphrase);
	if (!contents.ok) return yield refused(contents.error);
	yield { kind: 'checked', contents: contents.value };
	if (!apply) return;

	yield { kind: 'writing', readBytes: 0, totalBytes: file.size };
	const sealed = await sealAgain(reading, passphrase, secrets);
	if (!sealed.ok) return yield refused(sealed.error);
	const built = await workspace
		.build(sound(new BackupReading(file, nowMs()), signal))
		.catch((cause: unknown) => {
			signal.throwIfAborted();
			if (cause instanceof DatabaseBlocked) return { kind: 'blocked' as const };
			return cause instanceof Unsound ? cause.error : { kind: 'unavailable' as const, cause: String(cause) };
		});
	signal.throwIfAborted();
	if ('kind' in built) return yield refused(isRestoreError(built) ? built : { kind: 'store', error: built });
	const plain = await reading.secrets(passphrase);
	// Asked one last time: what follows is carried out whole.
	signal.throwIfAborted();
	yield { kind: 'switching' };
	signal.throwIfAborted();
	const settling = {
		...{ own: await workspace.dump(), nowMs: nowMs(), box: secrets, keepAll },
		secrets: plain.ok && plain.value ? new Map(plain.value) : undefined
	};
	await workspace.replace({
		tables: await settledTables(reading.tables, settling),
		secrets: sealed.value,
		sentinel: built.sentinel,
		telemetryName: built.name,
		restored: id
	} satisfies KeepChange);
	yield { kind: 'restored' };
	onRestored();
}

const refused = (error: RestoreError): RestoreStep => ({ kind: 'refused', error });

/** Thrown where a backup that was sound is not any more: somebody changed the file meanwhile. */
class Unsound extends Error {
	constructor(readonly error: RestoreError) {
		super(error.kind);
	}
}

const isRestoreError = (error: RestoreError | StoreError): error is RestoreError =>
	!['fenced', 'quota', 'closed', 'dropped'].includes(error.kind);

async function* sound(reading: BackupReading, signal: AbortSignal): AsyncGenerator<StorePart> {
	for await (const part of reading.parts(signal)) {
		if (!part.ok) throw new Unsound(part.error);
		yield part.value;
	}
}

/** What the passphrase opened, under this browser's own key. */
async function sealAgain(
	reading: BackupReading,
	passphrase: string,
	box: SecretBox
): Promise<Result<readonly (readonly [string, SecretRow])[] | undefined, RestoreError>> {
	const plain = await reading.secrets(passphrase);
	if (!plain.ok || !plain.value) return plain.ok ? ok(undefined) : plain;
	const rows: [string, SecretRow][] = [];
	for (const [name, text] of plain.value) {
		const row = await box.seal(name, text);
		if (!row.ok) return err({ kind: 'unavailable', cause: row.error.kind });
		rows.push([name, row.value]);
	}
	return ok(rows);
}

import { err, ok, readFrames, textOf, type Frame, type Result } from '$lib/base';
import { open, passphraseKey, type SealedBytes } from '$lib/crypto';
import {
	OutlivedTally,
	parseSnapshotPart,
	samplesIn,
	SNAPSHOT_VERSION,
	type StorePart
} from '$lib/telemetry';
import { OPEN_TABLES, type DumpedTable } from '$lib/vault';
import { FOR_EVER, retentionOf, type RetentionPlan } from '../retention-plan';
import { parseSetting } from '../stored-rows';
import { BACKUP_MAGIC, BACKUP_VERSION, SECRETS_AAD } from './backup-file';
import type { BackupContents, RestoreError } from './transfer-messages';

/** More would only be there to keep a browser busy. */
const MAX_ROUNDS = 10_000_000;

interface SealedSecrets extends SealedBytes {
	readonly salt: Uint8Array<ArrayBuffer>;
	readonly rounds: number;
}

type Opened = Result<readonly (readonly [string, string])[] | undefined, RestoreError>;

/** What a backup says before its measurements. */
interface Header {
	readonly madeMs: number;
	readonly samples: number;
	readonly blocks: number;
	readonly rows: Readonly<Record<string, number>>;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a backup from its start to its end and believes nothing: every frame's checksum and number, every block's own, that each
 * can be decoded, that all are there, and that nothing follows. Small things are kept, blocks are handed on. A damaged block is
 * passed over, and told by where it is; anything else that is wrong ends it.
 */
export class BackupReading {
	readonly tables: DumpedTable[] = [];
	#header: Header | undefined;
	#secrets: SealedSecrets | undefined;
	#readBytes = 0;
	#samples = 0;
	#leftOut = 0;
	#damaged: number[] = [];
	/** Of the names, those whose ledger has not come yet. */
	readonly #series = new Set<number>();
	readonly #metrics = new Map<number, string>();
	#older: OutlivedTally | undefined;
	#named = false;
	#opened: { readonly with: string; readonly secrets: Opened } | undefined;

	/** @param nowMs by which retention will judge */
	constructor(
		readonly file: Blob,
		private readonly nowMs: number
	) {}

	get readBytes(): number {
		return this.#readBytes;
	}

	/** All ledgers that the names tell of have come. */
	get #inBlocks(): boolean {
		return this.#named && this.#series.size === 0;
	}

	/** The measurements' parts; ends with the first fault, or when all was there. */
	async *parts(signal: AbortSignal): AsyncGenerator<Result<StorePart, RestoreError>, void, undefined> {
		let blocks = 0;
		let ended = false;
		try {
			for await (const frame of readFrames(this.file, BACKUP_MAGIC, signal)) {
				if (!frame.ok) {
					const { error } = frame;
					// Ledgers and names come before blocks: what is damaged behind them is one, or the end, which is missed then.
					if (error.kind !== 'damaged' || !error.bounded || !this.#inBlocks || ended) return yield frame;
					this.#damaged.push(error.place);
					yield ok({ kind: 'lost' });
					continue;
				}
				const place = this.#readBytes;
				this.#readBytes = frame.value.end;
				const malformed = err({ kind: 'malformed' as const, place });
				const meta = fieldsOf(frame.value.meta);
				if (!meta || ended) return yield malformed;
				if (!this.#header) {
					const header = readHeader(meta);
					if (!header.ok) return yield header.error ? err(header.error) : malformed;
					this.#header = header.value;
				} else if (meta['kind'] === 'keep') {
					const table = readTable(meta);
					if (!table) return yield malformed;
					this.tables.push(table);
				} else if (meta['kind'] === 'secrets') {
					this.#secrets = readSecrets(meta, frame.value);
					if (!this.#secrets) return yield malformed;
				} else if (meta['kind'] === 'end') {
					ended = true;
					const { leftOut = 0 } = meta;
					const told = blocks + this.#damaged.length;
					if (typeof leftOut !== 'number' || meta['blocks'] !== told) return yield malformed;
					if (this.#header.blocks !== told + leftOut) return yield malformed;
					this.#leftOut = leftOut;
				} else {
					const part = parseSnapshotPart(frame.value);
					if (!part && (meta['kind'] !== 'block' || !this.#inBlocks)) return yield malformed;
					if (part?.kind === 'names') {
						this.#named = true;
						for (const row of part.rows)
							if (row.kind === 'series') this.#series.add(row.id);
							else this.#metrics.set(row.id, row.name);
						this.#older = new OutlivedTally(retentionOf(this.#retention), this.nowMs);
					}
					if (part?.kind === 'series') this.#series.delete(part.id);
					if (part?.kind === 'block') {
						blocks++;
						this.#samples += samplesIn(part.block.head);
						this.#older?.addBlock(part.block, (metric) => this.#metrics.get(metric));
					}
					if (!part) this.#damaged.push(place);
					yield ok(part ?? { kind: 'lost' });
				}
			}
		} catch (cause) {
			signal.throwIfAborted();
			return yield err({ kind: 'unreadable', cause: String(cause) });
		}
		if (!ended) yield err({ kind: 'truncated', place: this.#readBytes });
	}

	/** The tables come before what they are asked of. */
	get #retention(): RetentionPlan {
		const rows = this.tables.find(({ table }) => table === 'settings')?.rows ?? [];
		const setting = rows.map(([, row]) => parseSetting(row)).find((row) => row?.key === 'retention');
		return setting?.plan ?? FOR_EVER;
	}

	/** After all parts. */
	async contents(passphrase: string): Promise<Result<BackupContents, RestoreError>> {
		const { madeMs, blocks, rows } = this.#header!;
		const [samples, leftOut, damaged] = [this.#samples, this.#leftOut, this.#damaged];
		const secrets = await this.secrets(passphrase);
		if (!secrets.ok) return secrets;
		const kind = this.#secrets ? ('locked' as const) : ('none' as const);
		return ok({
			...{ madeMs, samples, blocks, leftOut, damaged, rows, retention: this.#retention },
			older: this.#older?.counts ?? { thinned: 0, removed: 0 },
			secrets: secrets.value ? { kind: 'open', count: secrets.value.length } : { kind }
		});
	}

	/** In the clear; undefined where there are none, or no passphrase was given. */
	async secrets(passphrase: string): Promise<Opened> {
		if (!this.#secrets || passphrase === '') return ok(undefined);
		// To derive a key takes a while, on purpose.
		if (this.#opened?.with !== passphrase)
			this.#opened = { with: passphrase, secrets: await this.#open(this.#secrets, passphrase) };
		return this.#opened.secrets;
	}

	async #open(sealed: SealedSecrets, passphrase: string): Promise<Opened> {
		const { salt, rounds } = sealed;
		const plain = await open(await passphraseKey(passphrase, salt, rounds), sealed, SECRETS_AAD);
		const text = plain.ok ? textOf(plain.value) : undefined;
		// Its tag was right, so it is what we wrote.
		return text === undefined
			? err({ kind: 'wrong-passphrase' })
			: ok(JSON.parse(text) as [string, string][]);
	}
}

const fieldsOf = (raw: unknown): Fields | undefined =>
	typeof raw === 'object' && raw !== null ? (raw as Fields) : undefined;

function readHeader(f: Fields): Result<Header, RestoreError | undefined> {
	const { version, snapshot, madeMs, samples, blocks, rows } = f;
	if (f['kind'] !== 'header' || typeof version !== 'number' || typeof snapshot !== 'number')
		return err(undefined);
	if (version > BACKUP_VERSION) return err({ kind: 'newer', version });
	if (snapshot > SNAPSHOT_VERSION) return err({ kind: 'newer', version: snapshot });
	const counts = fieldsOf(rows);
	if (typeof madeMs !== 'number' || typeof samples !== 'number' || typeof blocks !== 'number' || !counts)
		return err(undefined);
	return ok({ madeMs, samples, blocks, rows: counts as Header['rows'] });
}

function readTable({ table, rows }: Fields): DumpedTable | undefined {
	const isRow = (row: unknown): row is readonly [string, unknown] =>
		Array.isArray(row) && row.length === 2 && typeof row[0] === 'string';
	if (!Array.isArray(rows) || !rows.every(isRow)) return undefined;
	const known = OPEN_TABLES.find((name) => name === table);
	return known && { table: known, rows };
}

function readSecrets({ salt, rounds, iv }: Fields, { bytes }: Frame): SealedSecrets | undefined {
	if (!(salt instanceof Uint8Array) || !(iv instanceof Uint8Array)) return undefined;
	if (typeof rounds !== 'number' || !(rounds >= 1 && rounds <= MAX_ROUNDS)) return undefined;
	return { salt: Uint8Array.from(salt), rounds, iv: Uint8Array.from(iv), ciphertext: bytes };
}

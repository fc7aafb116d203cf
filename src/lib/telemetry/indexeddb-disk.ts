import { unwrap, wrap, type DBSchema, type IDBPDatabase } from 'idb';
import { done, err, randomId, renewLog, type Result } from '$lib/base';
import { parseBlockHead, type BlockHead } from './codec/block';
import { ROLLUP_WIDTHS_MS } from './codec/rollup';
import type { BlockChange, Disk, LatestRow, Loaded, StateRow } from './disk';
import { parseNameRow, type NameRow } from './names';
import type { StorePlace } from './place';
import type { StoreError } from './store';

interface TelemetrySchema extends DBSchema {
	meta: { key: 'state'; value: unknown };
	names: { key: number; value: NameRow };
	wal: { key: number; value: unknown };
	heads: { key: [series: number, block: number]; value: BlockHead };
	blocks: { key: [series: number, block: number]; value: Uint8Array };
	rollups: { key: [series: number, widthMs: number, block: number]; value: Uint8Array };
	ledger: { key: number; value: Uint8Array };
	latest: { key: number; value: LatestRow };
	quarantine: { key: number; value: Uint8Array };
}
type Table = 'meta' | 'names' | 'wal' | 'heads' | 'blocks' | 'rollups' | 'ledger' | 'latest' | 'quarantine';
const TABLES: readonly Table[] = [
	'meta',
	'names',
	'wal',
	'heads',
	'blocks',
	'rollups',
	'ledger',
	'latest',
	'quarantine'
];

/**
 * 2: with the table of rollups. 3: headers tell of logs and states, which an earlier page would not understand, so it must not open
 * it. Older stores get what they lack when they are opened, and their rollups block by block.
 */
export const SCHEMA_VERSION = 3;
/** Keyed by series first. */
const OF_BLOCKS = ['heads', 'blocks', 'rollups'] as const;
/** From here on one request for all rollups between the first and the last block asked for beats one a block. */
const MANY_ROLLUPS = 32;
const QUARANTINE_ROWS = 64;
/** The fence lies among the records, as number 0: a flush so touches one table, which Chromium's log pays for by the table. */
const FENCE_KEY = 0;

/** Thrown inside a write to abort its transaction; caught at the door. */
class Fenced extends Error {
	constructor(readonly by: number) {
		super('a newer leader writes');
	}
}

/** Opens the database, creating it at need, and takes the fence in a strict transaction. Rejects with the browser's error. */
export async function openDisk(place: StorePlace, name: string, fence: number): Promise<IndexedDbDisk> {
	const { db, discarded } = await openDatabase(place.factory, name);
	await renewLog(unwrap(db), 'meta');
	const disk = new IndexedDbDisk(db, place, fence, discarded);
	await disk.enter();
	return disk;
}

function openDatabase(factory: IDBFactory, name: string) {
	return new Promise<{ db: IDBPDatabase<TelemetrySchema>; discarded: boolean }>((resolve, reject) => {
		const request = factory.open(name, SCHEMA_VERSION);
		let discarded = false;
		request.onupgradeneeded = (event: IDBVersionChangeEvent & { readonly dataLoss?: string }) => {
			discarded = event.dataLoss === 'total';
			const { objectStoreNames: present } = request.result;
			for (const table of TABLES) if (!present.contains(table)) request.result.createObjectStore(table);
		};
		request.onerror = () => reject(request.error ?? new Error('the database gave no reason'));
		request.onsuccess = () => {
			const db = request.result;
			// A later version, or a reset: give way, so that it need not wait.
			db.onversionchange = () => db.close();
			resolve({ db: wrap(db) as unknown as IDBPDatabase<TelemetrySchema>, discarded });
		};
	});
}

/** The store's tables in IndexedDB: drawn in docs/telemetry-format.md. */
export class IndexedDbDisk implements Disk {
	readonly #db: IDBPDatabase<TelemetrySchema>;
	#quarantined = 0;

	constructor(
		db: IDBPDatabase<TelemetrySchema>,
		readonly place: StorePlace,
		readonly fence: number,
		readonly discarded: boolean
	) {
		this.#db = db;
	}

	get bucketsApart(): boolean {
		return this.place.apart;
	}

	/** Raises the fence to ours unless a higher one is there, and makes the state row of a new store. */
	async enter(): Promise<void> {
		const tx = this.#db.transaction(['meta', 'wal'], 'readwrite', { durability: 'strict' });
		const [meta, wal] = [tx.objectStore('meta'), tx.objectStore('wal')];
		const [last, state] = await Promise.all([wal.get(FENCE_KEY), meta.get('state')]);
		if (typeof last !== 'number' || last < this.fence) await wal.put(this.fence, FENCE_KEY);
		if (!parseState(state)) {
			const fresh: StateRow = {
				format: 2,
				generation: randomId(),
				seal: 0,
				sealedWal: 0,
				blocks: 0,
				blockBytes: 0,
				rollupBytes: 0,
				samples: 0
			};
			await meta.put(fresh, 'state');
		}
		await tx.done;
	}

	async load(): Promise<Loaded> {
		const tx = this.#db.transaction([...TABLES], 'readonly');
		const pairs = async <T>(table: 'wal' | 'ledger' | 'latest') => {
			const store = tx.objectStore(table);
			const range = IDBKeyRange.lowerBound(FENCE_KEY + 1);
			const [keys, values] = await Promise.all([store.getAllKeys(range), store.getAll(range)]);
			return new Map(keys.map((key, i) => [key, values[i] as T]));
		};
		const [state, rawNames, wal, ledgers, latest, heads, blocks, quarantined] = await Promise.all([
			tx.objectStore('meta').get('state'),
			tx.objectStore('names').getAll(),
			pairs<unknown>('wal'),
			pairs<unknown>('ledger'),
			pairs<unknown>('latest'),
			tx.objectStore('heads').count(),
			tx.objectStore('blocks').count(),
			tx.objectStore('quarantine').count()
		]);
		await tx.done;
		this.#quarantined = quarantined;
		const parsed = parseState(state);
		if (!parsed) throw new Error('the state row is not ours');
		const names = rawNames.map(parseNameRow).filter((row) => row !== undefined);
		const goodLatest = keepParsed(latest, parseLatest);
		const goodWal = keepParsed(wal, asBytes);
		const goodLedgers = keepParsed(ledgers, asBytes);
		const malformed =
			rawNames.length +
			latest.size +
			wal.size +
			ledgers.size -
			(names.length + goodLatest.size + goodWal.size + goodLedgers.size);
		return {
			state: parsed,
			discarded: this.discarded,
			names,
			latest: goodLatest,
			wal: goodWal,
			ledgers: goodLedgers,
			malformed,
			whole: heads === parsed.blocks && blocks === parsed.blocks
		};
	}

	putRecord(number: number, bytes: Uint8Array<ArrayBuffer>, names: readonly NameRow[]) {
		const tables: Table[] = names.length > 0 ? ['wal', 'names'] : ['wal'];
		return this.#write(tables, 'relaxed', (tx) => {
			for (const row of names) tx.put('names', row, row.id);
			tx.put('wal', bytes, number);
		});
	}

	change(change: BlockChange) {
		return this.#write(TABLES, 'strict', (tx) => {
			tx.put('meta', change.state, 'state');
			for (const { series, block } of change.remove) {
				tx.delete('heads', [series, block]);
				tx.delete('blocks', [series, block]);
				for (const widthMs of ROLLUP_WIDTHS_MS) tx.delete('rollups', [series, widthMs, block]);
			}
			for (const { head, bytes } of change.add) tx.put('blocks', bytes, [head.series, head.block]);
			for (const { head, rollups } of [...change.add, ...(change.roll ?? [])]) {
				const { series, block } = head;
				tx.put('heads', head, [series, block]);
				for (const { widthMs, encoded } of rollups) tx.put('rollups', encoded, [series, widthMs, block]);
			}
			for (const row of change.names ?? []) tx.put('names', row, row.id);
			for (const [series, bytes] of change.ledgers ?? []) tx.put('ledger', bytes, series);
			for (const [series, row] of change.latest ?? []) tx.put('latest', row, series);
			if (change.walUpTo !== undefined) tx.delete('wal', IDBKeyRange.bound(FENCE_KEY + 1, change.walUpTo));
			for (const series of change.forget ?? []) {
				for (const table of OF_BLOCKS) tx.delete(table, ofSeries(series));
				for (const table of ['ledger', 'latest', 'names'] as const) tx.delete(table, series);
			}
		});
	}

	empty(series: number) {
		return this.#write(['wal', ...OF_BLOCKS], 'strict', (tx) => {
			for (const table of OF_BLOCKS) tx.delete(table, ofSeries(series));
		});
	}

	drop(blocks: readonly Pick<BlockHead, 'series' | 'block'>[]) {
		return this.#write(['wal', ...OF_BLOCKS], 'strict', (tx) => {
			for (const { series, block } of blocks) {
				tx.delete('heads', [series, block]);
				tx.delete('blocks', [series, block]);
				for (const widthMs of ROLLUP_WIDTHS_MS) tx.delete('rollups', [series, widthMs, block]);
			}
		});
	}

	async quarantine(records: ReadonlyMap<number, Uint8Array>) {
		const keep = [...records.keys()].slice(-QUARANTINE_ROWS);
		const kept = await this.#write(['wal', 'quarantine'], 'strict', (tx) => {
			for (const number of records.keys()) tx.delete('wal', number);
			for (const number of keep) tx.put('quarantine', records.get(number)!, number);
			tx.delete('quarantine', IDBKeyRange.upperBound((keep[0] ?? 0) - 1));
		});
		if (kept.ok) this.#quarantined = await this.#db.count('quarantine');
		return kept;
	}

	get quarantined(): number {
		return this.#quarantined;
	}

	async heads(series: number): Promise<readonly BlockHead[]> {
		const rows: unknown[] = await this.#db.getAll('heads', ofSeries(series));
		return rows.map(parseBlockHead).filter((head) => head !== undefined);
	}

	async blocks(
		heads: readonly Pick<BlockHead, 'series' | 'block'>[]
	): Promise<readonly (Uint8Array | undefined)[]> {
		const tx = this.#db.transaction('blocks', 'readonly');
		const rows = await Promise.all(heads.map(({ series, block }) => tx.store.get([series, block])));
		return rows.map(asBytes);
	}

	async rollups(heads: readonly BlockHead[], widthMs: number): Promise<readonly (Uint8Array | undefined)[]> {
		const [first] = heads;
		if (!first) return [];
		const tx = this.#db.transaction('rollups', 'readonly');
		if (heads.length < MANY_ROLLUPS) {
			const rows = await Promise.all(
				heads.map(({ series, block }) => tx.store.get([series, widthMs, block]))
			);
			return rows.map(asBytes);
		}
		const numbers = heads.map(({ block }) => block);
		const ends = [
			numbers.reduce((a, b) => Math.min(a, b)),
			numbers.reduce((a, b) => Math.max(a, b))
		] as const;
		const range = IDBKeyRange.bound([first.series, widthMs, ends[0]], [first.series, widthMs, ends[1]]);
		const [keys, rows] = await Promise.all([tx.store.getAllKeys(range), tx.store.getAll(range)]);
		const byBlock = new Map(keys.map(([, , block], i) => [block, rows[i]]));
		return numbers.map((block) => asBytes(byBlock.get(block)));
	}

	async blockKeys() {
		const tx = this.#db.transaction(OF_BLOCKS, 'readonly');
		const [heads, blocks, rollups] = await Promise.all([
			tx.objectStore('heads').getAllKeys(),
			tx.objectStore('blocks').getAllKeys(),
			tx.objectStore('rollups').getAllKeys()
		]);
		return [...heads, ...blocks, ...rollups.map(([series, , block]) => [series, block] as const)];
	}

	usage() {
		return this.place.usage();
	}

	close(): void {
		this.#db.close();
	}

	/** Reads the fence first, in the same transaction; `puts` only queues requests, which need not be awaited one by one. */
	async #write(
		tables: readonly Table[],
		durability: 'strict' | 'relaxed',
		puts: (tx: Puts) => void
	): Promise<Result<void, StoreError>> {
		try {
			const tx = this.#db.transaction([...tables], 'readwrite', { durability });
			const store = (table: Table) => tx.objectStore(table) as unknown as AnyTable;
			try {
				const highest: unknown = await tx.objectStore('wal').get(FENCE_KEY);
				if (typeof highest === 'number' && highest > this.fence) throw new Fenced(highest);
				puts({
					// A request that fails aborts the transaction, and `done` tells of it.
					put: (table, value, key) =>
						void store(table)
							.put(value, key)
							.catch(() => undefined),
					delete: (table, key) =>
						void store(table)
							.delete(key)
							.catch(() => undefined)
				});
			} catch (cause) {
				// One that cannot be queued would leave those before it to be committed alone.
				try {
					tx.abort();
				} catch {
					// it has ended already
				}
				await tx.done.catch(() => undefined); // aborted by us
				throw cause;
			}
			await tx.done;
			return done;
		} catch (cause) {
			return err(await this.#toError(cause));
		}
	}

	async #toError(cause: unknown): Promise<StoreError> {
		if (cause instanceof Fenced) return { kind: 'fenced', by: cause.by };
		if (!(cause instanceof DOMException) || cause.name !== 'QuotaExceededError')
			return { kind: 'unavailable', cause: String(cause) };
		const { usedBytes, quotaBytes } = await this.usage();
		return { kind: 'quota', usedBytes: usedBytes ?? 0, quotaBytes: quotaBytes ?? 0 };
	}
}

/** What a write may do: queue requests. */
interface Puts {
	put(table: Table, value: unknown, key: IDBValidKey): void;
	delete(table: Table, key: IDBValidKey | IDBKeyRange): void;
}

/** A table seen without its row type: which row goes where is decided by the callers above. */
interface AnyTable {
	put(value: unknown, key: IDBValidKey): Promise<unknown>;
	delete(key: IDBValidKey | IDBKeyRange): Promise<void>;
}

const ofSeries = (series: number): IDBKeyRange => IDBKeyRange.bound([series], [series, []]);

const asBytes = (raw: unknown): Uint8Array | undefined => (raw instanceof Uint8Array ? raw : undefined);

function keepParsed<T>(
	rows: ReadonlyMap<number, unknown>,
	parse: (raw: unknown) => T | undefined
): Map<number, T> {
	const kept = new Map<number, T>();
	for (const [key, raw] of rows) {
		const row = parse(raw);
		if (row !== undefined) kept.set(key, row);
	}
	return kept;
}

function parseState(raw: unknown): StateRow | undefined {
	if (typeof raw !== 'object' || raw === null) return undefined;
	const row = raw as Readonly<Record<string, unknown>>;
	const counts = ['seal', 'sealedWal', 'blocks', 'blockBytes', 'samples'];
	if (typeof row['generation'] !== 'string') return undefined;
	if (!counts.every((key) => typeof row[key] === 'number')) return undefined;
	// Format 1 knew no rollups.
	if (row['format'] === 1) return { ...raw, format: 2, rollupBytes: 0 } as StateRow;
	return row['format'] === 2 && typeof row['rollupBytes'] === 'number' ? (raw as StateRow) : undefined;
}

export function parseLatest(raw: unknown): LatestRow | undefined {
	const isEntry = (entry: unknown) =>
		Array.isArray(entry) && entry.length === 3 && entry.every((n) => typeof n === 'number');
	return Array.isArray(raw) && raw.every(isEntry) ? raw : undefined;
}

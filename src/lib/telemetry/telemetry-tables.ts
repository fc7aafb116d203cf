import { randomId } from '$lib/base';
import { wrap, type DBSchema, type IDBPDatabase } from 'idb';
import type { BlockHead } from './codec/block';
import type { LatestRow, StateRow } from './disk';
import type { NameRow } from './names';

export interface TelemetrySchema extends DBSchema {
	meta: { key: 'state'; value: unknown };
	names: { key: number; value: NameRow };
	wal: { key: number; value: unknown };
	heads: { key: [series: number, block: number]; value: BlockHead };
	blocks: { key: [series: number, block: number]; value: Uint8Array };
	rollups: { key: [series: number, widthMs: number, block: number]; value: Uint8Array };
	ledger: { key: number; value: Uint8Array };
	latest: { key: number; value: LatestRow };
	quarantine: { key: IDBValidKey; value: unknown };
}
export type Table =
	'meta' | 'names' | 'wal' | 'heads' | 'blocks' | 'rollups' | 'ledger' | 'latest' | 'quarantine';
export const TABLES: readonly Table[] = [
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
export const OF_BLOCKS = ['heads', 'blocks', 'rollups'] as const;
/** The fence lies among the records, as number 0: a flush so touches one table, which Chromium's log pays for by the table. */
export const FENCE_KEY = 0;

/**
 * Opens the database, creating or completing it at need. Rejects with the browser's error.
 * @param onEnded told when the browser ends the connection: it found the files damaged and deletes them, or a person cleared the site's data
 */
export function openTables(factory: IDBFactory, name: string, onEnded: () => void) {
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
			db.onclose = onEnded;
			resolve({ db: wrap(db) as unknown as IDBPDatabase<TelemetrySchema>, discarded });
		};
	});
}

export const ofSeries = (series: number): IDBKeyRange => IDBKeyRange.bound([series], [series, []]);

export const asBytes = (raw: unknown): Uint8Array | undefined =>
	raw instanceof Uint8Array ? raw : undefined;

export function keepParsed<T>(
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

export function parseState(raw: unknown): StateRow | undefined {
	if (typeof raw !== 'object' || raw === null) return undefined;
	const row = raw as Readonly<Record<string, unknown>>;
	const counts = ['seal', 'sealedWal', 'blocks', 'blockBytes', 'samples'];
	if (typeof row['generation'] !== 'string') return undefined;
	if (!counts.every((key) => typeof row[key] === 'number')) return undefined;
	// Format 1 knew no rollups.
	if (row['format'] === 1) return { ...raw, format: 2, rollupBytes: 0 } as StateRow;
	return row['format'] === 2 && typeof row['rollupBytes'] === 'number' ? (raw as StateRow) : undefined;
}

/**
 * Of a new store, or of one whose state row is damaged: then with each figure that it still tells.
 * @param sealedWal where it does not tell: one below the oldest record
 */
export function salvagedState(raw: unknown, sealedWal: number): StateRow {
	const row = (typeof raw === 'object' && raw !== null ? raw : {}) as Readonly<Record<string, unknown>>;
	const { generation } = row;
	const count = (key: keyof StateRow, otherwise = 0) => {
		const told = row[key];
		return typeof told === 'number' && Number.isSafeInteger(told) && told >= 0 ? told : otherwise;
	};
	return {
		format: 2,
		generation: typeof generation === 'string' && /^[0-9a-z]+$/u.test(generation) ? generation : randomId(),
		seal: count('seal'),
		sealedWal: count('sealedWal', sealedWal),
		blocks: count('blocks'),
		blockBytes: count('blockBytes'),
		rollupBytes: count('rollupBytes'),
		samples: count('samples')
	};
}

export function parseLatest(raw: unknown): LatestRow | undefined {
	const isEntry = (entry: unknown) =>
		Array.isArray(entry) && entry.length === 3 && entry.every((n) => typeof n === 'number');
	return Array.isArray(raw) && raw.every(isEntry) ? raw : undefined;
}

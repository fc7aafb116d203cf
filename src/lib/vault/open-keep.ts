import { wrap, type IDBPDatabase } from 'idb';
import { err, ok, renewLog, systemClock, type Clock } from '$lib/base';
import {
	KEEP_TABLES,
	KeepFenced,
	OPEN_TABLES,
	SENTINEL_KEYS,
	type Keep,
	type KeepTable,
	type OpenKeepResult
} from './keep';
import { parsedRows } from './memory';
import { migrate, type Migration } from './migrate';
import type { Rows } from './rows';
import { secretBox } from './secret-box';

export interface OpenKeepOptions {
	/** The default bucket's factory in the product. */
	readonly indexedDB?: IDBFactory;
	readonly name?: string;
	readonly clock?: Clock;
}

/** Those of version 1. */
const FIRST_TABLES = [
	...(['settings', 'brokers', 'secrets', 'keys', 'outbox'] as const),
	...(['devices', 'notices', 'fences', 'sentinel'] as const)
] satisfies KeepTable[];

/** One step per schema version, in order; a step is never changed once released. */
export const KEEP_MIGRATIONS: readonly Migration[] = [
	(db) => {
		for (const table of FIRST_TABLES) db.createObjectStore(table);
	},
	(db) => {
		for (const table of ['annotations', 'views'] satisfies KeepTable[]) db.createObjectStore(table);
	},
	(db) => {
		db.createObjectStore('alerts' satisfies KeepTable);
	},
	(db) => {
		db.createObjectStore('taken' satisfies KeepTable);
	},
	(db) => {
		db.createObjectStore('events' satisfies KeepTable);
	},
	(db) => {
		db.createObjectStore('let-go' satisfies KeepTable);
	}
];

/**
 * Opens the database that outlives the telemetry. `unavailable` where the browser refuses (no storage, damaged beyond
 * its own repair); `newer-version` where a later Fieldbench has been here: it must not be written by an older one.
 */
export async function openKeep(options: OpenKeepOptions = {}): Promise<OpenKeepResult> {
	const clock = options.clock ?? systemClock;
	try {
		const factory = options.indexedDB ?? indexedDB;
		const opened = await migrate(factory, options.name ?? 'fieldbench-keep', KEEP_MIGRATIONS);
		await renewLog(opened.db, 'settings');
		const db = wrap(opened.db);
		return ok(keepOver(db, opened.dataLoss, clock));
	} catch (cause) {
		if (cause instanceof DOMException && cause.name === 'VersionError')
			return err({ kind: 'newer-version', found: KEEP_MIGRATIONS.length + 1 });
		return err({ kind: 'unavailable', cause: String(cause) });
	}
}

/** The fence number this keep's owner took, which each of its writes must still find to be the highest. */
interface Fence {
	taken: { readonly name: string; readonly number: number } | undefined;
}

function keepOver(db: IDBPDatabase, discarded: boolean, clock: Clock): Keep {
	const fence: Fence = { taken: undefined };
	const sentinel = rowsOf(db, 'sentinel', fence);
	return {
		rows: (table, parse) => parsedRows(rowsOf(db, table, fence), parse),
		secrets: secretBox(
			{
				records: rowsOf(db, 'secrets', fence),
				keys: rowsOf(db, 'keys', fence),
				async adoptKey(slot, row) {
					const tx = db.transaction('keys', 'readwrite', { durability: 'strict' });
					const found: unknown = await tx.store.get(slot);
					if (found === undefined) await tx.store.put(row, slot);
					await tx.done;
					return found ?? row;
				}
			},
			clock
		),
		async takeFence(name) {
			const tx = db.transaction('fences', 'readwrite', { durability: 'strict' });
			const last: unknown = await tx.store.get(name);
			const next = Math.max(typeof last === 'number' ? last + 1 : 1, clock.now());
			await tx.store.put(next, name);
			await tx.done;
			fence.taken = { name, number: next };
			return next;
		},
		sentinel: {
			async read() {
				const text = await sentinel.get(SENTINEL_KEYS.text);
				return typeof text === 'string' ? text : null;
			},
			write: (text) => sentinel.put(SENTINEL_KEYS.text, text)
		},
		async dump() {
			const tx = db.transaction(OPEN_TABLES, 'readonly');
			return Promise.all(
				OPEN_TABLES.map(async (table) => {
					const store = tx.objectStore(table);
					const [keys, rows] = await Promise.all([store.getAllKeys(), store.getAll()]);
					return { table, rows: keys.map((key, i) => [key as string, rows[i] as unknown] as const) };
				})
			);
		},
		secretNames: async () => (await db.getAllKeys('secrets')) as string[],
		async replace({ tables, secrets, sentinel: text, telemetryName, restored }) {
			const tx = db.transaction(KEEP_TABLES, 'readwrite', { durability: 'strict' });
			const put = (table: KeepTable, key: string, row: unknown) =>
				// One that fails aborts the transaction, and `done` tells of it.
				void tx
					.objectStore(table)
					.put(row, key)
					.catch(() => undefined);
			try {
				if (fence.taken) {
					const highest: unknown = await tx.objectStore('fences').get(fence.taken.name);
					if (typeof highest === 'number' && highest > fence.taken.number) throw new KeepFenced(highest);
				}
				for (const { table, rows } of tables) {
					void tx
						.objectStore(table)
						.clear()
						.catch(() => undefined);
					for (const [key, row] of rows) put(table, key, row);
				}
				if (secrets)
					void tx
						.objectStore('secrets')
						.clear()
						.catch(() => undefined);
				for (const [name, row] of secrets ?? []) put('secrets', name, row);
				put('sentinel', SENTINEL_KEYS.text, text);
				put('sentinel', SENTINEL_KEYS.name, telemetryName);
				put('sentinel', SENTINEL_KEYS.restored, restored);
				if (fence.taken) put('fences', fence.taken.name, fence.taken.number + 1);
			} catch (cause) {
				tx.done.catch(() => undefined); // the cause is told, its abort is not news
				tx.abort();
				throw cause;
			}
			await tx.done;
		},
		marks: {
			telemetryName: () => textOr(sentinel.get(SENTINEL_KEYS.name)),
			restored: () => textOr(sentinel.get(SENTINEL_KEYS.restored))
		},
		discarded,
		close: () => db.close()
	};
}

async function textOr(row: Promise<unknown>): Promise<string | undefined> {
	const text = await row;
	return typeof text === 'string' ? text : undefined;
}

function rowsOf(db: IDBPDatabase, table: KeepTable, fence: Fence): Rows<unknown> {
	/** One write under the fence: a leader that thaws after another took over changes nothing. */
	const write = async (strict: boolean, change: (rows: WritableTable) => Promise<unknown>) => {
		const tx = db.transaction([table, 'fences'], 'readwrite', {
			durability: strict ? 'strict' : 'relaxed'
		});
		try {
			if (fence.taken) {
				const highest: unknown = await tx.objectStore('fences').get(fence.taken.name);
				if (typeof highest === 'number' && highest > fence.taken.number) throw new KeepFenced(highest);
			}
			await change(tx.objectStore(table));
		} catch (cause) {
			tx.done.catch(() => undefined); // the cause is told, its abort is not news
			if (cause instanceof KeepFenced) tx.abort();
			throw cause;
		}
		await tx.done;
	};
	return {
		get: (key) => db.get(table, key) as Promise<unknown>,
		all: () => db.getAll(table) as Promise<unknown[]>,
		put: (key, row, options) => write(options?.strict ?? false, (rows) => rows.put(row, key)),
		delete: (key) => write(false, (rows) => rows.delete(key))
	};
}

/** The two writes that rows are changed by. */
interface WritableTable {
	put(row: unknown, key: string): Promise<unknown>;
	delete(key: string): Promise<unknown>;
}

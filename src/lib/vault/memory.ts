import { systemClock, type Clock } from '$lib/base';
import { OPEN_TABLES, type Keep, type KeepTable } from './keep';
import type { Rows } from './rows';
import { secretBox } from './secret-box';

/** Rows that live as long as this object: for tests, and for a browser whose storage will not open. */
export function memoryRows<T>(rows = new Map<string, T>()): Rows<T> {
	return {
		get: async (key) => rows.get(key),
		all: async () => [...rows.values()],
		put: async (key, row) => void rows.set(key, structuredClone(row)),
		delete: async (key) => void rows.delete(key)
	};
}

/** A whole keep in memory. */
export function memoryKeep(clock: Clock = systemClock): Keep {
	const tables = new Map<KeepTable, Map<string, unknown>>();
	const table = (name: KeepTable): Map<string, unknown> => {
		const found = tables.get(name) ?? new Map<string, unknown>();
		tables.set(name, found);
		return found;
	};
	const keys = table('keys');
	let fence = 0;
	let sentinel: string | null = null;
	let marks: { name?: string; restored?: string } = {};
	return {
		rows: (name, parse) => parsedRows(memoryRows(table(name)), parse),
		secrets: secretBox(
			{
				records: memoryRows(table('secrets')),
				keys: memoryRows(keys),
				async adoptKey(slot, row) {
					if (!keys.has(slot)) keys.set(slot, row);
					return keys.get(slot);
				}
			},
			clock
		),
		takeFence: async () => (fence = Math.max(fence + 1, clock.now())),
		sentinel: {
			read: async () => sentinel,
			write: async (text) => void (sentinel = text)
		},
		dump: async () => OPEN_TABLES.map((name) => ({ table: name, rows: [...table(name)] })),
		secretNames: async () => [...table('secrets').keys()],
		async replace(change) {
			const fill = (name: KeepTable, rows: readonly (readonly [string, unknown])[]) => {
				table(name).clear();
				for (const [key, row] of rows) table(name).set(key, structuredClone(row));
			};
			for (const { table: name, rows } of change.tables) fill(name, rows);
			if (change.secrets) fill('secrets', change.secrets);
			sentinel = change.sentinel;
			marks = { name: change.telemetryName, restored: change.restored };
		},
		marks: { telemetryName: async () => marks.name, restored: async () => marks.restored },
		discarded: false,
		close: () => undefined
	};
}

/** The same rows, seen through a parser. */
export function parsedRows<T>(raw: Rows<unknown>, parse: (row: unknown) => T | undefined): Rows<T> {
	return {
		async get(key) {
			const row = await raw.get(key);
			return row === undefined ? undefined : parse(row);
		},
		all: async () => (await raw.all()).map(parse).filter((row): row is Awaited<T> & T => row !== undefined),
		put: (key, row, options) => raw.put(key, row, options),
		delete: (key) => raw.delete(key)
	};
}

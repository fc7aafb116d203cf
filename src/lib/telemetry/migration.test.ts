import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import { parseDeviceId, type Sample } from '$lib/model';
import type { BlockHead } from './codec/block';
import { openTelemetryStore, type TelemetryStore } from './index';

const START_MS = 1_763_690_000_000;
const never = new AbortController().signal;
const parsed = parseDeviceId('fb-old');
if (!parsed.ok) throw new Error('impossible id');
const key = { device: parsed.value, provenance: 'real' as const };
const sample = (seq: number): Sample => ({
	...{ ...key, identity: { epoch: 7, seq }, timeMs: START_MS + seq * 1000 },
	...{ clock: 'synchronised', values: { power: seq / 4 } }
});
const samples = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => sample(from + i));

const open = async (indexedDB: IDBFactory, foldFan: number) => {
	const clock = new ManualClock(START_MS);
	const options = { fence: 1, known: [], onSentinel: () => undefined, clock, indexedDB };
	return openTelemetryStore({ ...options, limits: { sealRecords: 1, foldFan } });
};
async function put(store: TelemetryStore, rows: readonly Sample[]) {
	const appended = store.append(rows);
	for (let i = 0; i < 4; i++) await store.flush();
	return appended;
}
async function seqsOf(store: TelemetryStore): Promise<number[]> {
	const seqs: number[] = [];
	for await (const page of store.scan({ ...key, fromMs: -Infinity, toMs: Infinity }, never))
		for (const one of page) {
			expect(one).toEqual(sample(one.identity!.seq));
			seqs.push(one.identity!.seq);
		}
	return seqs;
}

const settled = <T>(request: IDBRequest<T>) =>
	new Promise<T>((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error ?? new Error('the database gave no reason'));
	});
const TABLES = ['meta', 'names', 'wal', 'heads', 'blocks', 'rollups', 'ledger', 'latest', 'quarantine'];

async function dumpOf(factory: IDBFactory) {
	const db = await settled(factory.open('fieldbench-telemetry'));
	const tables = new Map<string, (readonly [IDBValidKey, unknown])[]>();
	for (const name of TABLES) {
		const table = db.transaction(name).objectStore(name);
		const [keys, rows] = await Promise.all([settled(table.getAllKeys()), settled(table.getAll())]);
		tables.set(
			name,
			keys.map((at, i) => [at, rows[i] as unknown] as const)
		);
	}
	db.close();
	return tables;
}

/** As version 2 wrote it: headers tell of no logs, states or encodings, and a damaged record is set aside without an index. */
async function versionTwo(): Promise<IDBFactory> {
	const newest = new IDBFactory();
	const { store } = await open(newest, 100);
	for (let from = 0; from < 400; from += 100) await put(store, samples(from, from + 100));
	await store.close();
	const tables = await dumpOf(newest);
	const factory = new IDBFactory();
	const request = factory.open('fieldbench-telemetry', 2);
	request.onupgradeneeded = () => {
		for (const [name, rows] of tables) {
			const table = request.result.createObjectStore(name);
			for (const [at, row] of rows)
				if (at !== 'index') table.put(name === 'heads' ? secondHead(row) : row, at);
		}
		request.transaction!.objectStore('quarantine').put(new Uint8Array(9), 3);
	};
	(await settled(request)).close();
	return factory;
}

function secondHead(row: unknown): unknown {
	const { series, block, level, rows, fromMs, toMs, crc, bytes, columns, rollups } = row as BlockHead;
	return {
		...{ version: 2, series, block, level, rows, fromMs, toMs, crc, bytes, rollups },
		columns: columns.map(({ metric, count, min, max, sum, first, last }) => {
			return { metric, count, min, max, sum, first, last };
		})
	};
}

it('reads a store that version 2 wrote, knows its numbers, and writes what it folds as version 3', async () => {
	const factory = await versionTwo();
	const { store, losses } = await open(factory, 4);
	expect(losses).toEqual([]);
	expect(await seqsOf(store)).toHaveLength(400);
	expect((await store.stats()).quarantined).toEqual({ count: 1, bytes: 9, letGo: 0 });
	expect(await put(store, samples(390, 410))).toMatchObject({ value: { stored: 10, duplicates: 10 } });
	for (let seq = 410; seq < 416; seq++) await put(store, [sample(seq)]);
	expect(await seqsOf(store)).toHaveLength(416);
	await store.close();
	const heads = (await dumpOf(factory)).get('heads')!.map(([, head]) => head as BlockHead);
	expect(heads.map(({ version, level }) => [version, level])).toContainEqual([3, 1]);
	expect(heads.find(({ level }) => level === 1)?.logs, 'made anew from its rows').toMatchObject([
		{ epoch: 7, from: 0 }
	]);
	const again = await open(factory, 4);
	expect(again.losses).toEqual([]);
	expect(await seqsOf(again.store)).toEqual(Array.from({ length: 416 }, (_, seq) => seq));
	await again.store.close();
});

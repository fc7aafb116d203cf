import 'fake-indexeddb/auto';
import type { IDBFactory } from 'fake-indexeddb';
import { expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import { parseDeviceId, type Sample } from '$lib/model';
import { storedByVersion } from '../../../tests/fixtures/stored-telemetry';
import type { BlockHead } from './codec/block';
import { openTelemetryStore, type TelemetryStore } from './index';

// Version 1 is read in reduced-range.test.ts, for it had no rollups.

const START_MS = 1_763_690_000_000;
const never = new AbortController().signal;
const parsed = parseDeviceId('fb-old');
if (!parsed.ok) throw new Error('impossible id');
const key = { device: parsed.value, provenance: 'real' as const };
const sample = (seq: number): Sample => ({
	...{ ...key, identity: { epoch: 7, seq }, timeMs: START_MS + seq * 1000 },
	...{ clock: seq < 100 ? 'unsynchronised' : 'synchronised', values: { power: seq / 4 } }
});
const seqs = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

const open = async (indexedDB: IDBFactory) => {
	const clock = new ManualClock(START_MS);
	const options = { fence: 3, known: [], onSentinel: () => undefined, clock, indexedDB };
	return openTelemetryStore({ ...options, limits: { sealRecords: 1, foldFan: 2 } });
};
async function put(store: TelemetryStore, some: readonly number[]) {
	const appended = store.append(some.map(sample));
	for (let i = 0; i < 8; i++) await store.flush();
	return appended;
}
async function seqsOf(store: TelemetryStore): Promise<number[]> {
	const found: number[] = [];
	for await (const page of store.scan({ ...key, fromMs: -Infinity, toMs: Infinity }, never))
		for (const one of page) {
			expect(one).toEqual(sample(one.identity!.seq));
			found.push(one.identity!.seq);
		}
	return found;
}

const settled = <T>(request: IDBRequest<T>) =>
	new Promise<T>((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error ?? new Error('the database gave no reason'));
	});
async function inTable<T>(factory: IDBFactory, name: string, act: (table: IDBObjectStore) => IDBRequest<T>) {
	const db = await settled(factory.open('fieldbench-telemetry'));
	const result = await settled(act(db.transaction(name, 'readwrite').objectStore(name)));
	db.close();
	return result;
}

it.each([
	[2, []],
	[3, [[0, 99]]]
] as const)(
	'reads a store that version %i wrote, knows its numbers, and writes what it folds as version 3',
	async (version, guessed) => {
		const factory = await storedByVersion(version);
		// Damage was set aside without an index until late in version 3.
		await inTable(factory, 'quarantine', (table) => table.put(new Uint8Array(9), 3));
		const { store, losses } = await open(factory);
		const before = [...seqs(0, 240), ...seqs(260, 340)];
		expect(losses).toEqual([]);
		expect(await seqsOf(store)).toEqual(before);
		expect((await store.stats()).quarantined).toEqual({ count: 1, bytes: 9, letGo: 0 });
		expect(store.missing(key, 7)).toEqual([[250, 259]]);
		expect(store.gaps(key)).toMatchObject([
			{ from: 240, to: 249, lost: true },
			{ from: 250, to: 259, lost: false }
		]);
		expect(store.guessed(key, 7), 'version 2 kept no clocks beside its numbers').toEqual(guessed);
		expect(await put(store, seqs(330, 350))).toMatchObject({ value: { stored: 10, duplicates: 10 } });
		for (let from = 350; from < 360; from += 2) await put(store, seqs(from, from + 2));
		await store.close();

		const heads = await inTable(factory, 'heads', (table) => table.getAll() as IDBRequest<BlockHead[]>);
		expect(heads.find(({ fromMs }) => fromMs === START_MS)).toMatchObject({
			...{ version: 3, level: 2, rows: 300 },
			logs: [{ epoch: 7, from: 0, to: 319 }]
		});
		const again = await open(factory);
		expect(again.losses).toEqual([]);
		expect(await seqsOf(again.store)).toEqual([...before, ...seqs(340, 360)]);
		expect(again.store.missing(key, 7)).toEqual([[250, 259]]);
		await again.store.close();
	}
);

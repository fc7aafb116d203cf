import 'fake-indexeddb/auto';
import { IDBFactory, IDBObjectStore as FDBObjectStore } from 'fake-indexeddb';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '$lib/base';
import { parseDeviceId, type Sample } from '$lib/model';
import { storedByVersion } from '../../../tests/fixtures/stored-telemetry';
import { bucketsOf, reduced, type Point } from '../../../tests/store/plain-series';
import type { BlockHead } from './codec/block';
import { openTelemetryStore, type OpenOptions, type SeriesColumns, type TelemetryStore } from './index';

const START_MS = 1_763_690_000_000;
const never = new AbortController().signal;
const parsed = parseDeviceId('fb-bench');
if (!parsed.ok) throw new Error('impossible id');
const device = parsed.value;

const sampleOf = ({ timeMs, value }: Point, seq: number): Sample => ({
	device,
	provenance: 'real',
	identity: { epoch: 77, seq },
	timeMs,
	clock: 'synchronised',
	values: { temperature: value }
});

const open = async (factory: IDBFactory, limits: OpenOptions['limits'] = {}) => {
	const clock = new ManualClock(START_MS);
	const options = { fence: 1, known: [null], onSentinel: () => undefined, clock, indexedDB: factory, limits };
	return (await openTelemetryStore(options)).store;
};

async function put(store: TelemetryStore, samples: readonly Sample[]) {
	const appended = store.append(samples);
	await store.flush();
	expect(await appended).toMatchObject({ ok: true });
	await store.flush(); // waits its turn after sealing and folding
}

const query = (fromMs: number, toMs: number, buckets: number, metric = 'temperature') => ({
	...{ device, provenance: 'real' as const, metric },
	...{ fromMs, toMs, buckets }
});

/** Rows of a result; averages to nine digits, since sums are made in another order. */
const rowsOf = (columns: SeriesColumns) => bucketsOf(columns).map(rounded);
const rounded = <T extends { avg: number }>(row: T): T => ({ ...row, avg: Number(row.avg.toFixed(9)) });

const SPAN_S = 60_000;
const act = fc.oneof(
	{
		weight: 8,
		arbitrary: fc.record({
			kind: fc.constant('append' as const),
			fromS: fc.integer({ min: 0, max: SPAN_S }),
			stepMs: fc.constantFrom(250, 1000, 1003, 7000, 61_000),
			values: fc.array(
				fc.integer({ min: -20_000, max: 20_000 }).map((n) => n / 100),
				{ minLength: 1, maxLength: 300 }
			)
		})
	},
	{ weight: 2, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const) }) }
);
const asked = fc
	.record({
		fromMs: fc.integer({ min: -100_000, max: SPAN_S * 1000 }),
		spanMs: fc.oneof(fc.integer({ min: 1, max: 3_000_000 }), fc.integer({ min: 1, max: 150_000_000 })),
		buckets: fc.constantFrom(1, 2, 3, 7, 20, 200)
	})
	.map(({ fromMs, spanMs, buckets }) => query(START_MS + fromMs, START_MS + fromMs + spanMs, buckets));

describe('a range reduced to buckets', () => {
	it('equals a plain list of points, whatever was appended, sealed, folded, forgotten and opened again', async () => {
		const limits = { foldFan: 2, sealRecords: 2 };
		const acts = fc.array(fc.tuple(act, fc.array(asked, { minLength: 1, maxLength: 4 })), { maxLength: 14 });
		await fc.assert(
			fc.asyncProperty(acts, async (steps) => {
				const factory = new IDBFactory();
				let store = await open(factory, limits);
				let model: Point[] = [];
				let seq = 0;
				for (const [step, queries] of steps) {
					if (step.kind === 'append') {
						const { fromS, stepMs, values } = step;
						const points = values.map((value, i) => ({
							timeMs: START_MS + fromS * 1000 + i * stepMs,
							value
						}));
						await put(
							store,
							points.map((point) => sampleOf(point, seq++))
						);
						model = [...model, ...points];
					} else if (step.kind === 'forget') {
						await store.forget(device);
						model = [];
					} else {
						await store.close();
						store = await open(factory, limits);
					}
					for (const one of queries)
						expect(rowsOf(await store.range(one, never))).toStrictEqual(reduced(model, one).map(rounded));
				}
				await store.close();
			}),
			{ numRuns: 60 }
		);
	}, 60_000);

	const HOURS = 12;
	const points = Array.from({ length: HOURS * 3600 }, (_, i) => ({
		timeMs: START_MS + i * 1000,
		value: i === 20_003 ? 9999 : Math.round(2000 + 500 * Math.sin(i / 300)) / 100
	}));
	/** Twelve blocks of an hour. */
	async function twelveHours(factory: IDBFactory, foldFan = 100): Promise<TelemetryStore> {
		const store = await open(factory, { sealRecords: 1, foldFan });
		for (let at = 0; at < points.length; at += 3600)
			await put(
				store,
				points.slice(at, at + 3600).map((point, i) => sampleOf(point, at + i))
			);
		return store;
	}
	/** Reads from one table until the spy is put back. */
	const readsOf = (table: string) => {
		let count = 0;
		const original = FDBObjectStore.prototype.get;
		const spy = vi.spyOn(FDBObjectStore.prototype, 'get').mockImplementation(function (
			this: IDBObjectStore,
			key
		) {
			if (this.name === table) count++;
			return original.call(this as never, key) as never;
		});
		return { count: () => count, stop: () => spy.mockRestore() };
	};
	const wide = query(START_MS + 500_500, START_MS + (HOURS * 3600 - 700) * 1000, 40);

	it('reads samples only where the range cuts a rollup in two, and keeps a spike', async () => {
		const factory = new IDBFactory();
		await (await twelveHours(factory)).close();
		const store = await open(factory);
		const reads = readsOf('blocks');
		const got = await store.range(wide, never);
		reads.stop();
		expect(reads.count()).toBe(2);
		expect(rowsOf(got)).toStrictEqual(reduced(points, wide).map(rounded));
		expect(Math.max(...got.max)).toBe(9999);
	});

	it('answers from the samples where a rollup is damaged, and makes it anew', async () => {
		const factory = new IDBFactory();
		await (await twelveHours(factory)).close();
		await inTable(factory, 'rollups', (rollups) => rollups.clear());
		const store = await open(factory);
		expect(rowsOf(await store.range(wide, never))).toStrictEqual(reduced(points, wide).map(rounded));
		await vi.waitFor(async () => {
			const keys = await inTable(factory, 'rollups', (table) => table.getAllKeys());
			expect(new Set(keys.map((key) => (key as number[])[2])).size).toBe(HOURS);
		});
		await store.close();
		const again = await open(factory);
		const reads = readsOf('blocks');
		expect(rowsOf(await again.range(wide, never))).toStrictEqual(reduced(points, wide).map(rounded));
		reads.stop();
		expect(reads.count()).toBe(2);
	});

	it('has the rollups its headers tell of and no others after folding, and counts their bytes', async () => {
		const factory = new IDBFactory();
		const store = await twelveHours(factory, 4);
		const heads = await inTable(factory, 'heads', (table) => table.getAll() as IDBRequest<BlockHead[]>);
		expect(heads.length).toBeLessThan(12);
		const told = heads.flatMap(({ series, block, rollups }) =>
			rollups.map(({ widthMs }) => [series, widthMs, block])
		);
		const keys = await inTable(factory, 'rollups', (table) => table.getAllKeys());
		expect(new Set(keys.map(String))).toStrictEqual(new Set(told.map(String)));
		const rows = await inTable(factory, 'rollups', (table) => table.getAll() as IDBRequest<Uint8Array[]>);
		const bytes = rows.reduce((sum, row) => sum + row.length, 0);
		expect((await store.stats()).rollupBytes).toBe(bytes);
		await store.forget(device);
		expect(await inTable(factory, 'rollups', (rollups) => rollups.count())).toBe(0);
		expect((await store.stats()).rollupBytes).toBe(0);
	});

	it('frees the rollups too where there is only room to delete', async () => {
		const factory = new IDBFactory();
		const store = await twelveHours(factory);
		const full = vi.spyOn(FDBObjectStore.prototype, 'put').mockImplementation(() => {
			throw new DOMException('no room', 'QuotaExceededError');
		});
		await store.forget(device);
		full.mockRestore();
		expect(await inTable(factory, 'rollups', (rollups) => rollups.count())).toBe(0);
	});
});

describe('a store that version 1 wrote', () => {
	const points = Array.from({ length: 3602 }, (_, seq) => ({
		timeMs: START_MS + seq * 1000,
		value: seq < 3600 ? Math.round(2000 + 300 * Math.sin(seq / 97) + ((seq * 7919) % 11)) / 100 : 21
	}));

	it('is read whole, gets its rollups, and answers the same', async () => {
		const factory = await storedByVersion(1);
		const clock = new ManualClock(START_MS);
		const options = { fence: 1, known: [], onSentinel: () => undefined, clock, indexedDB: factory };
		const { store, losses } = await openTelemetryStore(options);
		expect(losses).toStrictEqual([]);
		expect((await store.stats()).rollupBytes).toBe(0);
		const wide = query(START_MS + 90_500, START_MS + 3_590_000, 5);
		const wanted = reduced(points, wide).map(rounded);
		expect(rowsOf(await store.range(wide, never))).toStrictEqual(wanted);
		await vi.waitFor(async () => {
			const heads = await inTable(factory, 'heads', (table) => table.getAll() as IDBRequest<BlockHead[]>);
			for (const { version, rows, logs } of heads) {
				expect(version).toBe(3);
				const [log] = logs!;
				expect(log).toMatchObject({ epoch: 77, to: log!.from + rows - 1 });
			}
		});
		expect(rowsOf(await store.range(wide, never))).toStrictEqual(wanted);
		expect((await store.stats()).rollupBytes).toBeGreaterThan(100);
		expect(await store.append([sampleOf(points[5]!, 5)])).toMatchObject({ value: { duplicates: 1 } });
		await store.close();
		const again = await openTelemetryStore(options);
		expect(again.losses).toStrictEqual([]);
		expect(rowsOf(await again.store.range(wide, never))).toStrictEqual(wanted);
		const each = query(START_MS, START_MS + 4_000_000, 10_000);
		expect(rowsOf(await again.store.range(each, never))).toStrictEqual(reduced(points, each).map(rounded));
	});
});

const settled = <T>(request: IDBRequest<T>) =>
	new Promise<T>((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error ?? new Error('the database gave no reason'));
	});

/** Looks into the database beside the store. */
async function inTable<T>(
	factory: IDBFactory,
	name: string,
	act: (table: IDBObjectStore) => IDBRequest<T>
): Promise<T> {
	const db = await settled(factory.open('fieldbench-telemetry'));
	const result = await settled(act(db.transaction(name, 'readwrite').objectStore(name)));
	db.close();
	return result;
}

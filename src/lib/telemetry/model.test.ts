import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import { parseDeviceId, type ClockQuality, type Sample } from '$lib/model';
import { KEEP_ALL, openTelemetryStore, type SeriesKey, type TelemetryStore } from './index';

/** More for the soak. */
const RUNS = Number(process.env['FIELDBENCH_MODEL_RUNS'] ?? 12);
const START_MS = 1_763_690_000_000;
const never = new AbortController().signal;
const id = (text: string) => {
	const parsed = parseDeviceId(text);
	if (!parsed.ok) throw new Error(text);
	return parsed.value;
};
const SERIES: readonly SeriesKey[] = [
	{ device: id('fb-1'), provenance: 'real' },
	{ device: id('fb-1'), provenance: 'simulated' },
	{ device: id('fb-2'), provenance: 'real' }
];
const CLOCKS: readonly ClockQuality[] = ['synchronised', 'corrected', 'unsynchronised'];

const value = fc.oneof(
	fc.integer({ min: -20_000, max: 20_000 }).map((n) => n / 100),
	fc.double({ noDefaultInfinity: false }),
	fc.constantFrom(-0, 5e-324, -5e-324, 1.7976931348623157e308, NaN, Infinity, 0.1 + 0.2)
);
const act = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.record({
			kind: fc.constant('append' as const),
			series: fc.nat(SERIES.length - 1),
			epoch: fc.constantFrom(7, 8),
			/** Numbers and times in steps, so that some come again, late, or with a better clock. */
			seq: fc.nat(40),
			atS: fc.nat(5000),
			stepS: fc.constantFrom(0, 1, 7, 400),
			clock: fc.constantFrom(...CLOCKS),
			numbered: fc.boolean(),
			values: fc.array(fc.option(value, { nil: undefined }), { minLength: 1, maxLength: 12 })
		})
	},
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), unwritten: fc.boolean() }) },
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('retain' as const), ageS: fc.nat(9000) }) },
	{
		weight: 1,
		arbitrary: fc.record({ kind: fc.constant('forget' as const), series: fc.nat(SERIES.length - 1) })
	},
	{ weight: 1, arbitrary: fc.record({ kind: fc.constant('damage' as const), block: fc.nat(20) }) }
);

interface Kept {
	readonly series: SeriesKey;
	sample: Sample;
	/** Its number is remembered. */
	gone: boolean;
}

/** What a store is for, on a plain list. */
class Model {
	rows: Kept[] = [];
	/** Series that lost a block. */
	readonly torn = new Set<SeriesKey>();

	take(series: SeriesKey, samples: readonly Sample[]): void {
		for (const sample of samples) {
			const { identity } = sample;
			const known =
				identity && this.rows.find((row) => row.series === series && sameNumber(row.sample, identity));
			if (!known)
				this.rows.push({ series, sample: { ...sample, values: finite(sample.values) }, gone: false });
			else if (CLOCKS.indexOf(sample.clock) < CLOCKS.indexOf(known.sample.clock))
				known.sample = { ...known.sample, timeMs: sample.timeMs, clock: sample.clock };
		}
	}

	forget(device: SeriesKey['device']): void {
		this.rows = this.rows.filter(({ series }) => series.device !== device);
	}

	/** Numbers below the highest of a log that never came. */
	missing(series: SeriesKey, epoch: number): number[] {
		const seqs = new Set(
			this.rows.flatMap(({ series: of, sample: { identity } }) =>
				of === series && identity?.epoch === epoch ? identity.seq : []
			)
		);
		return Array.from({ length: Math.max(0, ...seqs) }, (_, seq) => seq).filter((seq) => !seqs.has(seq));
	}

	of(series: SeriesKey): Sample[] {
		return this.rows.filter((row) => row.series === series && !row.gone).map(({ sample }) => sample);
	}
}

const sameNumber = ({ identity }: Sample, { epoch, seq }: { epoch: number; seq: number }) =>
	identity?.epoch === epoch && identity.seq === seq;
const finite = (values: Sample['values']) =>
	Object.fromEntries(Object.entries(values).filter(([, n]) => Number.isFinite(n)));
const keyOf = (sample: Sample) =>
	JSON.stringify([
		sample.timeMs,
		sample.identity,
		sample.clock,
		Object.entries(sample.values).map(bitsOf).sort()
	]);
/** JSON knows no −0. */
const bitsOf = ([name, n]: [string, number]) => [name, Object.is(n, -0) ? '-0' : n];

async function scanned(store: TelemetryStore, series: SeriesKey): Promise<Sample[]> {
	const found: Sample[] = [];
	for await (const page of store.scan({ ...series, fromMs: -Infinity, toMs: Infinity }, never))
		found.push(...page);
	return found;
}

/** Flips a bit of a block, where there is one. */
async function rot(factory: IDBFactory, which: number): Promise<void> {
	const request = factory.open('fieldbench-telemetry');
	await new Promise((resolve) => (request.onsuccess = resolve));
	const tx = request.result.transaction(['blocks'], 'readwrite');
	const ended = new Promise((resolve) => (tx.oncomplete = resolve));
	const rows = tx.objectStore('blocks');
	rows.getAllKeys().onsuccess = (event) => {
		const keys = (event.target as IDBRequest<IDBValidKey[]>).result;
		const key = keys[which % keys.length];
		if (key === undefined) return;
		rows.get(key).onsuccess = (got) => {
			const bytes = (got.target as IDBRequest<Uint8Array>).result.slice();
			bytes[bytes.length >> 1]! ^= 0x20;
			rows.put(bytes, key);
		};
	};
	await ended;
	request.result.close();
}

async function check(store: TelemetryStore, model: Model): Promise<void> {
	const latest = await store.latest();
	for (const series of SERIES) {
		const wanted = model.of(series);
		const found = await scanned(store, series);
		expect(found.map(keyOf).sort()).toStrictEqual(wanted.map(keyOf).sort());
		for (const epoch of [7, 8]) {
			const ranges = store.missing(series, epoch);
			const missing = ranges.flatMap(([from, to]) =>
				Array.from({ length: to - from + 1 }, (_, i) => from + i)
			);
			expect(missing).toStrictEqual(model.missing(series, epoch));
		}
		for (const metric of ['a', 'b']) {
			const points = wanted.filter(({ values }) => metric in values);
			const query = { ...series, metric, fromMs: START_MS - 1e9, toMs: START_MS + 1e9, buckets: 10_000 };
			const got = await store.range(query, never);
			expect([...got.timeMs]).toStrictEqual(points.map(({ timeMs }) => timeMs).sort((a, b) => a - b));
			const all = await store.aggregate({ ...query, maxGapMs: 1000 }, never);
			expect(all?.count ?? 0).toBe(points.length);
			if (points.length > 0) expect(all?.min).toBe(Math.min(...points.map(({ values }) => values[metric]!)));
		}
	}
	for (const { device, provenance, values } of latest) {
		const series = SERIES.find((one) => one.device === device && one.provenance === provenance)!;
		for (const [metric, { timeMs }] of Object.entries(values)) {
			const times = model.of(series).flatMap((sample) => (metric in sample.values ? [sample.timeMs] : []));
			// What retention let go of, or a lost block had, may still be the newest value that was ever known.
			if (model.torn.has(series) || model.rows.some((row) => row.series === series && row.gone))
				expect(timeMs).toBeGreaterThanOrEqual(Math.max(...times));
			else expect(timeMs).toBe(Math.max(...times));
		}
	}
}

it('equals a plain list, whatever is appended, corrected, sealed, folded, let go of, cut off and opened again', async () => {
	await fc.assert(
		fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
			const factory = new IDBFactory();
			const clock = new ManualClock(START_MS + 1e7);
			let fence = 0;
			const open = async () => {
				const limits = { sealRecords: 2, foldFan: 2, pageSamples: 5, blockRows: 30 };
				const options = { fence: ++fence, known: [], onSentinel: () => undefined, clock };
				return (await openTelemetryStore({ ...options, indexedDB: factory, limits })).store;
			};
			let store = await open();
			const model = new Model();
			for (const one of acts) {
				if (one.kind === 'append') {
					const series = SERIES[one.series]!;
					const samples = one.values.map((n, i): Sample => ({
						...series,
						identity: one.numbered ? { epoch: one.epoch, seq: one.seq + i } : undefined,
						timeMs: START_MS + (one.atS + i * one.stepS) * 1000,
						clock: one.clock,
						values: { ...(n === undefined ? {} : { a: n }), ...(i % 3 === 0 ? { b: one.seq + i } : {}) }
					}));
					const appended = store.append(samples);
					expect(await store.flush()).toMatchObject({ ok: true });
					expect(await appended).toMatchObject({ ok: true });
					await store.flush(); // seals and folds have had their turns
					await store.flush();
					model.take(series, samples);
				} else if (one.kind === 'retain') {
					const oldestMs = clock.now() - one.ageS * 1000;
					store.retain({ ...KEEP_ALL, rollupsMs: one.ageS * 1000 });
					await store.flush();
					for (const series of SERIES) {
						const left = (await scanned(store, series)).map(keyOf);
						for (const row of model.rows.filter((one) => one.series === series && !one.gone)) {
							const at = left.indexOf(keyOf(row.sample));
							if (at >= 0) left.splice(at, 1);
							else {
								expect(row.sample.timeMs).toBeLessThan(oldestMs);
								row.gone = true;
							}
						}
						expect(left).toStrictEqual([]);
					}
					store.retain(KEEP_ALL);
				} else if (one.kind === 'forget') {
					const { device } = SERIES[one.series]!;
					expect(await store.forget(device)).toMatchObject({ ok: true });
					model.forget(device);
				} else if (one.kind === 'damage') {
					await rot(factory, one.block);
					store = await open(); // nothing of it is in a cache
					const blocks = (await store.stats()).quarantined.count;
					for (const series of SERIES) {
						await scanned(store, series);
						for (let i = 0; i < 4; i++) await store.flush(); // the mending has its turn
						const left = (await scanned(store, series)).map(keyOf);
						model.rows = model.rows.filter((row) => {
							if (row.series !== series || row.gone) return true;
							const at = left.indexOf(keyOf(row.sample));
							if (at >= 0) left.splice(at, 1);
							else model.torn.add(series);
							return at >= 0; // what a lost block had may come again
						});
						expect(left).toStrictEqual([]);
					}
					expect((await store.stats()).quarantined.count).toBeLessThanOrEqual(blocks + 1);
				} else {
					const lost = { epoch: 9, seq: 1 };
					if (one.unwritten)
						void store.append([
							{ ...SERIES[0]!, identity: lost, timeMs: START_MS, clock: 'synchronised', values: { a: 1 } }
						]);
					store = await open(); // the one before was killed: what no record holds is gone
				}
				await check(store, model);
			}
			await check(store, model);
			const again = await open();
			await check(again, model);
		}),
		{ numRuns: RUNS }
	);
}, 600_000);

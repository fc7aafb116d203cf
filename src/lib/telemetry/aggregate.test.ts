import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import { parseDeviceId } from '$lib/model';
import { openTelemetryStore, type Aggregates } from './index';

const START_MS = 1_763_690_000_000;
const never = new AbortController().signal;
const parsed = parseDeviceId('fb-bench');
if (!parsed.ok) throw new Error('impossible id');
const device = parsed.value;

type Points = readonly { readonly timeMs: number; readonly value: number }[];
const ask = (fromMs = 0, toMs = 2e12, metric = 'power') => ({
	...{ device, provenance: 'real' as const, metric },
	...{ fromMs, toMs, maxGapMs: 60_000 }
});

/** Each batch is sealed into a block of its own, but for the last. */
async function storeOf(batches: readonly Points[], metric = 'power') {
	const { store } = await openTelemetryStore({
		...{ fence: 1, known: [], onSentinel: () => undefined },
		...{ clock: new ManualClock(START_MS), indexedDB: new IDBFactory() },
		limits: { sealRecords: 2, foldFan: 3 }
	});
	for (const batch of batches) {
		void store.append(
			batch.map(({ timeMs, value }) => ({
				...{ device, provenance: 'real' as const, identity: undefined, timeMs },
				...{ clock: 'synchronised' as const, values: { [metric]: value } }
			}))
		);
		await store.flush();
	}
	return store;
}

function plain(
	points: Points,
	{ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): Partial<Aggregates> | undefined {
	const all = [...points].sort((a, b) => a.timeMs - b.timeMs);
	const sorted = all.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs);
	if (sorted.length === 0) return undefined;
	const values = sorted.map(({ value }) => value);
	let [area, coveredMs, risen] = [0, 0, 0];
	values.slice(1).forEach((value, i) => (risen += value < values[i]! ? value : value - values[i]!));
	all.slice(1).forEach(({ timeMs, value }, i) => {
		const before = all[i]!;
		const [beginMs, endMs] = [Math.max(before.timeMs, fromMs), Math.min(timeMs, toMs)];
		const stepMs = timeMs - before.timeMs;
		if (stepMs > 60_000 || endMs <= beginMs) return;
		const at = (ms: number) => before.value + ((value - before.value) * (ms - before.timeMs)) / stepMs;
		coveredMs += endMs - beginMs;
		area += ((endMs - beginMs) * (at(beginMs) + at(endMs))) / 2;
	});
	const spanMs = sorted.at(-1)!.timeMs - sorted[0]!.timeMs;
	return {
		count: values.length,
		min: Math.min(...values),
		max: Math.max(...values),
		last: values.at(-1)!,
		avg: values.reduce((sum, value) => sum + value, 0) / values.length,
		p95: values.toSorted((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1]!,
		integral: area / 3_600_000,
		coveredMs,
		...(spanMs > 0 && { ratePerS: risen / (spanMs / 1000) }),
		...(coveredMs > 0 && { timeAvg: area / coveredMs })
	};
}

describe('aggregates of a range', () => {
	it('equal those of a plain list, in whatever order samples came', async () => {
		// Of one moment no order is told, so no two samples are of one.
		const batch = fc.uniqueArray(fc.integer({ min: 0, max: 3000 }), { minLength: 1, maxLength: 40 });
		await fc.assert(
			fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 8 }), fc.nat(900), async (all, cut) => {
				const seen = new Set<number>();
				const batches = all.map((seconds) =>
					seconds.flatMap((s) => {
						if (seen.has(s)) return [];
						seen.add(s);
						return [{ timeMs: START_MS + s * 1000, value: ((s * 7919) % 1000) / 10 }];
					})
				);
				const store = await storeOf(batches);
				const query = ask(START_MS + cut * 1000, START_MS + 2_500_000);
				const got = await store.aggregate(query, never);
				const wanted = plain(batches.flat(), query);
				expect(got === undefined).toBe(wanted === undefined);
				for (const [key, value] of Object.entries(wanted ?? {}))
					expect(got?.[key as keyof Aggregates], key).toBeCloseTo(value as number, 9);
			}),
			{ numRuns: 60 }
		);
	});

	it('tell energy from power, without what nobody measured', async () => {
		const at = (minutes: number, value: number) => ({ timeMs: START_MS + minutes * 60_000, value });
		const steady = Array.from({ length: 31 }, (_, i) => at(i, 120));
		const later = Array.from({ length: 31 }, (_, i) => at(90 + i, 60));
		const store = await storeOf([steady, later]);
		expect(await store.aggregate(ask(), never)).toMatchObject({
			...{ unit: 'W', integral: 90, integralUnit: 'Wh', coveredMs: 3_600_000, timeAvg: 90 }
		});
	});

	it('see by the usual step what is a gap, unless they are told', async () => {
		const every = (stepMs: number) =>
			[0, 1, 2, 3, 4, 9, 10].map((i) => ({ timeMs: START_MS + i * stepMs, value: 60 }));
		for (const stepMs of [10_000, 600_000]) {
			const store = await storeOf([every(stepMs)]);
			const { maxGapMs: _, ...query } = ask();
			expect(await store.aggregate(query, never)).toMatchObject({ coveredMs: 5 * stepMs });
		}
	});

	it('follow the pace where it changes, and take what is slow but regular for no gap', async () => {
		const { maxGapMs: _, ...query } = ask();
		const at = (s: number) => ({ timeMs: START_MS + s * 1000, value: 100 });
		const each = (n: number, fromS: number, stepS: number) =>
			Array.from({ length: n }, (_, i) => at(fromS + i * stepS));
		const day = 86_400;
		const covered = async (batches: readonly Points[]) => {
			const all = await (await storeOf(batches)).aggregate(query, never);
			expect(all!.integral).toBeCloseTo((100 * all!.coveredMs) / 3_600_000, 6);
			expect(all!.timeAvg).toBeCloseTo(100, 9);
			return all!.coveredMs / 1000;
		};
		// Two quick ones, sealed first, then a day at one a minute.
		expect(await covered([[at(0), at(1)], each(1440, 60, 60)])).toBe(day);
		// One each second day, each in a block of its own.
		expect(await covered(each(30, 0, 2 * day).map((one) => [one]))).toBe(58 * day);
		// From a second to a minute and back, with an outage of an hour in each part, at the border too.
		const parts = [
			each(50, 0, 1),
			each(50, 4000, 1),
			each(50, 4100, 60),
			each(50, 10_800, 60),
			each(50, 17_400, 1)
		];
		expect(await covered(parts)).toBe(49 + 49 + 51 + 49 * 60 + 49 * 60 + 49);
	});

	it('take a fall of a counter for a beginning at nothing', async () => {
		const values = [100, 110, 4, 10];
		const store = await storeOf(
			[values.map((value, i) => ({ timeMs: START_MS + i * 1000, value }))],
			'uptime'
		);
		expect(await store.aggregate(ask(0, 2e12, 'uptime'), never)).toMatchObject({
			unit: 's',
			risen: 20,
			ratePerS: 20 / 3
		});
	});

	it('are nothing of nothing, and of one sample have neither rate nor duration', async () => {
		const store = await storeOf([[{ timeMs: START_MS, value: 5 }]]);
		expect(await store.aggregate(ask(0, START_MS), never)).toBeUndefined();
		expect(await store.aggregate(ask(), never)).toMatchObject({
			count: 1,
			p95: 5,
			integral: 0,
			coveredMs: 0
		});
		expect((await store.aggregate(ask(), never))?.ratePerS).toBeUndefined();
	});

	it('of adjoining times add up to those of the whole, by whatever pace was measured', async () => {
		const step = fc.constantFrom(1, 60, 900, 5000);
		await fc.assert(
			fc.asyncProperty(
				fc.array(step, { minLength: 12, maxLength: 60 }),
				fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
				async (steps, ends) => {
					let s = 0;
					const points = steps.map((by, i) => ({
						timeMs: START_MS + (s += by) * 1000,
						value: (i * 7919) % 1000
					}));
					const store = await storeOf([0, 9, 18, 27].map((at) => points.slice(at, at === 27 ? 99 : at + 9)));
					// Each piece holds a sample: an end lies within half a step of one.
					const cuts = [...new Set(ends.map((n) => 1 + (n % (points.length - 1))))].sort((a, b) => a - b);
					const borders = [START_MS, ...cuts.map((i) => points[i]!.timeMs - ((i * 7919) % 499)), 2e12];
					const { maxGapMs: _, ...query } = ask();
					const sums = { integral: 0, coveredMs: 0 };
					for (const [i, toMs] of borders.slice(1).entries()) {
						const piece = await store.aggregate({ ...query, fromMs: borders[i]!, toMs }, never);
						sums.integral += piece?.integral ?? 0;
						sums.coveredMs += piece?.coveredMs ?? 0;
					}
					const whole = await store.aggregate(query, never);
					expect(sums.coveredMs).toBe(whole!.coveredMs);
					expect(sums.integral).toBeCloseTo(whole!.integral, 6);
				}
			),
			{ numRuns: 40 }
		);
	});

	it('of an hour are of all of it, however seldom a meter is read', async () => {
		const each = Array.from({ length: 12 }, (_, i) => ({
			timeMs: START_MS + i * 900_000,
			value: 100 + 100 * i
		}));
		const store = await storeOf([each.slice(0, 5), each.slice(5)]);
		const { maxGapMs: _, ...query } = ask(START_MS + 1_000_000, START_MS + 1_000_000 + 3_600_000);
		const hour = await store.aggregate(query, never);
		expect(hour).toMatchObject({ count: 4, coveredMs: 3_600_000 });
		expect(hour!.integral).toBeCloseTo(100 + (100 * 2800) / 900, 9);
		const quarter = await store.aggregate({ ...query, toMs: query.fromMs + 900_000 }, never);
		expect(quarter).toMatchObject({ count: 1, coveredMs: 900_000 });
		// Nobody knows what was after the last.
		expect(
			await store.aggregate({ ...query, fromMs: each[11]!.timeMs - 1000, toMs: 2e12 }, never)
		).toMatchObject({
			coveredMs: 1000
		});
	});

	it('read minutes instead of more samples than asked for: what is exact stays so, the rest is close', async () => {
		const points = Array.from({ length: 2400 }, (_, i) => ({
			timeMs: START_MS + i * 3000,
			value: Math.round(100 + 50 * Math.sin(i / 160) + ((i * 7919) % 10))
		}));
		const store = await storeOf(
			[0, 400, 800, 1200, 1600, 2000].map((from) => points.slice(from, from + 400))
		);
		const query = ask(points[10]!.timeMs, points[2380]!.timeMs);
		const exact = await store.aggregate(query, never);
		const close = await store.aggregate({ ...query, mostSamples: 500 }, never);
		expect(exact?.reduced).toBe(false);
		expect(close?.reduced).toBe(true);
		for (const key of ['count', 'min', 'max', 'coveredMs'] as const)
			expect(Math.abs(close![key] / exact![key] - 1), key).toBeLessThan(key === 'coveredMs' ? 0.02 : 1e-12);
		for (const key of ['avg', 'timeAvg', 'integral'] as const)
			expect(Math.abs(close![key]! / exact![key]! - 1), key).toBeLessThan(0.03);
	});

	it('of minutes give no percentile: bursts shorter than one would be lost in their means', async () => {
		const points = Array.from({ length: 3600 }, (_, i) => ({
			timeMs: START_MS + i * 1000,
			value: i % 60 < 20 ? 2000 : 50
		}));
		const store = await storeOf([0, 900, 1800, 2700].map((at) => points.slice(at, at + 900)));
		expect(await store.aggregate(ask(), never)).toMatchObject({ p95: 2000, reduced: false });
		const close = await store.aggregate({ ...ask(), mostSamples: 1000 }, never);
		expect(close).toMatchObject({ p95: undefined, max: 2000, reduced: true });
	});

	it('of minutes tell the rise of a counter that begins anew within them, and its last reading', async () => {
		const points = Array.from({ length: 9000 }, (_, i) => ({
			timeMs: START_MS + i * 1000,
			value: (i + 30) % 2000
		}));
		// A minute lies in two blocks, and the counter begins anew between them.
		const ends = [0, 1970, 4000, 9000];
		const store = await storeOf(
			ends.slice(1).map((end, i) => points.slice(ends[i], end)),
			'energy'
		);
		const query = ask(0, 2e12, 'energy');
		const exact = await store.aggregate(query, never);
		const close = await store.aggregate({ ...query, mostSamples: 1000 }, never);
		expect(exact).toMatchObject({ risen: 8995, risenLeast: false, last: 1029 });
		expect(close).toMatchObject({ reduced: true, risen: 8995, risenLeast: true, last: 1029 });
		expect(close!.ratePerS).toBeCloseTo(exact!.ratePerS!, 2);
	});
});

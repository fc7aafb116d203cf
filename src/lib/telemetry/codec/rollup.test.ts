import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeRollups, openRollup, ROLLUP_WIDTHS_MS, type NewRollup, type RollupColumns } from './rollup';

const START_MS = 1_763_690_000_000;
const value = fc.oneof(
	{ weight: 6, arbitrary: fc.integer({ min: -50_000, max: 50_000 }).map((n) => n / 100) },
	{ weight: 1, arbitrary: fc.constantFrom(1e300, -1e300, 5e-324, Math.PI, 2 ** 51, -0, NaN) }
);

/** What a rollup must say, worked out the plain way. */
function expected(times: readonly number[], values: readonly number[], widthMs: number) {
	const buckets = new Map<number, number[]>();
	times.forEach((timeMs, i) => {
		if (Number.isNaN(values[i]!)) return;
		const start = Math.floor(timeMs / widthMs) * widthMs;
		buckets.set(start, [...(buckets.get(start) ?? []), values[i]!]);
	});
	return [...buckets];
}

const read = (rollups: readonly NewRollup[], widthMs: number, metric: number): RollupColumns | undefined => {
	const found = rollups.find((rollup) => rollup.widthMs === widthMs);
	return found && openRollup(found, found.encoded, metric);
};

describe('rollups of a block', () => {
	it('say of every bucket what its values say', () => {
		const row = fc.tuple(fc.integer({ min: 0, max: 20_000 }), value, value);
		fc.assert(
			fc.property(fc.array(row, { minLength: 100, maxLength: 400 }), (rows) => {
				let timeMs = START_MS;
				const times = rows.map(([stepMs]) => (timeMs += stepMs));
				const columns = [1, 2].map((metric) => ({
					metric: metric * 7,
					values: Float64Array.from(rows, (of) => of[metric]!)
				}));
				const rollups = makeRollups(Float64Array.from(times), columns);
				for (const { widthMs } of rollups) {
					for (const { metric, values } of columns) {
						const got = read(rollups, widthMs, metric)!;
						const wanted = expected(times, [...values], widthMs);
						expect([...got.startMs]).toStrictEqual(wanted.map(([start]) => start));
						expect([...got.count]).toStrictEqual(wanted.map(([, of]) => of.length));
						expect([...got.min]).toStrictEqual(wanted.map(([, of]) => Math.min(...of)));
						expect([...got.max]).toStrictEqual(wanted.map(([, of]) => Math.max(...of)));
						expect([...got.last]).toStrictEqual(wanted.map(([, of]) => of.at(-1)));
						wanted.forEach(([, of], i) => {
							const sum = of.reduce((all, n) => all + n, 0);
							const size = of.reduce((all, n) => all + Math.abs(n), 0);
							expect(Math.abs(got.sum[i]! - sum)).toBeLessThanOrEqual(size * 1e-12);
						});
					}
				}
			}),
			{ numRuns: 100 }
		);
	});

	const wave = (count: number, stepMs: number) => {
		const times = Float64Array.from({ length: count }, (_, i) => START_MS + i * stepMs);
		return makeRollups(times, [
			{ metric: 1, values: times.map((_, i) => Math.round(900 * Math.sin(i / 50)) / 100) }
		]);
	};

	it('are those with two buckets and eight rows a bucket at least', () => {
		expect(wave(86_400, 1000).map(({ widthMs }) => widthMs)).toStrictEqual([...ROLLUP_WIDTHS_MS]);
		expect(wave(600, 1000).map(({ widthMs }) => widthMs)).not.toContain(86_400_000);
		expect(wave(20, 1000)).toStrictEqual([]);
		expect(wave(1440, 60_000).map(({ widthMs }) => widthMs)).toStrictEqual([900_000, 3_600_000, 86_400_000]);
	});

	it('are not read where a bit has changed or the metric is another', () => {
		const [rollup] = wave(3600, 1000);
		const bytes = rollup!.encoded.slice();
		expect(openRollup(rollup!, bytes, 2)).toBeUndefined();
		bytes[20]! ^= 4;
		expect(openRollup(rollup!, bytes, 1)).toBeUndefined();
		expect(openRollup(rollup!, undefined, 1)).toBeUndefined();
	});

	it('take less than 0.1 bytes a point of a wandering two-decimal sensor, all widths together', () => {
		let seed = 7;
		const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
		const times = Float64Array.from(
			{ length: 38_400 },
			(_, i) => START_MS + i * 1000 + Math.round(8 * random() - 4)
		);
		const columns = [1, 2, 3, 4, 5].map((metric) => {
			let level = 2150;
			return { metric, values: times.map(() => (level += Math.round(40 * random() - 20)) / 100) };
		});
		const bytes = makeRollups(times, columns).reduce((sum, rollup) => sum + rollup.bytes, 0);
		expect(bytes / (times.length * columns.length)).toBeLessThan(0.1);
	});
});

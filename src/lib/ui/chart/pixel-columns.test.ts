import { describe, expect, it } from 'vitest';
import { PixelColumns } from './pixel-columns';

const SECOND = 1000;
const wave = (length: number) => {
	const timeMs = Float64Array.from({ length }, (_, i) => i * SECOND);
	const avg = Float64Array.from(timeMs, (_, i) => Math.sin(i / 500));
	return { timeMs, avg, min: avg.slice(), max: avg.slice() };
};
const entries = (columns: PixelColumns) =>
	Array.from({ length: columns.length }, (_, i) => [columns.timeMs[i], columns.avg[i]]);

describe('PixelColumns', () => {
	it.each([300, 777, 1200, 2000])('keeps one spike among a million samples at %i px', (width) => {
		const series = wave(1_000_000);
		series.max[617_283] = 40;
		series.min[223_311] = -40;
		const columns = new PixelColumns();
		const columnMs = (1_000_000 * SECOND) / width;
		columns.reduce(series, 0, 1_000_000 * SECOND, columnMs);
		expect(columns.length).toBeLessThanOrEqual(width + 2);
		expect([columns.lowest, columns.highest]).toEqual([-40, 40]);
		const at = columns.max.indexOf(40);
		expect(Math.abs(columns.timeMs[at]! - 617_283 * SECOND)).toBeLessThanOrEqual(columnMs);
	});

	it('folds the same samples together while the window slides', () => {
		const series = wave(10_000);
		const [a, b] = [new PixelColumns(), new PixelColumns()];
		a.reduce(series, 1_000_000, 9_000_000, 100_000);
		b.reduce(series, 1_033_000, 9_033_000, 100_000);
		const inner = (columns: PixelColumns) =>
			entries(columns).filter(([t]) => t! > 1_200_000 && t! < 8_800_000);
		expect(inner(a)).toEqual(inner(b));
		expect(inner(a).length).toBe(75);
	});

	it('takes a value beyond each edge, and breaks where there is a gap or no number', () => {
		const timeMs = [0, 1, 2, 3, 4, 60, 61, 62].map((s) => s * SECOND);
		const avg = [1, 2, 3, NaN, 4, 5, 6, 7];
		const columns = new PixelColumns();
		columns.reduce({ timeMs, avg, min: avg, max: avg }, 1500, 60_500, 1);
		expect(entries(columns)).toEqual([
			[1000, 2],
			[2000, 3],
			[3000, NaN],
			[4000, 4],
			[32_000, NaN],
			[60_000, 5],
			[61_000, 6]
		]);
		expect([columns.lowest, columns.highest]).toEqual([2, 6]);
	});

	it('uses its arrays again', () => {
		const columns = new PixelColumns();
		columns.reduce(wave(5000), 0, 5_000_000, 5000);
		const { timeMs, avg } = columns;
		columns.reduce(wave(5000), 1_000_000, 4_000_000, 5000);
		expect(columns.timeMs).toBe(timeMs);
		expect(columns.avg).toBe(avg);
	});
});

import { describe, expect, it } from 'vitest';
import { formatClock } from '../format';
import { summarise } from './chart-words';
import { type ChartSeries, firstFrom, gapThreshold, nearest } from './series';

const series = (timeMs: number[], avg = timeMs.map((_, i) => i)): ChartSeries => ({
	timeMs,
	avg,
	min: avg.map((v) => v - 1),
	max: avg.map((v) => v + 1)
});

describe('firstFrom', () => {
	it('finds the first that is not before', () => {
		expect([5, 10, 15, 99].map((t) => firstFrom([10, 20, 30], t))).toEqual([0, 0, 1, 3]);
	});
});

describe('nearest', () => {
	it('takes the closer neighbour, the earlier of two as close', () => {
		expect([0, 14, 15, 16, 99].map((t) => nearest([10, 20, 30], t))).toEqual([0, 0, 0, 1, 2]);
		expect(nearest([], 5)).toBeUndefined();
	});
});

describe('gapThreshold', () => {
	it('comes from the usual step and not from the gap itself', () => {
		expect(gapThreshold([0, 10_000, 20_000, 900_000, 910_000])).toBe(40_000);
	});
	it('lets fast devices stumble', () => {
		expect(gapThreshold([0, 100, 200, 300])).toBe(5_000);
	});
});

describe('summarise', () => {
	const words = { title: 'Temperature', unit: '°C', decimals: 1 };
	it('says lowest, highest, last and gaps of what is in view', () => {
		const text = summarise(
			series([0, 10_000, 20_000, 30_000, 600_000], [20, 25, 10, 21, 22]),
			{ fromMs: 5_000, toMs: 700_000 },
			words
		);
		expect(text).toContain('lowest 9.0 °C');
		// What stands for several values does not tell when the lowest was.
		expect(text).toContain(`between ${formatClock(20_000)} and ${formatClock(30_000)}`);
		const each = series([0, 10_000, 20_000], [20, 25, 10]);
		const alone = summarise({ ...each, min: each.avg, max: each.avg }, { fromMs: 0, toMs: 30_000 }, words);
		expect(alone).toContain(`lowest 10.0 °C at ${formatClock(20_000)}`);
		expect(text).toContain('highest 26.0 °C');
		expect(text).toContain('last 22.0 °C, one gap.');
	});
	it('says what is missing of what is in view, and whether it will come', () => {
		const holes = [
			{ fromMs: 20_000, toMs: 30_000, lost: false, filling: true },
			{ fromMs: 31_000, toMs: 32_000, lost: false },
			{ fromMs: 40_000, toMs: 50_000, lost: true },
			{ fromMs: 60_000, toMs: 65_000, lost: true },
			{ fromMs: 0, toMs: 4_000, lost: true }
		];
		const text = summarise(series([10_000, 70_000]), { fromMs: 5_000, toMs: 80_000 }, words, holes);
		expect(text).toContain(
			'one stretch is missing, one stretch is missing and being fetched, 2 stretches are lost for good.'
		);
	});
	it('says so where nothing was measured', () => {
		expect(summarise(series([10]), { fromMs: 100, toMs: 200 }, words)).toContain('nothing was measured');
	});
});

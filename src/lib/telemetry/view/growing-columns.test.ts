import { describe, expect, it } from 'vitest';
import { GrowingColumns } from './growing-columns';

const points = (...pairs: readonly [timeMs: number, value: number][]) => ({
	timeMs: pairs.map(([timeMs]) => timeMs),
	value: pairs.map(([, value]) => value)
});
const answer = (...timeMs: number[]) => ({ timeMs, min: timeMs, max: timeMs, avg: timeMs });
const read = ({ timeMs, min, max, avg }: GrowingColumns) => ({
	...{ timeMs: [...timeMs], min: [...min], max: [...max], avg: [...avg] }
});

describe('GrowingColumns', () => {
	it('joins points within the width to the bucket that began before them, also of an earlier call', () => {
		const columns = new GrowingColumns(10);
		columns.add(points([0, 4], [50, 1]), 100);
		columns.add(points([99, 7], [100, 5]), 100);
		expect(read(columns)).toEqual({ timeMs: [0, 100], min: [1, 5], max: [7, 5], avg: [4, 5] });
	});

	it('keeps every point apart at width 0, also those of one millisecond', () => {
		const columns = new GrowingColumns(10);
		columns.add(points([5, 1], [5, 2], [6, 3]), 0);
		expect([...columns.timeMs]).toEqual([5, 5, 6]);
	});

	it('leaves out what is no number', () => {
		const columns = new GrowingColumns(10);
		columns.add(points([0, 1], [10, NaN], [20, 3]), 100);
		expect(read(columns)).toEqual({ timeMs: [0], min: [1], max: [3], avg: [2] });
	});

	it('drops the oldest live buckets beyond the bound, none of the answer', () => {
		const columns = new GrowingColumns(2);
		columns.replace(answer(1, 2, 3));
		const said: string[] = [];
		columns.watch((how) => said.push(how), new AbortController().signal);
		columns.add(points([4, 4], [5, 5]), 0);
		columns.add(points([6, 6], [7, 7]), 0);
		expect([...columns.avg]).toEqual([1, 2, 3, 6, 7]);
		// Rows went from the middle: who has a copy of the columns must not go on at its end.
		expect(said).toEqual(['grew', 'replaced']);
	});

	it('puts an answer before the live points that came after it, and shows none twice', () => {
		const columns = new GrowingColumns(200);
		columns.add(points([10, 1], [20, 2], [30, 3]), 0);
		columns.replace(answer(5, 10, 20));
		expect([...columns.timeMs]).toEqual([5, 10, 20, 30]);
		columns.add(points([20, 2], [30, 3], [40, 4]), 0, true);
		expect([...columns.avg]).toEqual([5, 10, 20, 3, 3, 4]);
		columns.replace(answer(10, 20, 30, 40));
		expect([...columns.timeMs]).toEqual([10, 20, 30, 40]);
	});

	it('grows past any room it had, and says how until it is not asked any more', () => {
		const columns = new GrowingColumns(1000);
		const said: string[] = [];
		const end = new AbortController();
		columns.watch((how) => said.push(how), end.signal);
		columns.add(points(...Array.from({ length: 500 }, (_, i) => [i, i] as [number, number])), 0);
		columns.replace(answer(0));
		end.abort();
		columns.add(points([600, 6]), 0);
		expect(said).toEqual(['grew', 'replaced']);
		expect(columns.timeMs.length).toBe(501);
		expect(columns.avg.at(-2)).toBe(499);
	});
});

import { describe, expect, it } from 'vitest';
import { EMPTY_TAIL, growTail } from './live-tail';

const points = (...pairs: readonly [timeMs: number, value: number][]) => ({
	timeMs: pairs.map(([timeMs]) => timeMs),
	value: pairs.map(([, value]) => value)
});

describe('growTail', () => {
	it('joins points within the width to the bucket that began before them', () => {
		const tail = growTail(EMPTY_TAIL, points([0, 4], [50, 1], [99, 7], [100, 5]), 100, 10);
		expect(tail).toEqual({ timeMs: [0, 100], min: [1, 5], max: [7, 5], avg: [4, 5], count: [3, 1] });
	});

	it('goes on with the last bucket in the next call, and leaves the tail it was given as it was', () => {
		const first = growTail(EMPTY_TAIL, points([0, 2]), 100, 10);
		const second = growTail(first, points([60, 4]), 100, 10);
		expect(second).toEqual({ timeMs: [0], min: [2], max: [4], avg: [3], count: [2] });
		expect(first.count).toEqual([1]);
	});

	it('keeps every point apart at width 0, also those of one millisecond', () => {
		expect(growTail(EMPTY_TAIL, points([5, 1], [5, 2], [6, 3]), 0, 10).timeMs).toEqual([5, 5, 6]);
	});

	it('drops the oldest beyond the bound', () => {
		const tail = growTail(EMPTY_TAIL, points([1, 1], [2, 2], [3, 3]), 0, 2);
		expect(tail).toEqual({ timeMs: [2, 3], min: [2, 3], max: [2, 3], avg: [2, 3], count: [1, 1] });
	});
});

import { describe, expect, it } from 'vitest';
import { sparkShape, type SparkPoint } from './spark-path';

const at = (timeMs: number, avg: number, spread = 0): SparkPoint => ({
	timeMs,
	min: avg - spread,
	max: avg + spread,
	avg
});
const RANGE = { fromMs: 0, toMs: 100 };
const BOX = { width: 100, height: 10, leastSpread: 1 };

describe('sparkShape', () => {
	it('has nothing to draw where nothing was measured', () => {
		expect(sparkShape([at(200, 1)], RANGE, BOX, 20)).toBeUndefined();
	});
	it('runs from the lowest at the floor to the highest at the top', () => {
		const shape = sparkShape([at(0, 20), at(10, 30)], RANGE, BOX, 20);
		expect(shape?.line).toBe('M0 10L10 0');
		expect(shape).toMatchObject({ min: 20, max: 30 });
	});
	it('breaks where a gap is, and shows a lone value as a dot', () => {
		const shape = sparkShape([at(0, 1), at(10, 2), at(50, 3), at(90, 1), at(100, 2)], RANGE, BOX, 20);
		expect(shape?.line.match(/M/gu)).toHaveLength(2);
		expect(shape?.dots).toEqual([{ x: 50, y: 0 }]);
	});
	it('draws noise as calm: what moves less than the least spread lies in the middle', () => {
		const shape = sparkShape([at(0, 20), at(10, 20.02)], RANGE, BOX, 20);
		expect(shape?.line).toBe('M0 5.1L10 4.9');
	});
	it('closes the envelope around its run', () => {
		expect(sparkShape([at(0, 5, 5), at(10, 5, 5)], RANGE, BOX, 20)?.band).toBe('M0 0L10 0L10 10L0 10Z');
	});
});

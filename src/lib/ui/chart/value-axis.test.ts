import fc from 'fast-check';
import { expect, it } from 'vitest';
import { valueAxis } from './value-axis';

it('uses more than half of the plot, and has no side that the values do not have', () => {
	const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
	fc.assert(
		fc.property(value, fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (low, span) => {
			const high = low + span;
			const { min, max, ticks } = valueAxis(low, high, 7);
			expect(min).toBeLessThanOrEqual(low);
			expect(max).toBeGreaterThanOrEqual(high);
			expect(ticks.length).toBeLessThanOrEqual(7);
			expect(ticks.length).toBeGreaterThanOrEqual(2);
			if (low >= 0) expect(min).toBeGreaterThanOrEqual(0);
			if (high <= 0) expect(max).toBeLessThanOrEqual(0);
			expect((high - low) / (max - min)).toBeGreaterThan(0.5);
		})
	);
});

it('shows a load with one spike from nothing to the next round value', () => {
	expect(valueAxis(9, 9000, 7)).toEqual({ min: 0, max: 10_000, ticks: [0, 2000, 4000, 6000, 8000, 10_000] });
	expect(valueAxis(-7.3, 26.2, 7)).toMatchObject({ min: -10, max: 30 });
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { percentileOf } from './percentile';

const exact = (values: readonly number[]) =>
	values.toSorted((a, b) => a - b)[Math.ceil(0.95 * values.length) - 1]!;

function counted(values: readonly number[], kinds: number): number {
	const percentile = percentileOf(Infinity, 0, kinds);
	for (const value of values) percentile.add(value);
	return percentile.of(0.95);
}

it('is not moved by outliers, and exact where few values differ', () => {
	const values = Array.from({ length: 5000 }, (_, i) => (i === 5 ? 3.4e38 : (i * 7919) % 100));
	expect(counted(values, 1000)).toBe(94);
});

it('is a measured value as near to the exact one as its kinds allow', () => {
	const near = (values: readonly number[], kinds: number, share: number) => {
		const got = counted(values, kinds);
		expect(values).toContain(got);
		expect(Math.abs(got - exact(values))).toBeLessThanOrEqual(Math.abs(exact(values)) * share);
	};
	// Seven powers of two, each cut into 2^9 at least.
	const some = fc.array(fc.double({ min: 1, max: 100, noNaN: true }), { minLength: 1, maxLength: 9000 });
	fc.assert(
		fc.property(some, (values) => near([...values, -3.4e38, 3.4e38], 1 << 12, 2 ** -8)),
		{ numRuns: 20 }
	);
	fc.assert(
		fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (values) =>
			near(values, 1 << 18, 0)
		),
		{ numRuns: 50 }
	);
});

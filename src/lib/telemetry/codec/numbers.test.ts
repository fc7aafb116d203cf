import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Malformed } from './byte-stream';
import { decodeNumbers, encodeNumbers } from './numbers';

const roundTrip = (values: number[]) => [
	...decodeNumbers(encodeNumbers(Float64Array.from(values)), values.length)
];
const anyDouble = fc.double({ noNaN: true, noDefaultInfinity: true });
const decimal = (digits: number) =>
	fc.integer({ min: -1_000_000, max: 1_000_000 }).map((n) => n / 10 ** digits);

describe('number column', () => {
	it('gives every finite double back, bit for bit', () => {
		fc.assert(
			fc.property(
				fc.array(fc.oneof(anyDouble, decimal(2), fc.maxSafeInteger()), { maxLength: 300 }),
				(values) => {
					expect(roundTrip(values)).toStrictEqual(values);
				}
			),
			{ numRuns: 500 }
		);
	});

	it.each([
		['minus zero', [-0, 0, -0]],
		['subnormals', [5e-324, -5e-324, 2.225073858507201e-308]],
		['the extremes', [Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE]],
		['the largest integers', [2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 51, -(2 ** 51), 2 ** 51]],
		['the widest step', [-(2 ** 51) + 1, 2 ** 51 - 1]],
		['differences that leave the exact integers', [2 ** 51, -(2 ** 51), 2 ** 51, -(2 ** 51)]],
		['float32 readings', [21.53, 21.54, 21.6].map(Math.fround)],
		['fractional ms', [1763690000250.125, 1763690000500.25, 1763690000750.375]],
		['a decimal that multiplication rounds', [0.1 + 0.2, 1.005, 4.35, 1.1e-9]],
		['nothing', []]
	])('keeps %s', (_, values) => expect(roundTrip(values)).toStrictEqual(values));

	it('needs less than 0.7 bytes a reading of a wandering two-decimal sensor', () => {
		let value = 2150;
		const walk = Float64Array.from({ length: 4096 }, (_, i) => (value += ((i * 7919) % 13) - 6) / 100);
		expect(encodeNumbers(walk).length).toBeLessThan(4096 * 0.7);
	});

	it('needs next to nothing for a steady clock', () => {
		const steady = Float64Array.from({ length: 4096 }, (_, i) => 1763690000000 + i * 1000);
		expect(encodeNumbers(steady).length).toBeLessThan(100);
	});

	it('refuses a cut at every byte, or gives as many numbers as asked', () => {
		for (const values of [
			[1.5, 2.25, 9],
			[Math.PI, -0, 5e-324]
		]) {
			const bytes = encodeNumbers(Float64Array.from(values));
			for (let cut = 0; cut < bytes.length; cut++)
				expect(() => decodeNumbers(bytes.subarray(0, cut), values.length)).toThrow(Malformed);
		}
	});

	it('never hangs or crashes on noise', () => {
		fc.assert(
			fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(200), (noise, count) => {
				try {
					expect(decodeNumbers(noise, count)).toHaveLength(count);
				} catch (error) {
					expect(error).toBeInstanceOf(Malformed);
				}
			})
		);
	});
});

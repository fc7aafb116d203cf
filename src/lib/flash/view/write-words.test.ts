import { describe, expect, it } from 'vitest';
import { duration, quarter, timeLeft } from './write-words';

describe('the words of a write', () => {
	it('tells the time left in steps that can be followed', () => {
		expect([undefined, Infinity, 0.2, 12.2, 59.5, 134].map(timeLeft)).toEqual([
			'–',
			'–',
			'1 s',
			'13 s',
			'60 s',
			'2 min 10 s'
		]);
	});
	it('tells how long it took', () => {
		expect([8420, 84_000].map(duration)).toEqual(['8.4 s', '1 min 24 s']);
	});
	it('speaks at quarters', () => {
		expect([0, 24, 25, 99, 100].map((written) => quarter(written, 100))).toEqual([0, 0, 1, 3, 4]);
		expect(quarter(0, 0)).toBe(0);
	});
});

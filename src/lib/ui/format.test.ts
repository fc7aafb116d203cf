import { describe, expect, it } from 'vitest';
import { formatAge, formatBytes, formatCount, formatNumber, formatSpan, formatUptime } from './format';

describe('formatNumber', () => {
	it('keeps the digits that mean something, and no more', () => {
		expect(formatNumber(21, 1)).toBe('21.0');
		expect(formatNumber(21.449, 1)).toBe('21.4');
	});
	it('writes a minus as wide as a digit, and none before a rounded zero', () => {
		expect(formatNumber(-61, 0)).toBe('\u221261');
		expect(formatNumber(-0.04, 1)).toBe('0.0');
	});
	it.each([
		[1.7e300, 2, '1.7E300'],
		[-1.7e300, 2, '\u22121.7E300'],
		[1e-9, 2, '1E\u22129'],
		[0.0042, 2, '0.0042'],
		[0, 2, '0.00'],
		[1_234_567.89, 2, '1,234,568'],
		[12_345.678, 2, '12,345.7'],
		[999_999_999, 0, '999,999,999']
	])('writes %d, which is not of usual size, short and true', (value, decimals, text) =>
		expect(formatNumber(value, decimals)).toBe(text)
	);
	it('says what is no number', () => {
		expect(formatNumber(Infinity, 2)).toBe('∞');
		expect(formatNumber(NaN, 2)).toBe('NaN');
	});
});

describe('formatCount', () => {
	it('knows one from many', () => {
		expect([0, 1, 1200].map((n) => formatCount(n, 'sample'))).toEqual([
			'0 samples',
			'1 sample',
			'1,200 samples'
		]);
		expect(formatCount(2, 'entry', 'entries')).toBe('2 entries');
	});
});

describe('formatAge', () => {
	it.each([
		[-5_000, 'now'],
		[1_000, 'now'],
		[12_900, '12 s'],
		[59_999, '59 s'],
		[60_000, '1 min'],
		[3_600_000, '1 h'],
		[47 * 3_600_000, '47 h'],
		[48 * 3_600_000, '2 d']
	])('%i ms is %s', (ms, text) => expect(formatAge(ms)).toBe(text));
});

describe('formatSpan', () => {
	it.each([
		[60_000, '1 minute'],
		[90_000, '1.5 minutes'],
		[6 * 3_600_000, '6 hours'],
		[30 * 86_400_000, '30 days']
	])('%i ms is %s', (ms, text) => expect(formatSpan(ms)).toBe(text));
});

describe('formatUptime', () => {
	it.each([
		[42.9, '42 s'],
		[3_599, '59 min'],
		[11_530, '3 h 12 min'],
		[100_000, '1 d 3 h']
	])('%d s is %s', (s, text) => expect(formatUptime(s)).toBe(text));
});

describe('formatBytes', () => {
	it.each([
		[0, '0 B'],
		[999, '999 B'],
		[1_400, '1.4 kB'],
		[61_440, '61 kB'],
		[2_310_000, '2.3 MB']
	])('%i is %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
});

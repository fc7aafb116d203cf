import { describe, expect, it } from 'vitest';
import { parseAddress, parseRange } from './typed-address';

const BOARD = { flashSizeBytes: 0x400000 };
const range = (from: string, to: string) => parseRange({ from, to }, BOARD);

describe('addresses that a person types', () => {
	it('reads hexadecimal and decimal, and nothing else', () => {
		expect(['0x9000', ' 0XfF ', '36864'].map(parseAddress)).toEqual([0x9000, 0xff, 36864]);
		expect(['', '9000h', '-1', '0x', '1e3', '0x123456789'].map(parseAddress)).toEqual(
			Array.from({ length: 6 })
		);
	});

	it('takes the whole sectors that hold the range', () => {
		expect(range('0x9000', '0xdfff')).toEqual({ ok: true, value: { offset: 0x9000, length: 0x5000 } });
		expect(range('0x9abc', '0xa000')).toEqual({ ok: true, value: { offset: 0x9000, length: 0x2000 } });
		expect(range('0x3ff000', '0x3fffff')).toEqual({ ok: true, value: { offset: 0x3ff000, length: 0x1000 } });
	});

	it.each([
		['', '0x10', 'from'],
		['0x10', 'end', 'to'],
		['0x2000', '0x1fff', 'to'],
		['0x0', '0x400000', 'to'],
		['0x400000', '0x400fff', 'from']
	])('says what is wrong with %j – %j', (from, to, at) => {
		const found = range(from, to);
		expect(found).toMatchObject({ ok: false, error: { at } });
	});
});

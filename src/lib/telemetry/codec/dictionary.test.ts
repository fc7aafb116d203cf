import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Malformed } from './byte-stream';
import { decodeDictionary, encodeDictionary } from './dictionary';
import { encodeRowGroup, openRowGroup, type Row } from './row-group';

const text = fc.oneof(fc.constantFrom('on', 'off', '', '\uFEFF1.2.0'), fc.string({ unit: 'binary' }));
const values = fc.oneof(
	fc.array(fc.option(text, { nil: undefined })),
	fc.array(fc.constantFrom('true', 'false', undefined), { maxLength: 400 })
);

it('gives back every text, and that a row has none', () => {
	fc.assert(
		fc.property(values, (column) => {
			expect(decodeDictionary(encodeDictionary(column), column.length)).toStrictEqual(column);
		})
	);
});

it('takes a byte or two for a state that never changes, and a bit or two a row for one that always does', () => {
	const rows = 10_000;
	expect(encodeDictionary(Array.from({ length: rows }, () => 'online')).length).toBeLessThan(16);
	const flickers = encodeDictionary(Array.from({ length: rows }, (_, i) => (i % 3 ? 'on' : 'off')));
	expect(flickers.length).toBeLessThan(rows / 2);
});

it('takes bytes that end early or are changed for what they are', () => {
	const bytes = encodeDictionary(['on', 'on', 'off', undefined, 'on']);
	for (let length = 0; length < bytes.length; length++)
		expect(() => decodeDictionary(bytes.subarray(0, length), 5)).toThrow(Malformed);
	expect(() => decodeDictionary(bytes, 6)).toThrow(Malformed);
});

it('lies beside the numbers of a row group, whose rows come back as they were', () => {
	const row = fc.record({
		timeMs: fc.integer({ min: 0, max: 2 ** 45 }),
		value: fc.option(fc.double({ noNaN: true }), { nil: undefined }),
		first: fc.option(text, { nil: undefined }),
		second: fc.option(text, { nil: undefined })
	});
	fc.assert(
		fc.property(fc.array(row), (all) => {
			const rows = all.map(({ timeMs, value, first, second }, seq): Row => {
				const states = [
					...(first === undefined ? [] : [{ metric: 3, value: first }]),
					...(second === undefined ? [] : [{ metric: 9, value: second }])
				];
				return {
					...{ timeMs, clock: 'synchronised', identity: { epoch: 7, seq } },
					metrics: value === undefined ? [] : [4],
					values: value === undefined ? [] : [value],
					...(states.length > 0 ? { states } : {})
				};
			});
			expect(openRowGroup(encodeRowGroup(rows)).rows()).toStrictEqual(rows);
		})
	);
});

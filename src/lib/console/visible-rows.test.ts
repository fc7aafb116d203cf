import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '$lib/base';
import { ConsoleLog } from './console-log';
import { FoundLines } from './found-lines';
import { passes } from './line-filter';
import { searchFor } from './line-search';
import { cellsOf, VisibleRows } from './visible-rows';

const ALL = 1e9;
function logOf(count: number, text = (i: number) => `line ${i}`, maxLines = 100_000): ConsoleLog {
	const log = new ConsoleLog({ maxLines });
	for (let i = 0; i < count; i++) log.push(utf8(`${text(i)}\n`), 0);
	return log;
}

it('counts cells as a terminal does', () => {
	const cells = (text: string, from: 'board' | 'sent' = 'board') => cellsOf({ text, from });
	expect([cells('abc'), cells('\tx'), cells('abcdefgh\tx'), cells('a\t\t'), cells('abc', 'sent')]).toEqual([
		3, 9, 17, 16, 5
	]);
});

describe('VisibleRows', () => {
	it('places each line, and finds it by its row', () => {
		const log = logOf(3, (i) => 'x'.repeat([5, 25, 0][i]!));
		const rows = new VisibleRows(log.shown.lines, 10, undefined);
		rows.update(log.shown.lines, ALL);
		expect([rows.count, rows.rows]).toEqual([3, 5]);
		expect([0, 1, 2].map((i) => rows.rowOf(i))).toEqual([0, 1, 4]);
		expect([0, 1, 2, 3, 4, 99].map((row) => rows.indexAtRow(row))).toEqual([0, 1, 1, 1, 2, 2]);
	});

	it('does a bounded piece of work at a time', () => {
		const log = logOf(1000);
		const rows = new VisibleRows(log.shown.lines, Infinity, undefined);
		rows.update(log.shown.lines, 300);
		expect([rows.count, rows.behind]).toEqual([300, 700]);
		while (rows.behind > 0) rows.update(log.shown.lines, 300);
		expect(rows.count).toBe(1000);
	});

	it('lets go of what the log gave up, and says how many rows that were', () => {
		const log = logOf(100, () => 'x'.repeat(15), 100);
		const rows = new VisibleRows(log.shown.lines, 10, undefined);
		rows.update(log.shown.lines, ALL);
		for (let i = 0; i < 50; i++) log.push(utf8('new\n'), 0);
		const { firstId } = log.shown.lines;
		expect(firstId).toBeGreaterThan(40);
		expect(rows.update(log.shown.lines, ALL)).toBe(2 * firstId);
		expect(rows.idAt(0)).toBe(firstId);
		expect(rows.rowOf(0)).toBe(0);
	});

	it('agrees with a plain filter, whatever comes, goes and is asked when', () => {
		fc.assert(
			fc.property(
				fc.array(
					fc.record({ lines: fc.integer({ min: 0, max: 90 }), work: fc.integer({ min: 1, max: 60 }) }),
					{
						maxLength: 20
					}
				),
				fc.constantFrom(7, 20, Infinity),
				(steps, columns) => {
					const log = new ConsoleLog({ maxLines: 128 });
					const pass = passes({ withoutLevels: new Set(['debug']), onlyTags: new Set() });
					const rows = new VisibleRows(log.shown.lines, columns, pass);
					for (const { lines, work } of steps) {
						for (let i = 0; i < lines; i++)
							log.push(utf8(`${i % 3 ? 'I' : 'D'} (1) t: ${'y'.repeat(i)}\n`), 0);
						rows.update(log.shown.lines, work);
					}
					while (rows.behind > 0) rows.update(log.shown.lines, 10);
					const wanted = [...log.lines()].filter(({ level }) => level !== 'debug');
					expect(Array.from({ length: rows.count }, (_, i) => rows.idAt(i))).toEqual(
						wanted.map(({ id }) => id)
					);
					expect(rows.rows).toBe(wanted.reduce((sum, line) => sum + rows.rowsOf(line), 0));
				}
			),
			{ numRuns: 60 }
		);
	});
});

describe('a filter', () => {
	const log = new ConsoleLog();
	log.push(utf8('I (1) a: 1\nE (2) b: 2\nplain\nD (3) a: 3\n'), 0);
	log.note('asked', 'sent', 0);
	const kept = (withoutLevels: ('info' | 'debug')[], onlyTags: string[]) => {
		const pass = passes({ withoutLevels: new Set(withoutLevels), onlyTags: new Set(onlyTags) });
		return [...log.lines()].filter((line) => pass?.(line) ?? true).map(({ id }) => id);
	};
	it('leaves out levels', () => expect(kept(['info', 'debug'], [])).toEqual([1, 2, 4]));
	it('keeps tags, and what a person said', () => expect(kept([], ['a'])).toEqual([0, 3, 4]));
	it('is none where nothing is left out', () =>
		expect(passes({ withoutLevels: new Set(), onlyTags: new Set() })).toBeUndefined());
});

describe('a search', () => {
	const search = (text: string, regex = false, exactCase = false) => searchFor({ text, regex, exactCase });
	it('finds text as it is written', () => {
		const found = search('a.b(');
		expect(found?.ok && found.value.ranges('xA.B( a.b( axb(')).toEqual([
			{ at: 1, to: 5 },
			{ at: 6, to: 10 }
		]);
		const exact = search('Wi', false, true);
		expect(exact?.ok && exact.value.test('wifi')).toBe(false);
	});
	it('takes a regular expression, and says what is none', () => {
		const found = search('0x[0-9a-f]+', true);
		expect(found?.ok && found.value.ranges('at 0x3FFB')).toEqual([{ at: 3, to: 9 }]);
		expect(search('(', true)).toMatchObject({ ok: false, error: { kind: 'no-regex' } });
		expect(search('(a+)+$', true)).toMatchObject({ ok: false, error: { kind: 'nested-repeat' } });
		expect(search('x*', true)).toMatchObject({ ok: true });
		expect(search('', true)).toBeUndefined();
	});
	it('follows a log that grows and forgets', () => {
		const log = logOf(300, (i) => `n ${i}`, 200);
		const wish = search('7$', true);
		if (!wish?.ok) throw new Error('no search');
		const found = new FoundLines(log.shown.lines, wish.value, undefined);
		while (found.behind > 0) found.update(log.shown.lines, 17);
		for (let i = 300; i < 400; i++) log.push(utf8(`n ${i}\n`), 0);
		while (found.behind > 0 || found.ids[0]! < log.shown.lines.firstId) found.update(log.shown.lines, 17);
		const wanted = [...log.lines()].filter(({ text }) => text.endsWith('7')).map(({ id }) => id);
		expect(found.ids).toEqual(wanted);
	});
});

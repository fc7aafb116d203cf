import { describe, expect, it } from 'vitest';
import { utf8 } from '$lib/base';
import { ConsoleLog } from './console-log';
import { logText, plainText } from './log-text';

const texts = (log: ConsoleLog) => [...log.lines()].map(plainText);
const shownLines = (log: ConsoleLog) => log.shown.groups.flatMap((group) => group.lines);

describe('ConsoleLog', () => {
	it('puts lines together, whatever they were cut into', () => {
		const log = new ConsoleLog();
		for (const byte of utf8('I (1) a: grüße\r\nW (2) b: x\n')) log.push(Uint8Array.of(byte), 5);
		log.push(utf8('open'), 6);
		expect(texts(log)).toEqual(['I (1) a: grüße', 'W (2) b: x', 'open']);
		expect(shownLines(log).map(({ level, atMs }) => [level, atMs])).toEqual([
			['info', 5],
			['warning', 5],
			[undefined, 6]
		]);
	});

	it('knows a level behind a colour, and no level in other text', () => {
		const log = new ConsoleLog();
		log.push(utf8('\u001b[0;31mE (12:01:02.003) wifi: no\u001b[0m\nEvent (1) happened\nI am\n'), 0);
		expect(shownLines(log).map(({ level }) => level)).toEqual(['error', undefined, undefined]);
	});

	it('writes a line anew after a return alone, as progress does', () => {
		const log = new ConsoleLog();
		log.push(utf8('10 %\r20 %\r'), 0);
		log.push(utf8('30 %\r\n\ndone\n'), 0);
		expect(texts(log)).toEqual(['30 %', '', 'done']);
	});

	it('cuts a line that never ends', () => {
		const log = new ConsoleLog();
		log.push(utf8('x'.repeat(2500)), 0);
		expect(texts(log).map((line) => line.length)).toEqual([1000, 1000, 500]);
	});

	it('keeps a bound and counts what it gave up', () => {
		const log = new ConsoleLog({ maxLines: 200 });
		for (let i = 0; i < 1000; i++) log.push(utf8(`${i}\n`), 0);
		const kept = texts(log);
		expect(kept.at(-1)).toBe('999');
		expect(kept.length).toBeLessThanOrEqual(300);
		expect(log.shown.dropped + kept.length).toBe(1000);
	});

	it('stands still while paused and counts what waits', () => {
		const log = new ConsoleLog({ maxLines: 100 });
		log.push(utf8('before\n'), 0);
		log.pause();
		for (let i = 0; i < 500; i++) log.push(utf8(`${i}\n`), 0);
		expect(shownLines(log).map(plainText)).toEqual(['before']);
		expect(log.shown).toMatchObject({ paused: true, waiting: 500 });
		log.resume();
		expect(plainText(shownLines(log).at(-1)!)).toBe('499');
		expect(log.shown).toMatchObject({ paused: false, waiting: 0 });
	});

	it('draws only the group that changed anew', () => {
		const log = new ConsoleLog();
		for (let i = 0; i < 150; i++) log.push(utf8(`${i}\n`), 0);
		const before = log.shown.groups;
		log.push(utf8('more\n'), 0);
		const after = log.shown.groups;
		expect(after[0]).toBe(before[0]);
		expect(after[1]).not.toBe(before[1]);
		expect(after[1]?.id).toBe(before[1]?.id);
	});

	it('tells the page’s own words and what was sent from the board’s', () => {
		const log = new ConsoleLog();
		log.push(utf8('half a'), 0);
		log.note('Reset', 'page', 1);
		log.note('help', 'sent', 2);
		log.push(utf8(' line\n'), 3);
		expect(logText(log.lines(), { timestamps: false })).toBe('half a\n-- Reset\n> help\n line\n');
		expect(logText(log.lines(), { timestamps: true })).toContain('1970-01-01T00:00:00.002Z > help\n');
	});

	it('can be cleared, also while paused', () => {
		const log = new ConsoleLog();
		log.push(utf8('a\nb'), 0);
		log.pause();
		log.clear();
		expect(log.shown).toMatchObject({ groups: [], waiting: 0, paused: true });
		log.push(utf8('c\n'), 0);
		expect(texts(log)).toEqual(['c']);
		expect(log.shown.waiting).toBe(1);
	});

	it('tells whoever watches, until they leave', () => {
		const log = new ConsoleLog();
		const leave = new AbortController();
		let told = 0;
		log.watch(() => told++, leave.signal);
		log.push(utf8('a'), 0);
		leave.abort();
		log.push(utf8('b'), 0);
		expect(told).toBe(1);
	});
});

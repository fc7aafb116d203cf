import { describe, expect, it } from 'vitest';
import { utf8 } from '$lib/base';
import { ConsoleLog } from './console-log';
import type { ConsoleLine } from './console-line';
import { logFile } from './log-file';

const texts = (log: ConsoleLog) => [...log.lines()].map(({ text }) => text);

function shownLines({ shown: { lines, open } }: ConsoleLog): readonly ConsoleLine[] {
	const all: ConsoleLine[] = [];
	for (let id = lines.firstId; id < lines.endId; id++) all.push(lines.at(id)!);
	return open ? [...all, open] : all;
}

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
		log.push(utf8('x'.repeat(9000)), 0);
		expect(texts(log).map((line) => line.length)).toEqual([4000, 4000, 1000]);
		expect([...log.lines()].map(({ cut }) => cut)).toEqual([true, true, undefined]);
	});

	it('keeps a bound and counts what it gave up', () => {
		const log = new ConsoleLog({ maxLines: 200 });
		for (let i = 0; i < 1000; i++) log.push(utf8(`${i}\n`), 0);
		const kept = texts(log);
		expect(kept.at(-1)).toBe('999');
		expect(kept.length).toBeLessThanOrEqual(204);
		expect(log.received).toBe(3890);
		expect(log.shown.dropped + kept.length).toBe(1000);
	});

	it('stands still while paused and counts what waits', () => {
		const log = new ConsoleLog({ maxLines: 100 });
		log.push(utf8('before\n'), 0);
		log.pause();
		for (let i = 0; i < 500; i++) log.push(utf8(`${i}\n`), 0);
		expect(shownLines(log).map(({ text }) => text)).toEqual(['before']);
		expect(log.shown).toMatchObject({ paused: true, waiting: 500 });
		log.resume();
		expect(shownLines(log).at(-1)?.text).toBe('499');
		expect(log.shown).toMatchObject({ paused: false, waiting: 0 });
	});

	it('keeps a bound of text too', () => {
		const log = new ConsoleLog({ maxLines: 1000, maxChars: 50_000 });
		for (let i = 0; i < 100; i++) log.push(utf8(`${'y'.repeat(999)}\n`), 0);
		const kept = texts(log);
		expect(kept.join('').length).toBeLessThanOrEqual(50_000);
		expect(kept.join('').length).toBeGreaterThan(30_000);
		expect(log.shown.dropped + kept.length).toBe(100);
	});

	it('counts tags, and no more kinds of them than it has room for', () => {
		const log = new ConsoleLog();
		log.push(utf8('I (1) wifi: a\nI (2) wifi: b\nE (3) mqtt: c\n[D][api:12]: d\nno: tag\n'), 0);
		expect(log.shown.tags).toEqual([
			{ tag: 'wifi', lines: 2 },
			{ tag: 'mqtt', lines: 1 },
			{ tag: 'api', lines: 1 }
		]);
		for (let i = 0; i < 1000; i++) log.push(utf8(`I (1) t${i}: x\n`), 0);
		expect(log.shown.tags).toHaveLength(400);
	});

	it('tells the page’s own words and what was sent from the board’s', () => {
		const log = new ConsoleLog();
		log.push(utf8('half a'), 0);
		log.note('Reset', 'page', 1);
		log.note('help', 'sent', 2);
		log.push(utf8(' line\n'), 3);
		expect([...logFile(log.lines(), { stamps: 'none', colours: false })].join('')).toBe(
			'half a\n-- Reset\n> help\n line\n'
		);
		expect([...logFile(log.lines(), { stamps: 'time', colours: false })].join('')).toContain(
			'1970-01-01T00:00:00.002Z > help\n'
		);
	});

	it('can be cleared, also while paused', () => {
		const log = new ConsoleLog();
		log.push(utf8('a\nb'), 0);
		log.pause();
		log.clear();
		expect(log.shown).toMatchObject({ waiting: 0, paused: true });
		expect(shownLines(log)).toEqual([]);
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

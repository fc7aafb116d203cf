import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '$lib/base';
import { AnsiReader } from './ansi';
import type { LineText } from './console-line';
import { ConsoleLog } from './console-log';
import { LineBuilder } from './line-builder';

function lines(text: string): readonly LineText[] {
	const builder = new LineBuilder();
	const ended = new AnsiReader().read(text).flatMap((event) => builder.take(event, 0));
	return builder.open ? [...ended, builder.open] : ended;
}
const texts = (text: string) => lines(text).map((line) => line.text);

describe('LineBuilder', () => {
	it('writes over a line as a terminal does', () => {
		expect(texts('Loading\rDone\n')).toEqual(['Doneing']);
		expect(texts('Loading\r\u001b[KDone\r\n')).toEqual(['Done']);
		expect(texts(' 10 %\r 20 %\r100 %\n')).toEqual(['100 %']);
	});

	it('edits a prompt as linenoise of ESP-IDF’s console does', () => {
		const prompt = 'esp> helo\b\b\b\u001b[0Klo\r\u001b[5C\u001b[0Khelp\r\u001b[9C';
		expect(texts(prompt)).toEqual(['esp> help']);
		expect(texts('ab\b \bc')).toEqual(['ac']);
	});

	it('fills what was jumped over, and goes no further than a line is long', () => {
		expect(texts('a\u001b[3Cb')).toEqual(['a   b']);
		expect(texts('\u001b[99999Cb').map((line) => line.length)).toEqual([0, 1]);
	});

	it('keeps the styles of what is written over', () => {
		const [line] = lines('\u001b[31mred red\r\u001b[32mgr\n');
		expect(line).toMatchObject({
			text: 'grd red',
			runs: [
				{ at: 0, style: { ink: 2 } },
				{ at: 2, style: { ink: 1 } }
			]
		});
	});

	it('never cuts a character of two halves', () => {
		const [first, second] = texts(`${'x'.repeat(3999)}😀😀`);
		expect(first).toHaveLength(3999);
		expect(second).toBe('😀😀');
	});
});

const pieces = fc.constantFrom(
	...[
		'I (1) wifi: up',
		'grüße 日本 😀',
		'\r\n',
		'\n',
		'\r',
		'\b',
		'\t',
		'\u001b[0;31m',
		'\u001b[38;2;9;8;7m'
	],
	...['\u001b[K', '\u001b[1K', '\u001b[3C', '\u001b[2D', '\u001b[G', '\u001b[', '\u001b', 'm', '7', '\u0000'],
	...["Guru Meditation Error: Core  0 panic'ed (LoadProhibited).\r\n", 'Rebooting...\n', 'x'.repeat(4100)],
	...['rst:0x10 (RTCWDT_RTC_RST),boot:0x13 (SPI_FAST_FLASH_BOOT)\n', 'Backtrace: 0x400d1234:0x3ffb1234\n']
);

it('gives the same lines and troubles, however the bytes are cut', () => {
	fc.assert(
		fc.property(
			fc.array(pieces, { maxLength: 40 }),
			fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
			(parts, sizes) => {
				const bytes = utf8(parts.join(''));
				const [whole, cut] = [new ConsoleLog(), new ConsoleLog()];
				whole.push(bytes, 7);
				for (let at = 0, i = 0; at < bytes.length; at += sizes[i++ % sizes.length]!)
					cut.push(bytes.subarray(at, at + sizes[i % sizes.length]!), 7);
				expect([...cut.lines()]).toEqual([...whole.lines()]);
				expect(cut.shown.troubles).toEqual(whole.shown.troubles);
				expect(cut.received).toBe(whole.received);
			}
		),
		{ numRuns: 300 }
	);
});

it('takes any bytes', () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
			const log = new ConsoleLog({ maxLines: 50, maxChars: 1000 });
			log.push(bytes, 0);
			expect(log.shown.lines.endId).toBeGreaterThanOrEqual(0);
		})
	);
});

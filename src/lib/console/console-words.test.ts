import { describe, expect, it } from 'vitest';
import { AdapterBauds, isBaud } from './adapter-bauds';
import { AnsiReader } from './ansi';
import { LineBuilder } from './line-builder';
import { segments } from './line-segments';
import { ansiText, logFileHead } from './log-file';
import { escapedBytes } from './send-bytes';
import { spanOf, stamp } from './text-clock';

describe('what is sent', () => {
	it('may hold bytes', () => {
		const sent = escapedBytes('a\\x1b[A\\r\\n\\\\x\\0ü');
		expect(sent.ok && [...sent.value]).toEqual([0x61, 0x1b, 0x5b, 0x41, 13, 10, 0x5c, 0x78, 0, 0xc3, 0xbc]);
	});
	it.each([
		['ab\\xZZ', 2, '\\xZZ'],
		['\\', 0, '\\'],
		['\\q', 0, '\\q'],
		['\\x1', 0, '\\x1']
	])('is refused where an escape is none: %s', (text, at, found) => {
		expect(escapedBytes(text)).toEqual({ ok: false, error: { kind: 'bad-escape', at, found } });
	});
});

describe('the speed of an adapter', () => {
	const kept = new Map<string, string>();
	const store = {
		getItem: (key: string) => kept.get(key) ?? null,
		setItem: (key: string, value: string) => void kept.set(key, value),
		removeItem: (key: string) => void kept.delete(key)
	};
	it('is remembered, each for its own', () => {
		const bauds = new AdapterBauds(store);
		bauds.keep({ vendorId: 0x10c4, productId: 0xea60 }, 921_600);
		bauds.keep({ vendorId: 0x1a86 }, 74_880);
		expect(new AdapterBauds(store).of({ vendorId: 0x10c4, productId: 0xea60 })).toBe(921_600);
		expect(bauds.of({ vendorId: 0x1a86 })).toBe(74_880);
		expect(bauds.of({})).toBeUndefined();
	});
	it('is none where the store holds rubbish', () => {
		for (const rubbish of ['{', '5', '{"usb-0-0":"fast"}', '{"usb-0-0":-1}'])
			expect(new AdapterBauds({ ...store, getItem: () => rubbish }).of({})).toBeUndefined();
		expect([isBaud(300), isBaud(299), isBaud(1.5e3 + 0.5), isBaud(2e7)]).toEqual([true, false, false, false]);
	});
});

describe('a line', () => {
	const coloured = (text: string) => {
		const builder = new LineBuilder();
		for (const event of new AnsiReader().read(text)) builder.take(event, 0);
		return builder.open!;
	};
	it('is cut where its style or a hit changes', () => {
		expect(segments(coloured('ab\u001b[31mcdef'), [{ at: 1, to: 4 }])).toEqual([
			{ text: 'a', style: {}, hit: false },
			{ text: 'b', style: {}, hit: true },
			{ text: 'cd', style: { ink: 1 }, hit: true },
			{ text: 'ef', style: { ink: 1 }, hit: false }
		]);
		expect(segments({ text: '', runs: [] }, [])).toEqual([]);
	});
	it('keeps its styles in a file that has them: read again it is the same', () => {
		for (const text of [
			'plain',
			'a\u001b[1;4;91mb\u001b[48;2;1;2;3mc\u001b[0md',
			'\u001b[38;5;208;3;9;7;2mx'
		]) {
			const line = coloured(text);
			expect(coloured(ansiText(line))).toEqual(line);
		}
	});
});

it('tells when a line came', () => {
	expect([spanOf(41), spanOf(62_041), spanOf(3_600_000), spanOf(-5)]).toEqual([
		'0.041',
		'1:02.041',
		'1:00:00.000',
		'0.000'
	]);
	const since = { startMs: 1000, lastMs: 1500 };
	expect(stamp('since-start', 2000, since)).toBe('1.000');
	expect(stamp('since-last', 2000, since)).toBe('+0.500');
	expect(stamp('time', 2000, since)).toMatch(/^\d\d:\d\d:02\.000$/u);
	expect(stamp('none', 2000, since)).toBe('');
});

it('says what a file does not hold', () => {
	expect(logFileHead({ name: 'ESP32', atMs: 0, lines: 5, dropped: 2, hidden: 0 })).toBe(
		'-- Console of ESP32, saved 1970-01-01T00:00:00.000Z: 5 lines; 2 older ones were no longer kept.\n'
	);
});

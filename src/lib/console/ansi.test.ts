import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnsiReader, type AnsiEvent } from './ansi';

const read = (text: string) => new AnsiReader().read(text);

/** Neighbouring text of one style as one event, as a single call gives it. */
function joined(events: readonly AnsiEvent[]): AnsiEvent[] {
	const out: AnsiEvent[] = [];
	for (const event of events) {
		const last = out.at(-1);
		if (event.kind === 'text' && last?.kind === 'text' && sameStyle(last, event))
			out[out.length - 1] = { ...last, text: last.text + event.text };
		else out.push(event);
	}
	return out;
}
const sameStyle = (a: { style: object }, b: { style: object }) =>
	JSON.stringify(a.style) === JSON.stringify(b.style);

describe('AnsiReader', () => {
	it('reads the colours of an ESP-IDF log', () => {
		expect(read('\u001b[0;32mI (31) boot: up\u001b[0m\r\n')).toEqual([
			{ kind: 'text', text: 'I (31) boot: up', style: { colour: 'green' } },
			{ kind: 'carriage-return' },
			{ kind: 'line-feed' }
		]);
	});

	it('adds weights and takes them back', () => {
		expect(read('\u001b[1;91ma\u001b[22mb\u001b[39mc')).toEqual([
			{ kind: 'text', text: 'a', style: { bold: true, colour: 'red', bright: true } },
			{ kind: 'text', text: 'b', style: { colour: 'red', bright: true } },
			{ kind: 'text', text: 'c', style: {} }
		]);
	});

	it('passes over colours beyond the eight without taking their numbers for others', () => {
		expect(joined(read('\u001b[38;5;1mx\u001b[48;2;1;31;7my\u001b[38;5;4;1mz'))).toEqual([
			{ kind: 'text', text: 'xy', style: {} },
			{ kind: 'text', text: 'z', style: { bold: true } }
		]);
	});

	it('leaves out cursor moves and window titles', () => {
		expect(joined(read('a\u001b[2Kb\u001b[?25lc\u001b]0;title\u0007d\u001b(e'))).toMatchObject([
			{ text: 'abcd␛(e' }
		]);
	});

	it('shows what is no sequence, and every control character', () => {
		expect(joined(read('\u0000\u001b\u0001\u007f\t'))).toMatchObject([{ text: '␀␛␁␡\t' }]);
		expect(joined(read(`\u001b[${'1;'.repeat(60)}`))).toMatchObject([{ text: `␛[${'1;'.repeat(60)}` }]);
	});

	it('gives the same however the text is cut', () => {
		const part = fc.constantFrom(
			'\u001b[0;31m',
			'\u001b[',
			'\u001b]0;t\u0007',
			'\u001b[m',
			'text',
			'\r\n',
			'\n',
			'\u001b',
			'1m',
			';'
		);
		fc.assert(
			fc.property(
				fc.array(part),
				fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
				(parts, sizes) => {
					const text = `${parts.join('')}.`; // a whole text ends in no sequence
					const reader = new AnsiReader();
					const events: AnsiEvent[] = [];
					for (let at = 0, i = 0; at < text.length; i++) {
						const size = sizes[i % sizes.length]!;
						events.push(...reader.read(text.slice(at, at + size)));
						at += size;
					}
					expect(joined(events)).toEqual(joined(read(text)));
				}
			)
		);
	});
});

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
			{ kind: 'text', text: 'I (31) boot: up', style: { ink: 2 } },
			{ kind: 'carriage-return' },
			{ kind: 'line-feed' }
		]);
	});

	it('adds weights and takes them back', () => {
		expect(read('\u001b[1;91ma\u001b[22mb\u001b[39mc')).toEqual([
			{ kind: 'text', text: 'a', style: { bold: true, ink: 9 } },
			{ kind: 'text', text: 'b', style: { ink: 9 } },
			{ kind: 'text', text: 'c', style: {} }
		]);
	});

	it('knows 256 and true colours, and takes their numbers for nothing else', () => {
		expect(joined(read('\u001b[38;5;1mx\u001b[48;2;1;31;7my\u001b[39;49;38;5;208;1mz'))).toEqual([
			{ kind: 'text', text: 'x', style: { ink: 1 } },
			{ kind: 'text', text: 'y', style: { ink: 1, paper: '#011f07' } },
			{ kind: 'text', text: 'z', style: { ink: '#ff8700', bold: true } }
		]);
		expect(joined(read('\u001b[38;5;244ma\u001b[0;38;5;999mb\u001b[38;2;300;0;0mc\u001b[38;5md'))).toEqual([
			{ kind: 'text', text: 'a', style: { ink: '#808080' } },
			{ kind: 'text', text: 'bcd', style: {} }
		]);
	});

	it('carries out what happens within a line', () => {
		expect(read('a\b\u001b[K\u001b[2K\u001b[5C\u001b[D\u001b[3G\u001b[7K')).toEqual([
			{ kind: 'text', text: 'a', style: {} },
			{ kind: 'move', columns: -1 },
			{ kind: 'erase', what: 'to-end' },
			{ kind: 'erase', what: 'line' },
			{ kind: 'move', columns: 5 },
			{ kind: 'move', columns: -1 },
			{ kind: 'column', at: 2 }
		]);
	});

	it('gives equal styles as one object', () => {
		const reader = new AnsiReader();
		const styles = reader
			.read('\u001b[0;32ma\n\u001b[0m\u001b[32mb')
			.flatMap((event) => (event.kind === 'text' ? [event.style] : []));
		expect(styles[0]).toBe(styles[1]);
	});

	it('leaves out cursor moves and window titles', () => {
		expect(joined(read('a\u001b[2Jb\u001b[?25lc\u001b]0;title\u0007d\u001b(e'))).toMatchObject([
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
			'\u001b[38;5;20m',
			'\u001b[1K',
			'\b',
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

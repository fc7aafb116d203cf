/** The eight colours of ECMA-48 §8.3.117; bright ones are told apart by `bright`. */
export type AnsiColour = 'black' | 'red' | 'green' | 'yellow' | 'blue' | 'magenta' | 'cyan' | 'white';

/** How text is shown; absent members are the default. */
export interface TextStyle {
	readonly colour?: AnsiColour;
	readonly bright?: true;
	readonly bold?: true;
	readonly dim?: true;
	readonly italic?: true;
	readonly underline?: true;
	readonly inverse?: true;
}

/** What a terminal's text says, taken apart. */
export type AnsiEvent =
	| { readonly kind: 'text'; readonly text: string; readonly style: TextStyle }
	| { readonly kind: 'line-feed' }
	| { readonly kind: 'carriage-return' };

export const PLAIN: TextStyle = {};

const COLOURS: readonly AnsiColour[] = [
	'black',
	'red',
	'green',
	'yellow',
	'blue',
	'magenta',
	'cyan',
	'white'
];
const ESCAPE = '\u001b';
/** A sequence that is longer is none: a board that crashed inside one must not silence the console. */
const MAX_SEQUENCE = 64;

/**
 * Reads text with ANSI escape sequences (ECMA-48), of which it carries out colours and weights (SGR) and passes over the rest.
 * A sequence may be cut between two calls. Total: what is no sequence is shown.
 */
export class AnsiReader {
	#style: TextStyle = PLAIN;
	/** A sequence that is not whole yet. */
	#held = '';

	/** Events in order; neighbouring text of one style is one event within a call. */
	read(text: string): readonly AnsiEvent[] {
		const events: AnsiEvent[] = [];
		const all = this.#held + text;
		this.#held = '';
		let from = 0;
		const flush = (to: number) => {
			if (to > from) events.push({ kind: 'text', text: visible(all.slice(from, to)), style: this.#style });
		};
		for (let at = 0; at < all.length; at++) {
			const char = all[at];
			if (char === '\n' || char === '\r') {
				flush(at);
				events.push({ kind: char === '\n' ? 'line-feed' : 'carriage-return' });
				from = at + 1;
			} else if (char === ESCAPE) {
				const length = sequenceLength(all, at);
				if (length === 'more') {
					flush(at);
					this.#held = all.slice(at);
					return events;
				}
				if (length === 'none') continue;
				flush(at);
				this.#obey(all.slice(at, at + length));
				at += length - 1;
				from = at + 1;
			}
		}
		flush(all.length);
		return events;
	}

	#obey(sequence: string): void {
		const codes = SGR.exec(sequence)?.[1]?.split(';').map(Number) ?? [];
		for (let i = 0; i < codes.length; i++) {
			const code = codes[i]!;
			if (code === 38 || code === 48)
				i += codes[i + 1] === 5 ? 2 : 4; // a palette's or a true colour: beyond the eight
			else this.#style = restyled(this.#style, code);
		}
	}
}

function restyled(style: TextStyle, code: number): TextStyle {
	const without = (...keys: readonly (keyof TextStyle)[]): TextStyle =>
		Object.fromEntries(Object.entries(style).filter(([key]) => !keys.some((gone) => gone === key)));
	switch (code) {
		case 0:
			return PLAIN;
		case 1:
			return { ...style, bold: true };
		case 2:
			return { ...style, dim: true };
		case 3:
			return { ...style, italic: true };
		case 4:
			return { ...style, underline: true };
		case 7:
			return { ...style, inverse: true };
		case 22:
			return without('bold', 'dim');
		case 23:
			return without('italic');
		case 24:
			return without('underline');
		case 27:
			return without('inverse');
		case 39:
			return without('colour', 'bright');
	}
	const bright = code >= 90 && code <= 97;
	const colour = COLOURS[bright ? code - 90 : code - 30];
	if (colour === undefined) return style;
	return { ...without('bright'), colour, ...(bright ? { bright: true } : {}) };
}

/** `CSI … final` (§5.4), `OSC … BEL` or `OSC … ST` (§8.3.89), or a two-character sequence. */
function sequenceLength(text: string, start: number): number | 'more' | 'none' {
	const kind = text[start + 1];
	if (kind === undefined) return 'more';
	const rest = text.slice(start, start + MAX_SEQUENCE);
	if (kind !== '[' && kind !== ']') return kind >= '0' && kind <= '~' ? 2 : 'none';
	const whole = (kind === '[' ? CSI : OSC).exec(rest);
	if (whole) return whole[0].length;
	const begun = kind === ']' || CSI_BEGUN.test(rest);
	return begun && rest.length < MAX_SEQUENCE ? 'more' : 'none';
}

/* eslint-disable no-control-regex -- escape sequences are what we look for */
const CSI = /^\u001b\[[0-?]*[ -/]*[@-~]/u;
const CSI_BEGUN = /^\u001b\[[0-?]*[ -/]*$/u;
const SGR = /^\u001b\[([\d;]*)m$/u;
const OSC = /^\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)/u;
/* eslint-enable no-control-regex */

/** Control characters as the pictures that Unicode has for them, so that nothing of a log is invisible; a tab stays. */
const visible = (text: string): string =>
	// eslint-disable-next-line no-control-regex -- control characters are what we look for
	text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/gu, (char) =>
		char === '\u007f' ? '\u2421' : String.fromCharCode(0x2400 + char.charCodeAt(0))
	);

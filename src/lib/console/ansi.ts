import { PLAIN, restyle, type TextStyle } from './text-style';

/** What a terminal's text says, taken apart. */
export type AnsiEvent =
	| { readonly kind: 'text'; readonly text: string; readonly style: TextStyle }
	| { readonly kind: 'line-feed' }
	/** The next text overwrites the line from its beginning. */
	| { readonly kind: 'carriage-return' }
	/** By so many columns, to the right where it is positive. */
	| { readonly kind: 'move'; readonly columns: number }
	/** To this column, from 0. */
	| { readonly kind: 'column'; readonly at: number }
	| { readonly kind: 'erase'; readonly what: 'to-end' | 'to-start' | 'line' };

const LINE_FEED: AnsiEvent = { kind: 'line-feed' };
const CARRIAGE_RETURN: AnsiEvent = { kind: 'carriage-return' };
const BACKSPACE: AnsiEvent = { kind: 'move', columns: -1 };
const ERASES = ['to-end', 'to-start', 'line'] as const;

const ESCAPE = 0x1b;
/** A sequence that is longer is none: a board that crashed inside one must not silence the console. */
const MAX_SEQUENCE = 64;
/** Styles that are kept as one object each; a board that makes up more starts afresh. */
const MAX_STYLES = 512;

/**
 * Reads text with ANSI escape sequences (ECMA-48). Carried out are colours and weights (SGR) and what happens within a line: return,
 * backspace, moves and erasing, which prompts and progress bars live by. The rest is passed over. A sequence may be cut between
 * two calls. Total: what is no sequence is shown.
 */
export class AnsiReader {
	#style: TextStyle = PLAIN;
	/** A sequence that is not whole yet. */
	#held = '';
	readonly #styles = new Map<string, TextStyle>();

	/** Events in order; neighbouring text of one style is one event within a call. */
	read(text: string): readonly AnsiEvent[] {
		const events: AnsiEvent[] = [];
		const all = this.#held === '' ? text : this.#held + text;
		this.#held = '';
		let from = 0;
		let control = false;
		const flush = (to: number) => {
			if (to > from) {
				const part = all.slice(from, to);
				events.push({ kind: 'text', text: control ? visible(part) : part, style: this.#style });
			}
			control = false;
		};
		for (let at = 0; at < all.length; at++) {
			const code = all.charCodeAt(at);
			if (code >= 0x20 && code !== 0x7f) continue;
			const event =
				code === 0x0a ? LINE_FEED : code === 0x0d ? CARRIAGE_RETURN : code === 0x08 ? BACKSPACE : undefined;
			if (event) {
				flush(at);
				events.push(event);
				from = at + 1;
			} else if (code === ESCAPE) {
				const length = sequenceLength(all, at);
				if (length === 'more') {
					flush(at);
					this.#held = all.slice(at);
					return events;
				}
				if (length === 'none') {
					control = true;
					continue;
				}
				flush(at);
				this.#obey(all.slice(at, at + length), events);
				at += length - 1;
				from = at + 1;
			} else control = true;
		}
		flush(all.length);
		return events;
	}

	#obey(sequence: string, events: AnsiEvent[]): void {
		const known = this.#styles.get(sequence);
		if (known) {
			this.#style = known;
			return;
		}
		const parts = PARAMETERS.exec(sequence);
		if (!parts) return;
		const codes = parts[1]!.split(/[;:]/u).map(Number);
		const count = Math.max(1, codes[0]!);
		switch (parts[2]) {
			case 'm': {
				this.#style = this.#one(restyle(this.#style, codes));
				if (codes[0] === 0) this.#remember(sequence, this.#style); // the same whatever was before it
				return;
			}
			case 'C':
				return void events.push({ kind: 'move', columns: count });
			case 'D':
				return void events.push({ kind: 'move', columns: -count });
			case 'G':
				return void events.push({ kind: 'column', at: count - 1 });
			case 'K': {
				const what = ERASES[codes[0]!];
				if (what) events.push({ kind: 'erase', what });
				return;
			}
			default:
				return;
		}
	}

	#one(style: TextStyle): TextStyle {
		const key = JSON.stringify(Object.entries(style).sort(([a], [b]) => (a < b ? -1 : 1)));
		const known = this.#styles.get(key);
		if (known) return known;
		this.#remember(key, style);
		return style;
	}

	#remember(key: string, style: TextStyle): void {
		if (this.#styles.size >= MAX_STYLES) this.#styles.clear();
		this.#styles.set(key, style);
	}
}

/** `CSI … final` (§5.4), `OSC … BEL` or `OSC … ST` (§8.3.89), or a two-character sequence. */
function sequenceLength(text: string, start: number): number | 'more' | 'none' {
	const kind = text[start + 1];
	if (kind === undefined) return 'more';
	const rest = text.slice(start, start + MAX_SEQUENCE);
	if (kind !== '[' && kind !== ']') return kind >= '0' && kind <= '~' ? 2 : 'none';
	const whole = (kind === '[' ? CSI : OSC).exec(rest);
	if (whole) return whole[0].length;
	const begun = kind === ']' ? !rest.includes('\n') : CSI_BEGUN.test(rest);
	return begun && rest.length < MAX_SEQUENCE ? 'more' : 'none';
}

/* eslint-disable no-control-regex -- escape sequences are what we look for */
const CSI = /^\u001b\[[0-?]*[ -/]*[@-~]/u;
const CSI_BEGUN = /^\u001b\[[0-?]*[ -/]*$/u;
const PARAMETERS = /^\u001b\[([\d;:]*)([mCDGK])$/u;
const OSC = /^\u001b\][^\u0007\u001b\n]*(?:\u0007|\u001b\\)/u;
/* eslint-enable no-control-regex */

/** Control characters as the pictures that Unicode has for them, so that nothing of a log is invisible; a tab stays. */
const visible = (text: string): string =>
	// eslint-disable-next-line no-control-regex -- control characters are what we look for
	text.replace(/[\u0000-\u0008\u000b-\u001f\u007f]/gu, (char) =>
		char === '\u007f' ? '\u2421' : String.fromCharCode(0x2400 + char.charCodeAt(0))
	);

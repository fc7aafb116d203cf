import { concatBytes, err, ok, utf8, type Result } from '$lib/base';

/** What ends a line that is sent; boards differ in what they wait for. */
export const LINE_ENDINGS = { lf: '\n', crlf: '\r\n', cr: '\r', none: '' } as const;
export type LineEnding = keyof typeof LINE_ENDINGS;

/** Where an escape is no escape: its place in the text, from 0, and what stands there. */
export interface BadEscape {
	readonly kind: 'bad-escape';
	readonly at: number;
	readonly found: string;
}

const SIMPLE: Readonly<Record<string, number>> = {
	n: 0x0a,
	r: 0x0d,
	t: 0x09,
	e: 0x1b,
	a: 0x07,
	b: 0x08,
	'0': 0x00,
	'\\': 0x5c
};

/** The bytes of a typed text in which `\x1b` is a byte, and `\n \r \t \e \a \b \0 \\` are what C and shells mean by them. */
export function escapedBytes(text: string): Result<Uint8Array<ArrayBuffer>, BadEscape> {
	const parts: Uint8Array[] = [];
	let from = 0;
	for (let at = text.indexOf('\\'); at >= 0; at = text.indexOf('\\', from)) {
		parts.push(utf8(text.slice(from, at)));
		const hex = /^x[\da-f]{2}/iu.exec(text.slice(at + 1, at + 4));
		const byte = hex ? parseInt(hex[0].slice(1), 16) : SIMPLE[text[at + 1] ?? ''];
		if (byte === undefined) return err({ kind: 'bad-escape', at, found: text.slice(at, at + 4) });
		parts.push(Uint8Array.of(byte));
		from = at + (hex ? 4 : 2);
	}
	parts.push(utf8(text.slice(from)));
	return ok(concatBytes(parts));
}

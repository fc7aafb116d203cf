import { utf8 } from '$lib/base';
import { bytesOfHex } from '$lib/formats';
import type { FlashRange } from '../read-loop';
import type { FlashReader } from './flash-reader';

/** An address as a person types it: `0x9000`, `9000h`, `36864`, `64K`, `1M`. undefined where it is none. */
export function readAddress(text: string): number | undefined {
	const trimmed = text.trim();
	const hex = /^(?:0x([0-9a-f]+)|([0-9a-f]+)h)$/iu.exec(trimmed);
	if (hex) return Number.parseInt(hex[1] ?? hex[2]!, 16);
	const parts = /^([0-9]+)([km]?)b?$/iu.exec(trimmed);
	if (!parts) return undefined;
	const unit = { '': 1, k: 1024, m: 1024 * 1024 }[parts[2]!.toLowerCase()] ?? 1;
	return Number(parts[1]) * unit;
}

/** What to look for: `de ad be ef` where it is bytes of hexadecimal digits and asked to be, else the text in UTF-8. */
export function readNeedle(text: string, as: 'text' | 'hex'): Uint8Array<ArrayBuffer> | undefined {
	const needle = as === 'text' ? utf8(text) : bytesOfHex(text.replaceAll(/0x/giu, ''));
	return needle && needle.length > 0 ? needle : undefined;
}

/** Printable ASCII, a dot for the rest. */
export const asciiOf = (bytes: Uint8Array): string =>
	Array.from(bytes, (b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '.')).join('');

export const hexPairs = (bytes: Uint8Array): string =>
	Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join(' ');

/** Lines as `hexdump -C` has them, for the clipboard. @param from of the first byte */
export function hexDump(bytes: Uint8Array, from: number): string {
	const lines: string[] = [];
	for (let at = 0; at < bytes.length; at += 16) {
		const row = bytes.subarray(at, at + 16);
		const address = (from + at).toString(16).padStart(8, '0');
		lines.push(`${address}  ${hexPairs(row).padEnd(47)}  |${asciiOf(row)}|`);
	}
	return `${lines.join('\n')}\n`;
}

/** A look through what was read; what was not is counted and not searched. */
export interface SearchResult {
	/** Bytes from the flash's start. */
	readonly at: number | undefined;
	/** Of the range, bytes that nobody has read. */
	readonly unreadBytes: number;
}

const WINDOW_BYTES = 0x1000;

/** The next place at or after `from` within `range` where the needle stands, in what `reader` knows. */
export function findBytes(
	reader: Pick<FlashReader, 'peek'>,
	range: FlashRange,
	needle: Uint8Array,
	from: number
): SearchResult {
	const end = range.offset + range.length;
	let [unreadBytes, found] = [0, -1];
	let tail: { at: number; bytes: Uint8Array } | undefined;
	for (let at = range.offset; at < end;) {
		const length = Math.min(WINDOW_BYTES - (at % WINDOW_BYTES), end - at);
		const bytes = reader.peek({ offset: at, length });
		if (!bytes) {
			unreadBytes += length;
			tail = undefined;
		} else if (found < 0 && at + length > from) {
			const begin = tail ? tail.at : at;
			const joined = tail ? join(tail.bytes, bytes) : bytes;
			const hit = indexOf(joined, needle, Math.max(0, from - begin));
			if (hit >= 0) found = begin + hit;
			const kept = Math.min(needle.length - 1, joined.length);
			tail = { at: at + length - kept, bytes: joined.subarray(joined.length - kept) };
		}
		at += length;
	}
	return { at: found < 0 ? undefined : found, unreadBytes };
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
	const out = new Uint8Array(a.length + b.length);
	out.set(a);
	out.set(b, a.length);
	return out;
}

function indexOf(bytes: Uint8Array, needle: Uint8Array, from: number): number {
	for (let at = from; at + needle.length <= bytes.length; at++) {
		let same = 0;
		while (same < needle.length && bytes[at + same] === needle[same]) same++;
		if (same === needle.length) return at;
	}
	return -1;
}

import { ByteReader, ByteWriter, Malformed } from './byte-stream';
import { decodeNumbers, encodeNumbers } from './numbers';

const RUNS = 0;
const NUMBERS = 1;

/**
 * A text a row, or none: each text once, and a place in that list a row, as runs or as a number column, whichever is shorter.
 * Drawn in docs/telemetry-format.md, "Dictionary column".
 */
export function encodeDictionary(values: readonly (string | undefined)[]): Uint8Array<ArrayBuffer> {
	const places = new Map<string, number>();
	// 0: none.
	const column = Float64Array.from(values, (value) => {
		if (value === undefined) return 0;
		const known = places.get(value);
		if (known !== undefined) return known;
		places.set(value, places.size + 1);
		return places.size;
	});
	const out = new ByteWriter();
	const text = new TextEncoder();
	out.varint(places.size);
	for (const value of places.keys()) out.sized(text.encode(value));
	const runs = encodeRuns(column);
	const numbers = encodeNumbers(column);
	out.byte(runs.length <= numbers.length ? RUNS : NUMBERS);
	out.bytes(runs.length <= numbers.length ? runs : numbers);
	return out.done();
}

/** Throws `Malformed` where the bytes are not what `encodeDictionary` wrote. */
export function decodeDictionary(bytes: Uint8Array, count: number): readonly (string | undefined)[] {
	const reader = new ByteReader(bytes);
	const size = reader.varint();
	if (size > count) throw new Malformed('more texts than rows');
	const text = new TextDecoder('utf-8', { ignoreBOM: true });
	const entries: (string | undefined)[] = [undefined];
	for (let i = 0; i < size; i++) entries.push(text.decode(reader.sized()));
	const kind = reader.byte();
	if (kind !== RUNS && kind !== NUMBERS) throw new Malformed('unknown dictionary column');
	const column = kind === RUNS ? decodeRuns(reader, count) : decodeNumbers(reader.bytes(reader.left), count);
	return Array.from(column, (place) => {
		if (!(place >= 0 && place <= size)) throw new Malformed('no such text');
		return entries[place];
	});
}

function encodeRuns(column: Float64Array): Uint8Array<ArrayBuffer> {
	const out = new ByteWriter();
	for (let start = 0, end = 0; start < column.length; start = end) {
		while (end < column.length && column[end] === column[start]) end++;
		out.varint(end - start);
		out.varint(column[start]!);
	}
	return out.done();
}

function decodeRuns(reader: ByteReader, count: number): Float64Array {
	const column = new Float64Array(count);
	let at = 0;
	while (reader.left > 0) {
		const end = at + reader.varint();
		if (end > count || end === at) throw new Malformed('impossible run');
		column.fill(reader.varint(), at, end);
		at = end;
	}
	if (at !== count) throw new Malformed('runs too short');
	return column;
}

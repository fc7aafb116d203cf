import { assert } from '$lib/base';
import { BitReader, BitWriter } from './bit-stream';
import { ByteReader, ByteWriter, Malformed, unzigzag, zigzag } from './byte-stream';
import {
	GROUP,
	MAX_QUICK_WIDTH,
	areNarrow,
	cheapestNarrowOrder,
	groupBytes,
	packNarrow,
	unpackGroup
} from './packed';
import { readXor, writeXor } from './xor';

const MAX_SCALE = 9;
const POWERS = [
	1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000
] as const;
/** Beyond this the differences of differences would leave the exact integers. */
const MAX_INTEGER = 2 ** 51 - 1;
const MAX_RESIDUAL = 2 ** 52 - 1;

const KIND_XOR = 1;

/** Doubles that are integers of one decimal scale: value = integer / 10^scale. */
export interface Scaled {
	readonly integers: Float64Array<ArrayBuffer>;
	readonly scale: number;
}

/**
 * Writes finite doubles so that every bit comes back, −0 and subnormals included: as integers of a common decimal scale with
 * bit-packed differences where that is exact, else XORed with the one before. Drawn in docs/telemetry-format.md, "Number column".
 * @param scaled what `scaleToIntegers` says of them, where it has been asked already
 */
export function encodeNumbers(
	values: Float64Array,
	scaled: Scaled | undefined = scaleToIntegers(values)
): Uint8Array<ArrayBuffer> {
	const out = new ByteWriter();
	if (!scaled) {
		out.byte(KIND_XOR);
		out.bytes(writeXor(values));
		return out.done();
	}
	const { integers, scale } = scaled;
	const distances = new Float64Array(integers.length);
	const first = integers[0] ?? 0;
	for (let i = 1; i < integers.length; i++) distances[i] = integers[i]! - first;
	const narrow = areNarrow(distances);
	const order = narrow ? cheapestNarrowOrder(distances) : cheapestOrder(integers);
	out.byte((order << 2) | (scale << 4));
	const heads = Math.min(order === 0 ? 1 : order, integers.length);
	if (heads > 0) out.signed(first);
	if (heads > 1) out.signed(distances[1]!);
	out.bytes(
		narrow ? packNarrow(distances, order, heads) : packResiduals(residualsOf(distances, order), heads)
	);
	return out.done();
}

/** Reads `count` numbers. Throws `Malformed` where the bytes are not what `encodeNumbers` wrote. */
export function decodeNumbers(bytes: Uint8Array, count: number): Float64Array<ArrayBuffer> {
	const reader = new ByteReader(bytes);
	const mode = reader.byte();
	if ((mode & 3) === KIND_XOR) return readXor(reader.bytes(reader.left), count);
	const order = (mode >> 2) & 3;
	const scale = mode >> 4;
	if ((mode & 3) !== 0 || order > 2 || scale > MAX_SCALE) throw new Malformed('unknown number column');
	const values = new Float64Array(count);
	const heads = Math.min(order === 0 ? 1 : order, count);
	for (let i = 0; i < heads; i++) values[i] = reader.signed();
	unpackResiduals(reader.bytes(reader.left), values, heads);
	addUp(values, order, POWERS[scale]!);
	return values;
}

/** Residuals of an order → the integers by their divisor, in place. */
function addUp(values: Float64Array, order: number, divisor: number): void {
	const { length } = values;
	if (length === 0) return;
	const first = values[0]!;
	values[0] = first / divisor;
	if (order === 0) for (let i = 1; i < length; i++) values[i] = (values[i]! + first) / divisor;
	else if (order === 1 || length === 1)
		for (let i = 1, last = first; i < length; i++) values[i] = (last += values[i]!) / divisor;
	else {
		let delta = values[1]!;
		let last = first + delta;
		values[1] = last / divisor;
		for (let i = 2; i < length; i++) values[i] = (last += delta += values[i]!) / divisor;
	}
}

/** The values as integers of the smallest decimal scale in which each is exact; undefined where none is. */
export function scaleToIntegers(values: Float64Array): Scaled | undefined {
	const integers = new Float64Array(values.length);
	for (let scale = 0; scale <= MAX_SCALE; scale++)
		if (fillScaled(values, scale, integers)) return { integers, scale };
	return undefined;
}

/** @returns false where a value is not exact at that scale; −0 never is */
function fillScaled(values: Float64Array, scale: number, integers: Float64Array): boolean {
	const factor = POWERS[scale]!;
	for (let i = 0; i < values.length; i++) {
		const value = values[i]!;
		const integer = Math.floor(value * factor + 0.5);
		if (!(integer <= MAX_INTEGER && integer >= -MAX_INTEGER) || integer / factor !== value) return false;
		if (value === 0 && Object.is(value, -0)) return false;
		integers[i] = integer;
	}
	return true;
}

/** 0 stores values, 1 differences, 2 differences of differences: the one with the smallest sum of magnitudes that is exact. */
function cheapestOrder(integers: Float64Array): 0 | 1 | 2 {
	const cost = [0, 0, 0];
	const largest = [0, 0, 0];
	for (let i = 1; i < integers.length; i++) {
		const delta = integers[i]! - integers[i - 1]!;
		const before = i > 1 ? integers[i - 1]! - integers[i - 2]! : 0;
		const residuals = [integers[i]! - integers[0]!, delta, delta - before];
		for (let order = 0; order < 3; order++) {
			const size = Math.abs(residuals[order]!);
			cost[order]! += Math.log2(size + 1);
			if (size > largest[order]!) largest[order] = size;
		}
	}
	let best: 0 | 1 | 2 = 0;
	for (const order of [1, 2] as const)
		if (largest[order]! <= MAX_RESIDUAL && cost[order]! < cost[best]!) best = order;
	return best;
}

/** In place: distances → what an order stores. */
function residualsOf(distances: Float64Array, order: 0 | 1 | 2): Float64Array {
	for (let pass = 0; pass < order; pass++)
		for (let i = distances.length - 1; i > pass; i--) distances[i]! -= distances[i - 1]!;
	return distances;
}

function packResiduals(residuals: Float64Array, from: number): Uint8Array<ArrayBuffer> {
	const out = new ByteWriter();
	for (let start = from; start < residuals.length; start += GROUP) {
		const end = Math.min(start + GROUP, residuals.length);
		let widest = 0;
		for (let i = start; i < end; i++) widest = Math.max(widest, zigzag(residuals[i]!));
		const width = bitLength(widest);
		assert(width <= 53, 'a residual is wider than a double is exact');
		out.byte(width);
		const bits = new BitWriter();
		for (let i = start; i < end; i++) bits.write(zigzag(residuals[i]!), width);
		out.bytes(bits.done());
	}
	return out.done();
}

function unpackResiduals(bytes: Uint8Array, into: Float64Array, from: number): void {
	let at = 0;
	for (let start = from; start < into.length; start += GROUP) {
		const end = Math.min(start + GROUP, into.length);
		const width = bytes[at++];
		if (width === undefined) throw new Malformed('ends early');
		if (width > 53) throw new Malformed('impossible bit width');
		const length = groupBytes(bytes, at, end - start, width);
		if (width <= MAX_QUICK_WIDTH) unpackGroup(bytes, at, width, into, start, end);
		else {
			const bits = new BitReader(bytes.subarray(at, at + length));
			for (let i = start; i < end; i++) into[i] = unzigzag(bits.read(width));
		}
		at += length;
	}
	if (at < bytes.length) throw new Malformed('bytes left over');
}

const bitLength = (n: number): number =>
	n < 2 ** 31 ? 32 - Math.clz32(n) : 1 + bitLength(Math.floor(n / 2));

import { assert } from '$lib/base';
import { BitReader, BitWriter } from './bit-stream';
import { ByteReader, ByteWriter, Malformed, unzigzag, zigzag } from './byte-stream';
import { readXor, writeXor } from './xor';

/** Residuals that share one bit width. */
const GROUP = 64;
const MAX_SCALE = 9;
/** Beyond this the differences of differences would leave the exact integers. */
const MAX_INTEGER = 2 ** 51 - 1;
const MAX_RESIDUAL = 2 ** 52 - 1;

const KIND_XOR = 1;

/**
 * Writes finite doubles so that every bit comes back, −0 and subnormals included: as integers of a common decimal scale with
 * bit-packed differences where that is exact, else XORed with the one before. Drawn in docs/telemetry-format.md, "Number column".
 */
export function encodeNumbers(values: Float64Array): Uint8Array<ArrayBuffer> {
	const out = new ByteWriter();
	const scaled = scaleToIntegers(values);
	if (!scaled) {
		out.byte(KIND_XOR);
		out.bytes(writeXor(values));
		return out.done();
	}
	const { integers, scale } = scaled;
	const order = cheapestOrder(integers);
	out.byte((order << 2) | (scale << 4));
	const residuals = Float64Array.from(integers);
	for (let pass = 0; pass < order; pass++)
		for (let i = residuals.length - 1; i > pass; i--) residuals[i]! -= residuals[i - 1]!;
	const heads = Math.min(order === 0 ? 1 : order, residuals.length);
	for (let i = 0; i < heads; i++) out.signed(residuals[i]!);
	// Order 0 stores distances from the first value, so that a level far from zero costs once.
	if (order === 0) for (let i = residuals.length - 1; i > 0; i--) residuals[i]! -= residuals[0]!;
	out.bytes(packResiduals(residuals, heads));
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
	if (order === 0) for (let i = 1; i < count; i++) values[i]! += values[0]!;
	for (let pass = order; pass > 0; pass--) for (let i = pass; i < count; i++) values[i]! += values[i - 1]!;
	if (scale > 0) {
		const divisor = 10 ** scale;
		for (let i = 0; i < count; i++) values[i]! /= divisor;
	}
	return values;
}

/** The values as integers of the smallest decimal scale in which each is exact; undefined where none is. */
export function scaleToIntegers(values: Float64Array): { integers: Float64Array; scale: number } | undefined {
	let scale = 0;
	for (const value of values) {
		while (!fits(value, scale)) if (++scale > MAX_SCALE) return undefined;
	}
	const factor = 10 ** scale;
	const integers = Float64Array.from(values, (v) => Math.round(v * factor));
	// A value that fits at 0.1 may not at 0.001, where the product rounds: check all at the scale that was chosen.
	return values.every((v) => fits(v, scale)) ? { integers, scale } : undefined;
}

function fits(value: number, scale: number): boolean {
	const factor = 10 ** scale;
	const integer = Math.round(value * factor);
	return Math.abs(integer) <= MAX_INTEGER && Object.is(integer / factor, value) && !Object.is(value, -0);
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
	const reader = new ByteReader(bytes);
	for (let start = from; start < into.length; start += GROUP) {
		const end = Math.min(start + GROUP, into.length);
		const width = reader.byte();
		if (width > 53) throw new Malformed('impossible bit width');
		const bits = new BitReader(reader.bytes(Math.ceil(((end - start) * width) / 8)));
		for (let i = start; i < end; i++) into[i] = unzigzag(bits.read(width));
	}
	if (reader.left > 0) throw new Malformed('bytes left over');
}

const bitLength = (n: number): number =>
	n < 2 ** 31 ? 32 - Math.clz32(n) : 1 + bitLength(Math.floor(n / 2));

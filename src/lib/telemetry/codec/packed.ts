import { Malformed } from './byte-stream';

/** Residuals that share one bit width. */
export const GROUP = 64;
/** Distances below this have second differences whose zigzag fits 31 bits. */
const NARROW = 2 ** 28;
/** Held bits (7) and a number more must fit 32. */
export const MAX_QUICK_WIDTH = 24;

/** Grows, and is used again by each call: nothing here waits. */
let scratch = new Uint8Array(1 << 16);

/** Whether all distances are small enough for 32-bit arithmetic. */
export function areNarrow(distances: Float64Array): boolean {
	for (let i = 0; i < distances.length; i++)
		if (!(distances[i]! < NARROW && distances[i]! > -NARROW)) return false;
	return true;
}

/** The order whose groups take the fewest bits, for narrow distances from the first value. */
export function cheapestNarrowOrder(distances: Float64Array): 0 | 1 | 2 {
	const { length } = distances;
	let [bits0, bits1, bits2] = [0, 0, 0];
	let [last, lastDelta] = [0, 0];
	for (let start = 1; start < length; start += GROUP) {
		const end = Math.min(start + GROUP, length);
		let [or0, or1, or2] = [0, 0, 0];
		for (let i = start; i < end; i++) {
			const distance = distances[i]! | 0;
			const delta = (distance - last) | 0;
			const change = (delta - lastDelta) | 0;
			or0 |= (distance << 1) ^ (distance >> 31);
			or1 |= (delta << 1) ^ (delta >> 31);
			or2 |= i === 1 ? 0 : (change << 1) ^ (change >> 31);
			last = distance;
			lastDelta = delta;
		}
		bits0 += (32 - Math.clz32(or0)) * (end - start);
		bits1 += (32 - Math.clz32(or1)) * (end - start);
		bits2 += (32 - Math.clz32(or2)) * (end - start);
	}
	if (bits1 < bits0) return bits2 < bits1 ? 2 : 1;
	return bits2 < bits0 ? 2 : 0;
}

/**
 * Packs the residuals of one order, from `from` on, in groups of 64: a byte of width, then zigzag numbers, high bit first.
 * @param distances narrow, from the first value
 */
export function packNarrow(distances: Float64Array, order: 0 | 1 | 2, from: number): Uint8Array {
	const { length } = distances;
	const most = length * 4 + Math.ceil(length / GROUP) * 2 + 8;
	if (scratch.length < most) scratch = new Uint8Array(most * 2);
	const out = scratch;
	const zigzags = new Int32Array(GROUP);
	let at = 0;
	let last = from > 0 ? distances[from - 1]! | 0 : 0;
	let lastDelta = from > 1 ? (last - distances[from - 2]!) | 0 : 0;
	for (let start = from; start < length; start += GROUP) {
		const count = Math.min(GROUP, length - start);
		let or = 0;
		for (let i = 0; i < count; i++) {
			const distance = distances[start + i]! | 0;
			const delta = (distance - last) | 0;
			const residual = order === 0 ? distance : order === 1 ? delta : (delta - lastDelta) | 0;
			last = distance;
			lastDelta = delta;
			const zigzag = (residual << 1) ^ (residual >> 31);
			zigzags[i] = zigzag;
			or |= zigzag;
		}
		const width = 32 - Math.clz32(or);
		out[at++] = width;
		at =
			width <= MAX_QUICK_WIDTH
				? packGroup(zigzags, count, width, out, at)
				: packWide(zigzags, count, width, out, at);
	}
	return out.slice(0, at);
}

function packGroup(
	zigzags: Int32Array,
	count: number,
	width: number,
	out: Uint8Array,
	start: number
): number {
	let at = start;
	let held = 0;
	let bits = 0;
	for (let i = 0; i < count; i++) {
		held = (held << width) | zigzags[i]!;
		bits += width;
		while (bits >= 8) {
			bits -= 8;
			out[at++] = held >>> bits;
		}
	}
	if (bits > 0) out[at++] = held << (8 - bits);
	return at;
}

/** In two halves of at most 16 bits. */
function packWide(zigzags: Int32Array, count: number, width: number, out: Uint8Array, start: number): number {
	let at = start;
	let held = 0;
	let bits = 0;
	for (let i = 0; i < count; i++) {
		for (const [part, size] of [
			[zigzags[i]! >>> 16, width - 16],
			[zigzags[i]! & 0xffff, 16]
		] as const) {
			held = (held << size) | part;
			bits += size;
			while (bits >= 8) {
				bits -= 8;
				out[at++] = held >>> bits;
			}
		}
	}
	if (bits > 0) out[at++] = held << (8 - bits);
	return at;
}

/**
 * Reads one group of zigzag numbers of at most 24 bits as residuals.
 * @param at where the group's bits begin; the bytes are there
 */
export function unpackGroup(
	bytes: Uint8Array,
	at: number,
	width: number,
	into: Float64Array,
	start: number,
	end: number
): void {
	const mask = (1 << width) - 1;
	let next = at;
	let held = 0;
	let bits = 0;
	for (let i = start; i < end; i++) {
		while (bits < width) {
			held = (held << 8) | bytes[next++]!;
			bits += 8;
		}
		bits -= width;
		const zigzag = (held >>> bits) & mask;
		into[i] = (zigzag >>> 1) ^ -(zigzag & 1);
	}
}

/** Bytes of one group. Throws `Malformed` where they are not all there. */
export function groupBytes(bytes: Uint8Array, at: number, count: number, width: number): number {
	const length = (count * width + 7) >> 3;
	if (at + length > bytes.length) throw new Malformed('bits end early');
	return length;
}

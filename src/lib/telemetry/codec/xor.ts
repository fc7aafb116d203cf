import { BitReader, BitWriter } from './bit-stream';
import { Malformed } from './byte-stream';

/**
 * Doubles XORed with the one before, after Pelkonen et al., "Gorilla" (VLDB 2015) §4.1.2, with 6-bit lengths: `0` the same;
 * `10` the changed bits in the last window; `11`, 6 bits of leading zeros, 6 bits of length − 1, then the bits. The one before
 * the first is +0. Exact for every bit pattern.
 */
export function writeXor(values: Float64Array): Uint8Array<ArrayBuffer> {
	const bits = new BitWriter();
	const view = new DataView(new ArrayBuffer(8));
	let [lastHigh, lastLow, lead, trail] = [0, 0, -1, 0];
	for (const value of values) {
		view.setFloat64(0, value);
		const [high, low] = [view.getUint32(0), view.getUint32(4)];
		const [h, l] = [(high ^ lastHigh) >>> 0, (low ^ lastLow) >>> 0];
		[lastHigh, lastLow] = [high, low];
		if (h === 0 && l === 0) {
			bits.write(0, 1);
			continue;
		}
		const zerosBefore = h ? Math.clz32(h) : 32 + Math.clz32(l);
		const zerosAfter = l ? 31 - Math.clz32(l & -l) : 63 - Math.clz32(h & -h);
		if (lead >= 0 && zerosBefore >= lead && zerosAfter >= trail) bits.write(0b10, 2);
		else {
			[lead, trail] = [zerosBefore, zerosAfter];
			bits.write(0b11, 2);
			bits.write(lead, 6);
			bits.write(63 - lead - trail, 6);
		}
		writeWindow(bits, h, l, lead, trail);
	}
	return bits.done();
}

/** Throws `Malformed` where the bits end early or a window cannot be. */
export function readXor(bytes: Uint8Array, count: number): Float64Array<ArrayBuffer> {
	const bits = new BitReader(bytes);
	const values = new Float64Array(count);
	const view = new DataView(new ArrayBuffer(8));
	let [high, low, lead, trail] = [0, 0, -1, 0];
	for (let i = 0; i < count; i++) {
		if (bits.read(1) === 1) {
			if (bits.read(1) === 1) {
				lead = bits.read(6);
				trail = 63 - lead - bits.read(6);
			}
			if (lead < 0 || trail < 0) throw new Malformed('impossible window');
			const [h, l] = readWindow(bits, lead, trail);
			high = (high ^ h) >>> 0;
			low = (low ^ l) >>> 0;
		}
		view.setUint32(0, high);
		view.setUint32(4, low);
		values[i] = view.getFloat64(0);
	}
	return values;
}

/** The window's bits, high half first: bit 63 − lead down to bit trail. */
function writeWindow(bits: BitWriter, h: number, l: number, lead: number, trail: number): void {
	if (lead < 32) bits.write(trail < 32 ? h : h >>> (trail - 32), 32 - lead - Math.max(0, trail - 32));
	if (trail < 32) bits.write(l >>> trail, 32 - trail - Math.max(0, lead - 32));
}

function readWindow(bits: BitReader, lead: number, trail: number): [number, number] {
	const h = lead < 32 ? bits.read(32 - lead - Math.max(0, trail - 32)) * 2 ** Math.max(0, trail - 32) : 0;
	const l = trail < 32 ? bits.read(32 - trail - Math.max(0, lead - 32)) * 2 ** trail : 0;
	return [h, l];
}

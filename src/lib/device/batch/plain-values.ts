import { err, ok, type Result } from '$lib/base';
import type { Compression } from './shared-secret';

export type PlainValuesError = { kind: 'truncated' | 'bomb' | 'corrupt' };

const MARKS: Readonly<Record<number, Exclude<Compression, 'none' | 'best'>>> = {
	0xd0: 'dictionary',
	0xde: 'delta',
	0xad: 'rle',
	0xbf: 'bitpack'
};
const HUNDREDTHS = 100;
const MAX_BITS = 32;

/** Whether the payload begins as one of these does. */
export const isPlainValues = (payload: Uint8Array): boolean =>
	payload[0] !== undefined && payload[0] in MARKS;

/**
 * The list of numbers that simple inverter firmware sends, docs/profiles.md: a mark, the number of values, then the values by codec. Little
 * endian. Total: any bytes give at most 255 numbers or an error.
 * @param said what the envelope calls it; `best`: the mark alone decides
 */
export function decodePlainValues(
	payload: Uint8Array,
	said: Compression
): Result<Float64Array<ArrayBuffer>, PlainValuesError> {
	const codec = MARKS[payload[0] ?? -1];
	if (codec === undefined || (said !== 'best' && said !== codec)) return err({ kind: 'corrupt' });
	if (payload.length < 3) return err({ kind: 'truncated' });
	const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
	const values = READERS[codec](view);
	if (!values.ok) return values;
	return values.value.every(Number.isFinite) ? values : err({ kind: 'corrupt' });
}

type Read = (view: DataView) => Result<Float64Array<ArrayBuffer>, PlainValuesError>;

/** What must follow is `bytes` long, no more and no less. */
function lengthFault(view: DataView, bytes: number): PlainValuesError | undefined {
	if (view.byteLength === bytes) return undefined;
	return { kind: view.byteLength < bytes ? 'truncated' : 'corrupt' };
}

const READERS: Readonly<Record<Exclude<Compression, 'none' | 'best'>, Read>> = {
	/** u8 count, u8 words, words as float32, then each value's index in the least bits that hold the number of words. */
	dictionary(view) {
		const [count, words] = [view.getUint8(1), view.getUint8(2)];
		const width = 32 - Math.clz32(words);
		const fault = lengthFault(view, 3 + 4 * words + Math.ceil((count * width) / 8));
		if (fault) return err(fault);
		const values = new Float64Array(count);
		for (let i = 0; i < count; i++) {
			let index = 0;
			for (let bit = 0; bit < width; bit++) {
				const at = i * width + bit;
				index |= ((view.getUint8(3 + 4 * words + (at >> 3)) >> (at & 7)) & 1) << bit;
			}
			if (index >= words) return err({ kind: 'corrupt' });
			values[i] = view.getFloat32(3 + 4 * index, true);
		}
		return ok(values);
	},
	/** u8 count, the first as float32, then the differences in hundredths as int16. */
	delta(view) {
		const count = view.getUint8(1);
		const fault = lengthFault(view, 6 + 2 * Math.max(0, count - 1));
		if (fault || count === 0) return err(fault ?? { kind: 'corrupt' });
		const values = new Float64Array(count);
		values[0] = view.getFloat32(2, true);
		let hundredths = 0;
		for (let i = 1; i < count; i++) {
			hundredths += view.getInt16(4 + 2 * i, true);
			values[i] = values[0] + hundredths / HUNDREDTHS;
		}
		return ok(values);
	},
	/** u8 count of all, then runs of a float32 and how often it comes. */
	rle(view) {
		const count = view.getUint8(1);
		const values = new Float64Array(count);
		let filled = 0;
		for (let at = 2; at < view.byteLength; at += 5) {
			if (at + 5 > view.byteLength) return err({ kind: 'truncated' });
			const times = view.getUint8(at + 4);
			if (filled + times > count) return err({ kind: 'bomb' });
			if (times === 0) return err({ kind: 'corrupt' });
			values.fill(view.getFloat32(at, true), filled, filled + times);
			filled += times;
		}
		return filled === count ? ok(values) : err({ kind: 'truncated' });
	},
	/** u8 bits, u8 count, then whole numbers of that many bits, highest bit first. */
	bitpack(view) {
		const [bits, count] = [view.getUint8(1), view.getUint8(2)];
		if (bits === 0 || bits > MAX_BITS) return err({ kind: 'corrupt' });
		const fault = lengthFault(view, 3 + Math.ceil((count * bits) / 8));
		if (fault) return err(fault);
		const values = new Float64Array(count);
		for (let i = 0; i < count; i++) {
			let value = 0;
			for (let at = i * bits; at < (i + 1) * bits; at++)
				value = value * 2 + ((view.getUint8(3 + (at >> 3)) >> (7 - (at & 7))) & 1);
			values[i] = value;
		}
		return ok(values);
	}
};

import type { Compressor } from './compressor';

/** A part of a region that is one zlib stream: when the line fails, this much is sent again. */
export interface Stretch {
	/** Bytes from the flash's start. */
	readonly offset: number;
	/** As it lies in the flash. */
	readonly length: number;
	readonly compressed: Uint8Array;
}

/** Whole erase blocks of 64 KiB, so that the chip erases by those; a second and a half of a fast line. */
export const STRETCH_BYTES = 0x40000;

/**
 * A region's stretches, each deflated while the one before it is on the line: two are in memory at a time.
 * Rejects with the signal's reason.
 */
export async function* stretchesOf(
	region: { readonly offset: number; readonly bytes: Uint8Array },
	compress: Compressor,
	signal: AbortSignal
): AsyncGenerator<Stretch, void, void> {
	const { offset, bytes } = region;
	const make = async (start: number): Promise<Stretch> => {
		const part = bytes.subarray(start, start + STRETCH_BYTES);
		const compressed = await compress.deflate(part, signal);
		return { offset: offset + start, length: part.length, compressed };
	};
	let ahead = bytes.length > 0 ? make(0) : undefined;
	for (let start = STRETCH_BYTES; ahead; start += STRETCH_BYTES) {
		const stretch: Stretch = await ahead;
		ahead = start < bytes.length ? make(start) : undefined;
		ahead?.catch(() => undefined); // told when it is awaited; nobody may come for it after a cancel
		yield stretch;
	}
}

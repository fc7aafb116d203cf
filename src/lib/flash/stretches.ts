import { cutAt, type Piece } from './changes';
import type { Compressor } from './compressor';

/** What is one zlib stream: when the line fails, this much is sent again. */
export interface Stretch {
	readonly piece: Piece;
	readonly compressed: Uint8Array;
}

/** Whole erase blocks of 64 KiB, so that the chip erases by those; at most three seconds of a fast line. */
export const STRETCH_BYTES = 0x40000;

/**
 * The stretches of all pieces, each deflated while the one before it is on the line: two are in memory at a time.
 * Rejects with the signal's reason.
 */
export async function* stretchesOf(
	pieces: readonly Piece[],
	compress: Compressor,
	signal: AbortSignal
): AsyncGenerator<Stretch, void, void> {
	const parts = pieces.flatMap((piece) => cutAt(piece, STRETCH_BYTES));
	const make = async (piece: Piece | undefined): Promise<Stretch | undefined> =>
		piece && { piece, compressed: await compress.deflate(piece.bytes, signal) };
	let ahead = make(parts[0]);
	for (let i = 1; ; i++) {
		const stretch = await ahead;
		if (!stretch) return;
		ahead = make(parts[i]);
		ahead.catch(() => undefined); // told when it is awaited; nobody may come for it after a cancel
		yield stretch;
	}
}

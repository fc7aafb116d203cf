import { cutAt, type Piece } from './changes';
import type { Compressor } from './compressor';

/** What is begun once and sent in blocks: when the line fails, this much is sent again. */
export interface Stretch {
	readonly piece: Piece;
	/** What goes over the line: a zlib stream, or the bytes as they are where that would not be shorter. */
	readonly body: Uint8Array;
	readonly deflated: boolean;
}

/**
 * Whole erase blocks of 64 KiB, so that the chip erases by those. Each begin waits until all before it is programmed, 50 ms or more
 * with an idle line: the fewer the faster. Beyond this the stub's erasing ahead gets into the way of its programming.
 */
export const STRETCH_BYTES = 0x80000;
/** On a line that has failed: a second and a half of a fast line is the most that is sent again. */
export const SHORT_STRETCH_BYTES = 0x20000;

/** One stretch, ready for the line. Rejects with the signal's reason. */
export async function stretchOf(piece: Piece, compress: Compressor, signal: AbortSignal): Promise<Stretch> {
	const deflated = await compress.deflate(piece.bytes, signal);
	const shorter = deflated.length < piece.bytes.length;
	return { piece, body: shorter ? deflated : piece.bytes, deflated: shorter };
}

/**
 * The stretches of all pieces, each deflated while the one before it is on the line: two are in memory at a time.
 * Rejects with the signal's reason.
 * @param options.mostBytes of a stretch, asked when the next one is cut
 * @param options.first of the first piece, where it was made before
 */
export async function* stretchesOf(
	pieces: readonly Piece[],
	{
		compress,
		mostBytes,
		first
	}: { compress: Compressor; mostBytes: () => number; first?: Promise<Stretch> | undefined },
	signal: AbortSignal
): AsyncGenerator<Stretch, void, void> {
	const left = [...pieces];
	const make = async (): Promise<Stretch | undefined> => {
		const next = left.shift();
		if (!next) return undefined;
		const [piece = next, ...rest] = cutAt(next, mostBytes());
		left.unshift(...rest);
		const made = await first;
		first = undefined;
		return made && isSame(made.piece, piece) ? made : stretchOf(piece, compress, signal);
	};
	let ahead = make();
	for (;;) {
		const stretch = await ahead;
		if (!stretch) return;
		ahead = make();
		ahead.catch(() => undefined); // told when it is awaited; nobody may come for it after a cancel
		yield stretch;
	}
}

const isSame = (a: Piece, b: Piece): boolean =>
	a.region === b.region && a.offset === b.offset && a.bytes.length === b.bytes.length;

import { ok, type Result } from '$lib/base';
import type { FlashError } from './facts';
import { SECTOR_BYTES } from './plan-erase';

/** Bytes that belong into the flash: a region, or a part of one. */
export interface Piece {
	/** Place in the plan's regions. */
	readonly region: number;
	/** Bytes from the flash's start; a sector begins there. */
	readonly offset: number;
	readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Asks the chip for the MD5 of what it holds in a piece's place, and compares. */
export type Matches = (piece: Piece) => Promise<Result<boolean, FlashError>>;

/** What a flash erases at its fastest, and the least that is left out. */
const BLOCK_BYTES = 0x10000;
/** Sectors that a glance looks at. A chip tells the MD5 of one in a millisecond, of a megabyte in a quarter of a second. */
const GLANCES = 8;

/**
 * What of a region is to be written, by a glance first: sectors spread over it, so that a flash which holds another program is
 * found out for 0.3 % of the time that writing it takes. None only where all of them and then the whole region's MD5 were right.
 * @returns runs of blocks, in order
 */
export async function changesIn(
	region: Piece,
	matches: Matches
): Promise<Result<readonly Piece[], FlashError>> {
	const differing = new Set<number>();
	const glances = spread(cutAt(region, SECTOR_BYTES), GLANCES);
	let same = 0;
	for (const sector of glances) {
		const matched = await matches(sector);
		if (!matched.ok) return matched;
		if (matched.value) same++;
		else differing.add(blockOf(sector));
	}
	if (same === 0) return ok([region]);
	return differing.size === 0 ? unlikeIn(region, matches) : differingBlocks(region, differing, matches);
}

/** What of a region is not as it should be: none where its MD5 as a whole is right. @returns runs of blocks, in order */
export async function unlikeIn(
	region: Piece,
	matches: Matches
): Promise<Result<readonly Piece[], FlashError>> {
	const matched = await matches(region);
	if (!matched.ok) return matched;
	return matched.value ? ok([]) : differingBlocks(region, new Set(), matches);
}

/** Pieces that begin and end at multiples of `unitBytes` in the flash, but for the first's begin and the last's end. */
export function cutAt(piece: Piece, unitBytes: number): Piece[] {
	const pieces: Piece[] = [];
	const end = piece.offset + piece.bytes.length;
	for (let at = piece.offset; at < end;) {
		const next = Math.min(end, at - (at % unitBytes) + unitBytes);
		pieces.push(partOf(piece, at, next));
		at = next;
	}
	return pieces;
}

/** @param known blocks that need not be asked about */
async function differingBlocks(
	region: Piece,
	known: ReadonlySet<number>,
	matches: Matches
): Promise<Result<readonly Piece[], FlashError>> {
	const runs: { start: number; end: number }[] = [];
	for (const block of cutAt(region, BLOCK_BYTES)) {
		const matched = known.has(blockOf(block)) ? ok(false) : await matches(block);
		if (!matched.ok) return matched;
		if (matched.value) continue;
		const end = block.offset + block.bytes.length;
		const last = runs.at(-1);
		if (last?.end === block.offset) last.end = end;
		else runs.push({ start: block.offset, end });
	}
	// The whole was wrong and none of its blocks is: an answer was damaged, and nobody knows which.
	return ok(runs.length > 0 ? runs.map(({ start, end }) => partOf(region, start, end)) : [region]);
}

const blockOf = ({ offset }: Piece): number => offset - (offset % BLOCK_BYTES);

function partOf(piece: Piece, start: number, end: number): Piece {
	const bytes = piece.bytes.subarray(start - piece.offset, end - piece.offset);
	return { region: piece.region, offset: start, bytes };
}

/** At most so many of them, the first and the last among these. */
function spread<T>(all: readonly T[], most: number): readonly T[] {
	if (all.length <= most) return all;
	return Array.from({ length: most }, (_, i) => all[Math.round((i * (all.length - 1)) / (most - 1))]!);
}

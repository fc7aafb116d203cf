import { err, ok, type Result } from '$lib/base';
import type { BoardFacts } from '../facts';
import { SECTOR_BYTES, sectorsOf } from '../plan-erase';
import type { FlashRange } from '../read-loop';
import { hexAddress } from './strip';

/** Tables begin at sectors. */
export const TABLE_GRID_BYTES = SECTOR_BYTES;

/** Addresses as a person types them. */
export interface TypedRange {
	readonly from: string;
	/** The last byte that is meant, not the first beyond. */
	readonly to: string;
}

/** Why there is no range, in words, and at which of the two addresses. */
export interface RangeFault {
	readonly at: keyof TypedRange;
	readonly words: string;
}

/** Hexadecimal with 0x, or decimal. @returns bytes from the flash's start, or undefined where it is no number */
export function parseAddress(text: string): number | undefined {
	const typed = text.trim();
	return /^(0x[0-9a-f]{1,8}|[0-9]{1,10})$/iu.test(typed) ? Number(typed) : undefined;
}

/** The whole sectors that hold what was typed: nothing less can be written back. */
export function parseRange(
	typed: TypedRange,
	{ flashSizeBytes }: Pick<BoardFacts, 'flashSizeBytes'>
): Result<FlashRange, RangeFault> {
	const [from, to] = [parseAddress(typed.from), parseAddress(typed.to)];
	if (from === undefined) return fault('from', `Write it like ${hexAddress(SECTOR_BYTES)}.`);
	if (to === undefined)
		return fault('to', `Write it like ${hexAddress(2 * SECTOR_BYTES - 1)}: the last byte that you want.`);
	if (to < from) return fault('to', 'It lies before the first address.');
	if (flashSizeBytes !== null && to >= flashSizeBytes)
		return fault(
			from >= flashSizeBytes ? 'from' : 'to',
			`This flash ends at ${hexAddress(flashSizeBytes - 1)}.`
		);
	return ok(sectorsOf({ offset: from, length: to - from + 1 }));
}

const fault = (at: RangeFault['at'], words: string) => err({ at, words });

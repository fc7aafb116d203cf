import { err, ok, type Result } from '$lib/base';
import type { FlashError, FlashState } from './facts';
import type { WritePlan } from './plan-facts';

/** What a clearing needs of a chip, each with its own tries. */
export interface ClearingChip {
	/** Whether the chip's MD5 of that stretch is the one of these bytes. */
	readonly holds: (offset: number, bytes: Uint8Array<ArrayBuffer>) => Promise<Result<boolean, FlashError>>;
	/** False where the answer was lost, and the chip was met again. */
	readonly erase: (offset: number, length: number) => Promise<Result<boolean, FlashError>>;
	/** Likewise. */
	readonly eraseChip: () => Promise<Result<boolean, FlashError>>;
}

/** Erased in one command: a few seconds at most, after which a cancel is heard. */
const STEP_BYTES = 0x100000;
const ERASED = 0xff;
const TRIES = 3;

/** What a plan erases before it writes: the whole chip, or what it clears, or nothing. */
export async function erase(
	{ eraseAll, cleared }: Pick<WritePlan, 'eraseAll' | 'cleared'>,
	chip: ClearingChip,
	tell: (state: FlashState) => void
): Promise<Result<undefined, FlashError>> {
	if (eraseAll) {
		tell({ kind: 'erasing' });
		for (let tries = 1; tries <= TRIES; tries++) {
			const erased = await chip.eraseChip();
			if (!erased.ok) return erased;
			if (erased.value) return ok(undefined);
		}
		return err({ kind: 'no-answer', heard: 'nothing' });
	}
	if (cleared.length === 0) return ok(undefined);
	const totalBytes = cleared.reduce((sum, { length }) => sum + length, 0);
	return clear(cleared, chip, (doneBytes) => tell({ kind: 'erasing', doneBytes, totalBytes }));
}

/**
 * Erases stretches of whole sectors, step by step, and nothing beside them. What is erased already is left alone, and nothing
 * counts as erased before the chip's digest says so.
 * @param told bytes that are known to be erased
 */
async function clear(
	stretches: readonly { readonly offset: number; readonly length: number }[],
	chip: Pick<ClearingChip, 'holds' | 'erase'>,
	told: (doneBytes: number) => void
): Promise<Result<undefined, FlashError>> {
	let doneBytes = 0;
	for (const { offset, length } of stretches.flatMap(inSteps)) {
		told(doneBytes);
		const wanted = new Uint8Array(length).fill(ERASED);
		for (let tries = 1; ; tries++) {
			const clean = await chip.holds(offset, wanted);
			if (!clean.ok) return clean;
			if (clean.value) break;
			if (tries > TRIES) return err({ kind: 'verify-failed', offsetBytes: offset });
			const erased = await chip.erase(offset, length);
			if (!erased.ok) return erased;
		}
		doneBytes += length;
	}
	told(doneBytes);
	return ok(undefined);
}

/** Steps end at multiples of their size, so that the flash erases by its largest blocks. */
function inSteps({ offset, length }: { readonly offset: number; readonly length: number }) {
	const steps: { readonly offset: number; readonly length: number }[] = [];
	const end = offset + length;
	for (let at = offset; at < end;) {
		const next = Math.min(end, at - (at % STEP_BYTES) + STEP_BYTES);
		steps.push({ offset: at, length: next - at });
		at = next;
	}
	return steps;
}

import { err, ok, type Result } from '$lib/base';
import type { FlashError } from './facts';

/** What a clearing needs of a chip, each with its own tries. */
export interface ClearingChip {
	/** Whether the chip's MD5 of that stretch is the one of these bytes. */
	readonly holds: (offset: number, bytes: Uint8Array<ArrayBuffer>) => Promise<Result<boolean, FlashError>>;
	readonly erase: (offset: number, length: number) => Promise<Result<undefined, FlashError>>;
}

/** Erased in one command: a few seconds at most, after which a cancel is heard. */
const STEP_BYTES = 0x100000;
const ERASED = 0xff;
const TRIES = 3;

/**
 * Erases stretches of whole sectors, step by step, and nothing beside them. What is erased already is left alone, and nothing
 * counts as erased before the chip's digest says so.
 * @param told bytes that are known to be erased
 */
export async function clear(
	stretches: readonly { readonly offset: number; readonly length: number }[],
	chip: ClearingChip,
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

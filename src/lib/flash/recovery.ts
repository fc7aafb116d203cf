import { err, ok, type Result } from '$lib/base';
import type { ChipSession } from './chip-session';
import type { FlashError } from './facts';
import type { LineFault } from './stub-line';

/** A chip that answers no more is reset and its stub loaded anew, so often in one act. */
const NEW_BEGINNINGS = 3;

/** How one act with a chip goes on after something went wrong on the line. */
export class Recovery {
	#beginnings = 0;

	/** @param baud wished, bits per second, after each new beginning */
	constructor(
		private readonly session: ChipSession,
		private readonly baud: number
	) {}

	/** How often the chip was reset so far: its program may have run then, and written. */
	get beginnings(): number {
		return this.#beginnings;
	}

	/** The same stub where it still answers, else the chip from its reset on. Rejects with the signal's reason. */
	async meetAgain(fault: LineFault | undefined, signal: AbortSignal): Promise<Result<undefined, FlashError>> {
		const { session, baud } = this;
		if (fault?.kind === 'lost') return err(session.errorOf(fault));
		const met = await session.stub?.resync(signal);
		if (met?.ok && met.value) return ok(undefined);
		if (met && !met.ok) return err(session.errorOf(met.error));
		if (++this.#beginnings > NEW_BEGINNINGS) return err({ kind: 'no-answer', heard: 'nothing' });
		const begun = await session.begin(() => undefined, signal);
		if (!begun.ok) return begun;
		const fast = await session.speedUp(baud, signal);
		return fast.ok ? ok(undefined) : fast;
	}
}

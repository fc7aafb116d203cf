import { err, ok, type Result } from '$lib/base';
import { Strain } from './baud-ladder';
import type { ChipSession } from './chip-session';
import type { FlashError } from './facts';
import type { LineFault } from './stub-line';

/** A chip that answers no more is reset and its stub loaded anew, so often in one act and at one rate. */
const NEW_BEGINNINGS = 3;

/** How one act with a chip goes on after something went wrong on the line: with the same stub, a new one, or a slower line. */
export class Recovery {
	#begun = 0;
	readonly #strain = new Strain();

	/** @param baud wished, bits per second, after each new beginning */
	constructor(
		private readonly session: ChipSession,
		private readonly baud: number
	) {}

	/** How often the chip was reset so far: its program may have run then, and written. */
	get beginnings(): number {
		return this.session.beginnings;
	}

	/** Something went wrong that needs no meeting anew. */
	fault(): void {
		this.#strain.fault();
	}

	/** A stretch went through. */
	ease(): void {
		this.#strain.ease();
	}

	/**
	 * The same stub where it still answers, else the chip from its reset on; on a slower line, where too much went wrong at this
	 * rate. Rejects with the signal's reason.
	 */
	async meetAgain(fault: LineFault | undefined, signal: AbortSignal): Promise<Result<undefined, FlashError>> {
		const { session, baud } = this;
		const gone = fault?.kind === 'lost';
		if (gone && !(await session.comesBack(signal))) return err(session.errorOf(fault));
		this.#strain.fault();
		const met = gone ? undefined : await session.stub?.resync(signal);
		if (met && !met.ok) return err(session.errorOf(met.error));
		if (!met?.value) {
			this.#strain.fault(); // a stub that is lost weighs more than a block
			if (++this.#begun > NEW_BEGINNINGS) return err({ kind: 'no-answer', heard: session.heard });
			const begun = await session.begin(() => undefined, signal);
			if (!begun.ok) return begun;
			const fast = await session.speedUp(baud, signal);
			if (!fast.ok) return fast;
		}
		return this.#strain.tooMuch ? this.#slowDown(signal) : ok(undefined);
	}

	async #slowDown(signal: AbortSignal): Promise<Result<undefined, FlashError>> {
		this.#strain.forget();
		const slowed = await this.session.slowDown(signal);
		if (!slowed.ok) return slowed;
		if (slowed.value) this.#begun = 0;
		return ok(undefined);
	}
}

/** A rate must fail this often: whatever else the machine does now and then is not ours. */
const TRIES = 2;
const FIRST_STEP = 1.15;

/**
 * Looks for the highest rate that is still kept up with: brackets it by growing steps, then halves the bracket. It is asked and
 * told one trial at a time, so that two searches can take turns.
 */
export class RateSearch {
	#rate: number;
	#held = 0;
	#failed = Infinity;
	#step = FIRST_STEP;
	#tries = 0;

	/**
	 * @param about where to begin, 1/s
	 * @param precision the two bounds of the answer lie this close together
	 */
	constructor(
		about: number,
		private readonly precision = 1.05
	) {
		this.#rate = about;
	}

	/** What to try next, 1/s. */
	get rate(): number {
		return this.#rate;
	}

	/** The highest rate that held; undefined while it is not known well enough. */
	get found(): number | undefined {
		return this.#failed / this.#held <= this.precision ? this.#held : undefined;
	}

	/** How the trial of `rate` ended. */
	tell(held: boolean): void {
		if (!held && ++this.#tries < TRIES) return;
		this.#tries = 0;
		if (held) this.#held = this.#rate;
		else this.#failed = this.#rate;
		this.#rate = this.#next();
	}

	#next(): number {
		if (this.#held > 0 && this.#failed < Infinity) return Math.sqrt(this.#held * this.#failed);
		const rate = this.#held > 0 ? this.#rate * this.#step : this.#rate / this.#step;
		this.#step *= FIRST_STEP; // the farther off, the longer the steps
		return rate;
	}
}

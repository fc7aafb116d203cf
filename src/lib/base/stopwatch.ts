import type { Clock } from './clock';

/** Time that has gone by, by a clock that may be set: set back, it goes on from there. Never runs backwards. */
export class Stopwatch {
	readonly #clock: Clock;
	#lastMs: number;
	#sumMs = 0;

	constructor(clock: Clock) {
		this.#clock = clock;
		this.#lastMs = clock.now();
	}

	/** Since it was made, ms: of a stretch in which the clock was set back, nothing counts. */
	get ms(): number {
		const nowMs = this.#clock.now();
		this.#sumMs += Math.max(0, nowMs - this.#lastMs);
		this.#lastMs = nowMs;
		return this.#sumMs;
	}
}

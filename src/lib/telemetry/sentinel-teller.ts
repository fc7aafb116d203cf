import { Stopwatch, type Clock } from '$lib/base';

/** The page's copy of the sentinel is at most this far behind, ms. */
const SENTINEL_MS = 5000;

/** Tells the sentinel to the page: at once when asked to, at most every 5 s while records come. */
export class SentinelTeller {
	readonly #clock: Clock;
	readonly #tell: () => void;
	#told: Stopwatch | undefined;
	#cancel: (() => void) | undefined;

	constructor(clock: Clock, tell: () => void) {
		this.#clock = clock;
		this.#tell = tell;
	}

	/** Tells at once if it was long ago, else as soon as it is. */
	changed(): void {
		if (this.#cancel) return;
		const waitMs = SENTINEL_MS - (this.#told?.ms ?? SENTINEL_MS);
		if (waitMs <= 0) this.tellNow();
		else this.#cancel = this.#clock.after(waitMs, () => this.tellNow());
	}

	tellNow(): void {
		this.stop();
		this.#told = new Stopwatch(this.#clock);
		this.#tell();
	}

	stop(): void {
		this.#cancel?.();
		this.#cancel = undefined;
	}
}

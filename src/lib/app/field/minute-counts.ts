import type { Clock } from '$lib/base';

const MINUTE_MS = 60_000;
const MINUTES = 60;

/** Events in each of the last sixty whole minutes, in constant memory. */
export class MinuteCounts {
	/** One more than is told: the minute that has not ended. */
	readonly #slots = new Uint32Array(MINUTES + 1);
	readonly #first: number;
	#minute: number;

	constructor(private readonly clock: Clock) {
		this.#first = this.#minute = Math.floor(clock.now() / MINUTE_MS);
	}

	count(): void {
		this.#turn();
		this.#slots[this.#minute % this.#slots.length]!++;
	}

	/**
	 * @returns oldest first, ending with the last whole minute, which ended at `endMs`; fewer than sixty where the counting began
	 * later: of the time before nothing is known
	 */
	whole(): { readonly endMs: number; readonly perMinute: readonly number[] } {
		this.#turn();
		// The first minute was not seen from its beginning.
		const known = Math.min(MINUTES, Math.max(0, this.#minute - this.#first - 1));
		const perMinute = Array.from(
			{ length: known },
			(_, i) => this.#slots[(this.#minute - known + i) % this.#slots.length]!
		);
		return { endMs: this.#minute * MINUTE_MS, perMinute };
	}

	#turn(): void {
		const minute = Math.floor(this.clock.now() / MINUTE_MS);
		const passed = Math.min(this.#slots.length, Math.max(0, minute - this.#minute));
		for (let i = 0; i < passed; i++) this.#slots[(minute - i) % this.#slots.length] = 0;
		this.#minute = Math.max(this.#minute, minute);
	}
}

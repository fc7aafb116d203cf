import type { Clock } from '$lib/base';

/**
 * Turns many small changes into few emissions: the first at once, then at most one each `intervalMs()`. The interval is asked anew
 * each time, for what is dear to emit may grow.
 */
export class Coalescer {
	#lastMs = -Infinity;
	#cancel: (() => void) | undefined;

	constructor(
		private readonly clock: Clock,
		private readonly intervalMs: () => number,
		private readonly emit: () => void
	) {}

	mark(): void {
		if (this.#cancel) return;
		const dueMs = this.#lastMs + this.intervalMs() - this.clock.now();
		// Never within the caller: a burst in one task gives one emission, holding all of it.
		this.#cancel = this.clock.after(Math.max(0, dueMs), () => {
			this.#cancel = undefined;
			this.#lastMs = this.clock.now();
			this.emit();
		});
	}

	stop(): void {
		this.#cancel?.();
		this.#cancel = undefined;
	}
}

/** One frame at 60 Hz. */
export const FRAME_MS = 16;

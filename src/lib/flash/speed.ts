import type { Clock } from '$lib/base';

/** Long enough that one slow block does not shake the figure, short enough to follow a change. */
const WINDOW_MS = 3000;
/** Before this nothing can be said. */
const LEAST_MS = 400;

export interface Pace {
	readonly bytesPerSecond?: number;
	readonly secondsLeft?: number;
}

/** Speed over a sliding window, and what is left at it. */
export class SpeedGauge {
	#marks: { readonly atMs: number; readonly bytes: number }[] = [];

	constructor(
		private readonly clock: Clock,
		private readonly totalBytes: number
	) {}

	/** @param bytes done so far; fewer than before where a stretch begins anew */
	mark(bytes: number): Pace {
		const atMs = this.clock.now();
		if (bytes < (this.#marks.at(-1)?.bytes ?? 0)) this.#marks = [];
		this.#marks.push({ atMs, bytes });
		while (this.#marks.length > 2 && atMs - this.#marks[1]!.atMs >= WINDOW_MS) this.#marks.shift();
		const first = this.#marks[0]!;
		const spanMs = atMs - first.atMs;
		if (spanMs < LEAST_MS || bytes === first.bytes) return {};
		const bytesPerSecond = (1000 * (bytes - first.bytes)) / spanMs;
		return { bytesPerSecond, secondsLeft: (this.totalBytes - bytes) / bytesPerSecond };
	}
}

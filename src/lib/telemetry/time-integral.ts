/** Steps up to this are never gaps unless a limit is given; ms. */
const LEAST_GAP_MS = 5_000;
/** A gap is longer than so many of the steps around it. */
const GAP_FACTOR = 4;
/** Between means of some time, which lie as far apart as that is long: also of their width. */
const MEANS_GAP_FACTOR = 1.5;
/** Steps looked at on each side of one. */
export const STEPS_AROUND = 4;
const RING = 2 * STEPS_AROUND + 1;

/**
 * The area under straight lines between points that come by time, without the gaps, from one time to another: points beside those tell
 * what was measured at these ends, and whether there was a gap. Unless a limit is given, a step is a gap where it is
 * longer than 5 s and than four times the median of the nine steps of which it is the middle (fewer at the ends). So it follows a change
 * of pace, and what is long but regular is no gap.
 */
export class TimeIntegral {
	/** Of the last `RING` steps, by their number. */
	readonly #stepMs = new Float64Array(RING);
	/** What of it lies between the ends: ms, and value × ms. */
	readonly #insideMs = new Float64Array(RING);
	readonly #area = new Float64Array(RING);
	/** The wider one of its ends. */
	readonly #widthMs = new Float64Array(RING);
	readonly #gapFactor = new Float64Array(RING);
	/** Steps seen, and those of them of which it is known whether they are gaps. */
	#steps = 0;
	#judged = 0;
	#lastMs = NaN;
	#last = 0;
	#lastWidthMs = 0;
	#sum = 0;
	#coveredMs = 0;

	/** @param maxGapMs longer steps are gaps; undefined: by the steps around */
	constructor(
		private readonly maxGapMs: number | undefined,
		private readonly fromMs: number,
		private readonly toMs: number
	) {}

	/** @param widthMs of time that the value is the mean of; 0 of a sample */
	add(timeMs: number, value: number, widthMs: number): void {
		const stepMs = timeMs - this.#lastMs;
		if (stepMs > 0) {
			const at = this.#steps % RING;
			this.#stepMs[at] = stepMs;
			const [beginMs, endMs] = [Math.max(this.#lastMs, this.fromMs), Math.min(timeMs, this.toMs)];
			this.#insideMs[at] = Math.max(0, endMs - beginMs);
			this.#area[at] =
				endMs > beginMs ? (endMs - beginMs) * this.#between((beginMs + endMs) / 2, timeMs, value) : 0;
			this.#widthMs[at] = Math.max(widthMs, this.#lastWidthMs);
			this.#gapFactor[at] = Math.min(widthMs, this.#lastWidthMs) > 0 ? MEANS_GAP_FACTOR : GAP_FACTOR;
			this.#steps++;
			if (this.#steps - this.#judged > STEPS_AROUND) this.#judge();
		}
		this.#lastMs = timeMs;
		this.#last = value;
		this.#lastWidthMs = widthMs;
	}

	/** After the last point. @returns value × ms, and the ms that it covers */
	end(): { readonly area: number; readonly coveredMs: number } {
		while (this.#judged < this.#steps) this.#judge();
		return { area: this.#sum, coveredMs: this.#coveredMs };
	}

	#judge(): void {
		const at = this.#judged % RING;
		const stepMs = this.#stepMs[at]!;
		if (stepMs <= MEANS_GAP_FACTOR * this.#widthMs[at]! || !this.#isGap(stepMs, this.#gapFactor[at]!)) {
			this.#sum += this.#area[at]!;
			this.#coveredMs += this.#insideMs[at]!;
		}
		this.#judged++;
	}

	/** On the straight line from the last point to this one. */
	#between(atMs: number, timeMs: number, value: number): number {
		const share = (atMs - this.#lastMs) / (timeMs - this.#lastMs);
		return this.#last * (1 - share) + value * share;
	}

	/** Of the step that is judged. The median times `factor` is shorter than it where that is true of most. */
	#isGap(stepMs: number, factor: number): boolean {
		if (this.maxGapMs !== undefined) return stepMs > this.maxGapMs;
		if (stepMs <= LEAST_GAP_MS) return false;
		const from = Math.max(0, this.#judged - STEPS_AROUND);
		const to = Math.min(this.#steps, this.#judged + STEPS_AROUND + 1);
		let shorter = 0;
		for (let i = from; i < to; i++) if (factor * this.#stepMs[i % RING]! < stepMs) shorter++;
		return 2 * shorter >= to - from;
	}
}

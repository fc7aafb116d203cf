import { type ChartSeries, firstFrom, gapThreshold } from './series';

/**
 * What of a series a chart draws: at most two entries for each column of pixels, time ascending, in arrays that are used again
 * for the next frame. A lowest or highest value never gets lost on the way here. Where `avg` is NaN the line breaks.
 */
export class PixelColumns {
	length = 0;
	timeMs = new Float64Array(0);
	min = new Float64Array(0);
	max = new Float64Array(0);
	avg = new Float64Array(0);
	/** Of all entries; Infinity and −Infinity where there is none. */
	lowest = Infinity;
	highest = -Infinity;

	/**
	 * Takes what is between two times and one value beyond each end, so that lines reach the edge.
	 * @param columnMs what one column of pixels covers; values are folded only where there are more than two for each
	 */
	reduce(series: ChartSeries, fromMs: number, toMs: number, columnMs: number): void {
		const { timeMs, min, max, avg } = series;
		const begin = Math.max(0, firstFrom(timeMs, fromMs) - 1);
		const end = Math.min(timeMs.length, firstFrom(timeMs, toMs) + 1);
		this.length = 0;
		this.lowest = Infinity;
		this.highest = -Infinity;
		const fold = end - begin > (2 * (toMs - fromMs)) / columnMs;
		const gapMs = gapThreshold(timeMs);
		let before = NaN;
		let column = NaN;
		let count = 0;
		for (let i = begin; i < end; i++) {
			const t = timeMs[i]!;
			const value = avg[i]!;
			if (t - before > gapMs) {
				this.#push((before + t) / 2, NaN, NaN, NaN);
				column = NaN;
			}
			before = t;
			// Counted from the epoch, so that what is folded together stays together while the window slides.
			const mine = fold ? Math.floor(t / columnMs) : i;
			const last = this.length - 1;
			if (mine === column && last >= 0) {
				if (Number.isNaN(value)) continue;
				if (Number.isNaN(this.avg[last]!)) {
					this.length--;
					this.#push(this.timeMs[last]!, min[i]!, max[i]!, value);
					count = 1;
					continue;
				}
				this.avg[last]! += (value - this.avg[last]!) / ++count;
				this.#widen(last, min[i]!, max[i]!);
			} else {
				this.#push(t, min[i]!, max[i]!, value);
				column = mine;
				count = 1;
			}
		}
	}

	#push(timeMs: number, min: number, max: number, avg: number): void {
		if (this.length === this.timeMs.length) this.#room(2 * this.length + 16);
		const i = this.length++;
		this.timeMs[i] = timeMs;
		this.min[i] = min;
		this.max[i] = max;
		this.avg[i] = avg;
		if (min < this.lowest) this.lowest = min;
		if (max > this.highest) this.highest = max;
	}

	#widen(at: number, min: number, max: number): void {
		if (min < this.min[at]!) this.min[at] = min;
		if (max > this.max[at]!) this.max[at] = max;
		if (min < this.lowest) this.lowest = min;
		if (max > this.highest) this.highest = max;
	}

	#room(length: number): void {
		if (length <= this.timeMs.length) return;
		const grown = (column: Float64Array<ArrayBuffer>) => {
			const more = new Float64Array(length);
			more.set(column.subarray(0, this.length));
			return more;
		};
		this.timeMs = grown(this.timeMs);
		this.min = grown(this.min);
		this.max = grown(this.max);
		this.avg = grown(this.avg);
	}
}

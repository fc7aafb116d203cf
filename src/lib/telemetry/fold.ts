import type { SeriesColumns } from './store';

/**
 * Folds points into buckets of [fromMs, toMs): min, max, sum and count of each. The buckets are equal, but for where they end:
 * with a step, at the first multiple of it there or after, so that no rollup of that width lies in two.
 */
export class BucketFold {
	readonly #min: Float64Array<ArrayBuffer>;
	readonly #max: Float64Array<ArrayBuffer>;
	readonly #sum: Float64Array<ArrayBuffer>;
	readonly #count: Uint32Array<ArrayBuffer>;

	constructor(
		readonly fromMs: number,
		readonly toMs: number,
		readonly buckets: number,
		readonly stepMs?: number
	) {
		this.#min = new Float64Array(buckets).fill(Infinity);
		this.#max = new Float64Array(buckets).fill(-Infinity);
		this.#sum = new Float64Array(buckets);
		this.#count = new Uint32Array(buckets);
	}

	/** The bucket of a time that lies in the range. */
	indexOf(timeMs: number): number {
		const { fromMs, toMs, buckets, stepMs } = this;
		const at = stepMs ? Math.max(fromMs, Math.floor(timeMs / stepMs) * stepMs) : timeMs;
		// Divided last: a time on a bucket's very start is then never taken for the end of the one before.
		return Math.min(buckets - 1, Math.floor(((at - fromMs) * buckets) / (toMs - fromMs)));
	}

	add(timeMs: number, value: number): void {
		const i = this.indexOf(timeMs);
		if (value < this.#min[i]!) this.#min[i] = value;
		if (value > this.#max[i]!) this.#max[i] = value;
		this.#sum[i]! += value;
		this.#count[i]!++;
	}

	/**
	 * Adds the present values of [start, end) of two parallel columns, value NaN where there is none: as `add` does each, but a bucket
	 * at a time.
	 * @param times ascending
	 * @returns how many there were
	 */
	addColumn(times: Float64Array, values: Float64Array, start: number, end: number): number {
		let added = 0;
		for (let at = start; at < end;) {
			const i = this.indexOf(times[at]!);
			const until = this.#endOf(i, times, at, end);
			let [min, max, sum, count] = [this.#min[i]!, this.#max[i]!, this.#sum[i]!, 0];
			for (; at < until; at++) {
				const value = values[at]!;
				if (Number.isNaN(value)) continue;
				if (value < min) min = value;
				if (value > max) max = value;
				sum += value;
				count++;
			}
			this.#min[i] = min;
			this.#max[i] = max;
			this.#sum[i] = sum;
			this.#count[i]! += count;
			added += count;
		}
		return added;
	}

	/** The first of times in [at, end) that lies behind bucket `i`, in which `at` does. */
	#endOf(i: number, times: Float64Array, at: number, end: number): number {
		let inside = at;
		let step = 1;
		while (at + step < end && this.indexOf(times[at + step]!) === i) {
			inside = at + step;
			step *= 2;
		}
		let outside = Math.min(end, at + step);
		while (inside + 1 < outside) {
			const middle = (inside + outside) >> 1;
			if (this.indexOf(times[middle]!) === i) inside = middle;
			else outside = middle;
		}
		return outside;
	}

	/** Adds many points whose times lie all in one bucket. */
	addSummary(timeMs: number, of: { min: number; max: number; sum: number; count: number }): void {
		const i = this.indexOf(timeMs);
		this.#min[i] = Math.min(this.#min[i]!, of.min);
		this.#max[i] = Math.max(this.#max[i]!, of.max);
		this.#sum[i]! += of.sum;
		this.#count[i]! += of.count;
	}

	#startOf(bucket: number): number {
		const { fromMs, toMs, buckets, stepMs } = this;
		const even = fromMs + (bucket * (toMs - fromMs)) / buckets;
		return stepMs && bucket > 0 ? Math.ceil(even / stepMs) * stepMs : even;
	}

	/** Columns without the empty buckets. */
	columns(): SeriesColumns {
		const used = Array.from({ length: this.buckets }, (_, i) => i).filter((i) => this.#count[i]! > 0);
		return {
			timeMs: Float64Array.from(used, (i) => this.#startOf(i)),
			min: Float64Array.from(used, (i) => this.#min[i]!),
			max: Float64Array.from(used, (i) => this.#max[i]!),
			avg: Float64Array.from(used, (i) => this.#sum[i]! / this.#count[i]!),
			count: Uint32Array.from(used, (i) => this.#count[i]!)
		};
	}
}

/** A point, or what is left of several. */
export interface Summary {
	readonly timeMs: number;
	readonly min: number;
	readonly max: number;
	readonly sum: number;
	readonly count: number;
}

/** Each as a bucket of its own, time ascending. */
export function pointColumns(points: readonly Summary[]): SeriesColumns {
	const sorted = [...points].sort((a, b) => a.timeMs - b.timeMs);
	return {
		timeMs: Float64Array.from(sorted, (p) => p.timeMs),
		min: Float64Array.from(sorted, (p) => p.min),
		max: Float64Array.from(sorted, (p) => p.max),
		avg: Float64Array.from(sorted, (p) => p.sum / p.count),
		count: Uint32Array.from(sorted, (p) => p.count)
	};
}

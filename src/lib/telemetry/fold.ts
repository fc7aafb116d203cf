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
	 * Adds the present values of [start, end) of two parallel columns, value NaN where there is none: as `add` does each, without a call a
	 * point, so that a process's first query is quick too.
	 * @returns how many there were
	 */
	addColumn(times: Float64Array, values: Float64Array, start: number, end: number): number {
		const { fromMs, toMs, buckets, stepMs } = this;
		const [min, max, sum, count] = [this.#min, this.#max, this.#sum, this.#count];
		let added = 0;
		for (let at = start; at < end; at++) {
			const value = values[at]!;
			if (Number.isNaN(value)) continue;
			const timeMs = times[at]!;
			const fromStep = stepMs ? Math.max(fromMs, Math.floor(timeMs / stepMs) * stepMs) : timeMs;
			const i = Math.min(buckets - 1, Math.floor(((fromStep - fromMs) * buckets) / (toMs - fromMs)));
			if (value < min[i]!) min[i] = value;
			if (value > max[i]!) max[i] = value;
			sum[i]! += value;
			count[i]!++;
			added++;
		}
		return added;
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

import type { ChartSeries, GrowingSeries } from '$lib/ui';

/** Columns ascending in time. */
export interface LivePoints {
	readonly timeMs: ArrayLike<number>;
	readonly value: ArrayLike<number>;
}

type Change = Parameters<Parameters<GrowingSeries['watch']>[0]>[0];

/**
 * A query's answer, and live points after it folded into buckets, in arrays that grow in place: a point costs no more than writing
 * it down. What is drawn of them depends on the window, not on how fast a device speaks.
 */
export class GrowingColumns implements GrowingSeries {
	#columns = [0, 1, 2, 3].map(() => new Float64Array(64));
	#counts = new Uint32Array(64);
	#length = 0;
	/** Where the live points begin. */
	#tail = 0;
	#listeners: readonly ((how: Change) => void)[] = [];

	/** @param most live buckets; a quarter of them, the oldest, goes when there are more */
	constructor(private readonly most: number) {}

	get timeMs(): Float64Array {
		return this.#view(0);
	}
	get min(): Float64Array {
		return this.#view(1);
	}
	get max(): Float64Array {
		return this.#view(2);
	}
	get avg(): Float64Array {
		return this.#view(3);
	}

	watch(changed: (how: Change) => void, signal: AbortSignal): void {
		this.#listeners = [...this.#listeners, changed];
		const forget = () => (this.#listeners = this.#listeners.filter((one) => one !== changed));
		signal.addEventListener('abort', forget, { once: true });
	}

	/**
	 * Adds live points; those within `widthMs` of the last bucket's start join it, because a chart shows nothing finer.
	 * @param points columns ascending in time; what is not later than the answer's end is in it already
	 * @param widthMs 0 keeps every point apart
	 * @param apart the first one begins a bucket of its own
	 */
	add(points: LivePoints, widthMs: number, apart = false): void {
		const [time, min, max, avg] = this.#make(points.timeMs.length);
		const known = this.#tail > 0 ? time[this.#tail - 1]! : -Infinity;
		let joins = !apart;
		for (let i = 0; i < points.timeMs.length; i++) {
			const t = points.timeMs[i]!;
			const value = points.value[i]!;
			if (t <= known || Number.isNaN(value)) continue;
			const last = this.#length - 1;
			if (joins && last >= this.#tail && t - time[last]! < widthMs) {
				const count = ++this.#counts[last]!;
				if (value < min[last]!) min[last] = value;
				if (value > max[last]!) max[last] = value;
				avg[last]! += (value - avg[last]!) / count;
			} else {
				joins = true;
				this.#put(t, value);
			}
		}
		this.#tell(this.#cut() ? 'replaced' : 'grew');
	}

	/** Puts a new answer before those live points that came after it. */
	replace(answer: ChartSeries): void {
		const lastMs = answer.timeMs[answer.timeMs.length - 1] ?? -Infinity;
		let from = this.#tail;
		while (from < this.#length && this.#columns[0]![from]! <= lastMs) from++;
		const live = this.#columns.map((column) => column.slice(from, this.#length));
		const counts = this.#counts.slice(from, this.#length);
		this.#length = 0;
		this.#make(answer.timeMs.length + counts.length);
		for (const [i, column] of [answer.timeMs, answer.min, answer.max, answer.avg].entries()) {
			this.#columns[i]!.set(column);
			this.#columns[i]!.set(live[i]!, answer.timeMs.length);
		}
		this.#counts.set(counts, answer.timeMs.length);
		this.#tail = answer.timeMs.length;
		this.#length = this.#tail + counts.length;
		this.#tell('replaced');
	}

	#view(column: number): Float64Array {
		return this.#columns[column]!.subarray(0, this.#length);
	}

	#put(timeMs: number, value: number): void {
		const at = this.#length++;
		this.#columns[0]![at] = timeMs;
		for (let i = 1; i < 4; i++) this.#columns[i]![at] = value;
		this.#counts[at] = 1;
	}

	/** Room for so many more. @returns time, min, max, avg */
	#make(more: number): readonly [Float64Array, Float64Array, Float64Array, Float64Array] {
		const wanted = this.#length + more;
		if (wanted > this.#counts.length) {
			const room = 2 * wanted;
			this.#columns = this.#columns.map((column) => {
				const wide = new Float64Array(room);
				wide.set(column.subarray(0, this.#length));
				return wide;
			});
			const counts = new Uint32Array(room);
			counts.set(this.#counts.subarray(0, this.#length));
			this.#counts = counts;
		}
		const [time, min, max, avg] = this.#columns;
		return [time!, min!, max!, avg!];
	}

	/** Seldom, and then many at once: all that follow are told anew. @returns whether any went */
	#cut(): boolean {
		const live = this.#length - this.#tail;
		if (live <= this.most) return false;
		const gone = live - Math.ceil(0.75 * this.most);
		for (const column of [...this.#columns, this.#counts])
			column.copyWithin(this.#tail, this.#tail + gone, this.#length);
		this.#length -= gone;
		return true;
	}

	#tell(how: Change): void {
		for (const listener of this.#listeners) listener(how);
	}
}

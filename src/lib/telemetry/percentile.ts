/** Values sorted at most: 8 MiB. Beyond, they are counted by kinds. */
const MOST_SORTED = 1 << 20;
/** Kinds of values told apart at most: some 16 MB. */
const MOST_KINDS = 1 << 18;

/** Takes values one by one. */
export interface Percentile {
	add(value: number): void;
	/** The smallest value that so great a share (0 … 1) of them does not exceed (nearest rank). At least one was added. */
	of(share: number): number;
}

/**
 * Exact of up to `sorted` values, and of more where no more than `kinds` of them differ. Else values whose highest bits are alike
 * count as one, the largest of them: so the answer was measured, and its distance from the exact one is a share of itself, whatever
 * outliers there are (of values between 1 and 100 less than 1 / 32,768, of any at all less than 1 / 64).
 * @param most values that will come
 */
export const percentileOf = (most: number, sorted = MOST_SORTED, kinds = MOST_KINDS): Percentile =>
	most <= sorted ? new SortedValues(most) : new CountedValues(kinds);

class SortedValues implements Percentile {
	readonly #values: Float64Array;
	#count = 0;

	constructor(most: number) {
		this.#values = new Float64Array(most);
	}

	add(value: number): void {
		this.#values[this.#count++] = value;
	}

	of(share: number): number {
		return this.#values.subarray(0, this.#count).sort()[Math.ceil(share * this.#count) - 1]!;
	}
}

class CountedValues implements Percentile {
	readonly #places = new Map<number, number>();
	#largest: Float64Array;
	#count: Float64Array;
	/** 0: each value is a kind of its own. Then so many of the high 32 bits, less one, are let go of. */
	#coarseness = 0;
	#all = 0;

	constructor(private readonly most: number) {
		this.#largest = new Float64Array(most + 1);
		this.#count = new Float64Array(most + 1);
	}

	add(value: number): void {
		this.#all++;
		this.#put(value, 1);
	}

	of(share: number): number {
		const order = Uint32Array.from(this.#places.values()).sort(
			(a, b) => this.#largest[a]! - this.#largest[b]!
		);
		let left = Math.ceil(share * this.#all);
		return this.#largest[order.find((at) => (left -= this.#count[at]!) <= 0)!]!;
	}

	#put(value: number, times: number): void {
		const kind = this.#coarseness === 0 ? value : ascendingBits(value) >>> (this.#coarseness - 1);
		const at = this.#places.get(kind);
		if (at !== undefined) {
			this.#largest[at] = Math.max(this.#largest[at]!, value);
			this.#count[at]! += times;
			return;
		}
		const next = this.#places.size;
		this.#places.set(kind, next);
		this.#largest[next] = value;
		this.#count[next] = times;
		if (next === this.most) this.#coarsen();
	}

	#coarsen(): void {
		const [largest, count] = [this.#largest.slice(), this.#count.slice()];
		this.#coarseness++;
		this.#places.clear();
		for (let i = 0; i < largest.length; i++) this.#put(largest[i]!, count[i]!);
	}
}

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);

/** The high 32 bits of a double as an integer that rises with it (IEEE 754-2008 §5.10, total order). */
function ascendingBits(value: number): number {
	double[0] = value;
	const high = words[1]!;
	return (high & 0x8000_0000 ? ~high : high | 0x8000_0000) >>> 0;
}

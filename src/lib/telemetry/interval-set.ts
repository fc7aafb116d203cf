/** Intervals kept per set. One more, and the oldest gap is closed: what was missing there is no longer asked for. */
export const MAX_INTERVALS = 4096;

type Interval = [from: number, to: number];

/** A set of unsigned integers as sorted, disjoint, non-adjacent intervals with both ends inclusive. */
export class IntervalSet {
	readonly #intervals: Interval[];
	#closedGaps = 0;

	/** @param intervals sorted, disjoint and non-adjacent; taken over */
	constructor(intervals: Interval[] = []) {
		this.#intervals = intervals;
	}

	get intervals(): readonly (readonly [number, number])[] {
		return this.#intervals;
	}

	/** How often the bound closed a gap that had not been filled. */
	get closedGaps(): number {
		return this.#closedGaps;
	}

	has(n: number): boolean {
		const at = this.#firstEndingAtOrAfter(n);
		const found = this.#intervals[at];
		return found !== undefined && found[0] <= n;
	}

	/** False where it was there already. */
	add(n: number): boolean {
		// An interval that ends at n − 1 is extended, so look from there.
		const at = this.#firstEndingAtOrAfter(n - 1);
		const found = this.#intervals[at];
		if (!found || found[0] > n + 1) {
			this.#intervals.splice(at, 0, [n, n]);
			this.#bound();
			return true;
		}
		if (found[1] === n - 1) {
			found[1] = n;
			const next = this.#intervals[at + 1];
			if (next && next[0] === n + 1) {
				found[1] = next[1];
				this.#intervals.splice(at + 1, 1);
			}
			return true;
		}
		if (found[0] === n + 1) {
			found[0] = n;
			return true;
		}
		return false;
	}

	remove(n: number): void {
		const at = this.#firstEndingAtOrAfter(n);
		const found = this.#intervals[at];
		if (!found || found[0] > n) return;
		const [from, to] = found;
		const rest: Interval[] = [];
		if (from < n) rest.push([from, n - 1]);
		if (n < to) rest.push([n + 1, to]);
		this.#intervals.splice(at, 1, ...rest);
	}

	#bound(): void {
		if (this.#intervals.length > MAX_INTERVALS) this.closeOldestGap();
	}

	/** Does nothing where there is no gap. */
	closeOldestGap(): void {
		const [first, second] = this.#intervals;
		if (!first || !second) return;
		this.#intervals.splice(0, 2, [first[0], second[1]]);
		this.#closedGaps++;
	}

	#firstEndingAtOrAfter(n: number): number {
		let low = 0;
		let high = this.#intervals.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if (this.#intervals[middle]![1] < n) low = middle + 1;
			else high = middle;
		}
		return low;
	}
}

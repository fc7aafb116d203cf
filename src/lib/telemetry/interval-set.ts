/** Intervals kept of one log: what is beyond is the caller's to close, or closed where that is harmless. */
export const MAX_INTERVALS = 4096;

/** Both ends inclusive, and when they were measured, ms since the epoch. */
export type Interval = readonly [from: number, to: number, fromMs: number, toMs: number];
/** One of a set's own. */
export type Held = [from: number, to: number, fromMs: number, toMs: number];

/** A set of unsigned integers, each with a time, as sorted, disjoint, non-adjacent intervals; only their ends' times are kept. */
export class IntervalSet {
	readonly #intervals: Held[];

	/**
	 * @param intervals sorted, disjoint and non-adjacent; taken over
	 * @param most with more, the oldest gap is closed: what lies in it counts as in the set
	 */
	constructor(
		intervals: Held[] = [],
		private readonly most = MAX_INTERVALS
	) {
		this.#intervals = intervals;
	}

	get intervals(): readonly Interval[] {
		return this.#intervals;
	}

	has(n: number): boolean {
		const at = this.#firstEndingAtOrAfter(n);
		const found = this.#intervals[at];
		return found !== undefined && found[0] <= n;
	}

	/** False where it was there already. */
	add(n: number, timeMs = 0): boolean {
		const last = this.#intervals.at(-1);
		if (last?.[1] === n - 1) {
			// The next one of a log, as most that come are.
			last[1] = n;
			last[3] = timeMs;
			return true;
		}
		return this.addRange(n, n, timeMs, timeMs);
	}

	/** All of from … to. @returns whether any was new */
	addRange(from: number, to: number, fromMs = 0, toMs = fromMs): boolean {
		// What ends at from − 1 or begins at to + 1 is joined too.
		const at = this.#firstEndingAtOrAfter(from - 1);
		const joined: Held = [from, to, fromMs, toMs];
		let count = 0;
		for (let next = this.#intervals[at]; next && next[0] <= to + 1; next = this.#intervals[at + count]) {
			if (next[0] <= from && next[1] >= to) return false;
			if (next[0] < joined[0]) [joined[0], joined[2]] = [next[0], next[2]];
			if (next[1] > joined[1]) [joined[1], joined[3]] = [next[1], next[3]];
			count++;
		}
		this.#intervals.splice(at, count, joined);
		while (this.#intervals.length > this.most) this.closeOldestGap();
		return true;
	}

	/** What of from … to is not in the set. */
	missing(from: number, to: number): [from: number, to: number][] {
		const missing: [number, number][] = [];
		let next = from;
		for (let at = this.#firstEndingAtOrAfter(from); next <= to; at++) {
			const found = this.#intervals[at];
			if (!found || found[0] > to) {
				missing.push([next, to]);
				break;
			}
			if (found[0] > next) missing.push([next, found[0] - 1]);
			next = found[1] + 1;
		}
		return missing;
	}

	/** What of from … to is in the set. */
	within(from: number, to: number): [from: number, to: number][] {
		const within: [number, number][] = [];
		for (let at = this.#firstEndingAtOrAfter(from); ; at++) {
			const found = this.#intervals[at];
			if (!found || found[0] > to) return within;
			within.push([Math.max(from, found[0]), Math.min(to, found[1])]);
		}
	}

	remove(n: number): void {
		this.removeRange(n, n);
	}

	/** All of from … to. */
	removeRange(from: number, to: number): void {
		for (let at = this.#firstEndingAtOrAfter(from); ;) {
			const found = this.#intervals[at];
			if (!found || found[0] > to) return;
			const [first, last, fromMs, toMs] = found;
			const timeOf = (n: number) =>
				Math.round(fromMs + ((toMs - fromMs) * (n - first)) / Math.max(1, last - first));
			const rest: Held[] = [];
			if (first < from) rest.push([first, from - 1, fromMs, timeOf(from - 1)]);
			if (to < last) rest.push([to + 1, last, timeOf(to + 1), toMs]);
			this.#intervals.splice(at, 1, ...rest);
			at += rest.length;
		}
	}

	/** Where it is an end of an interval, its time is kept. */
	redate(n: number, timeMs: number): void {
		const found = this.#intervals[this.#firstEndingAtOrAfter(n)];
		if (found?.[0] === n) found[2] = timeMs;
		if (found?.[1] === n) found[3] = timeMs;
	}

	/** @returns what lay in it, with the times of the numbers before and behind; undefined where there is no gap */
	closeOldestGap(): Interval | undefined {
		const [first, second] = this.#intervals;
		if (!first || !second) return undefined;
		this.#intervals.splice(0, 2, [first[0], second[1], first[2], second[3]]);
		return [first[1] + 1, second[0] - 1, first[3], second[2]];
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

import { IntervalSet, type Held, type Interval } from './interval-set';

/**
 * Numbers of one log that never came and that nobody asks for any more, since the log has more gaps than are remembered. Beyond a
 * bound only stretches of them are known, with numbers between that did come; how many they are stays exact.
 */
export class AbandonedNumbers {
	readonly #bands: IntervalSet;
	#count: number;
	/** Whether the bands hold these numbers and no other. */
	#exact: boolean;

	/** @param count of numbers. @param bands as they were written */
	constructor(count = 0, bands: Held[] = []) {
		this.#bands = new IntervalSet(bands, Infinity);
		this.#count = count;
		this.#exact = bands.reduce((sum, [from, to]) => sum + to - from + 1, 0) === count;
	}

	get count(): number {
		return this.#count;
	}

	/** Ascending, with the times of the samples before and behind. */
	get bands(): readonly Interval[] {
		return this.#bands.intervals;
	}

	/** As far as that is known. */
	has(n: number): boolean {
		return this.#exact && this.#bands.has(n);
	}

	/** @param gap of none that came */
	add([from, to, fromMs, toMs]: Interval): void {
		this.#count += to - from + 1;
		this.#bands.addRange(from, to, fromMs, toMs);
	}

	/** They came after all, or may be asked for again. @returns those of from … to that were abandoned; none where nobody knows which were */
	reclaim(from: number, to: number): readonly (readonly [from: number, to: number])[] {
		if (!this.#exact) return [];
		const found = this.#bands.within(from, to);
		if (found.length === 0) return found;
		this.#bands.removeRange(from, to);
		this.#count -= found.reduce((sum, [first, last]) => sum + last - first + 1, 0);
		return found;
	}

	/** Joins the two oldest bands. @returns false where there is one at most */
	blurOldest(): boolean {
		if (!this.#bands.closeOldestGap()) return false;
		this.#exact = false;
		return true;
	}
}

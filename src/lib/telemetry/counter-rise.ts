/** What a counter showed: one reading, or what is left of several. */
export interface CounterSpan {
	/** Of the first and the last reading at most, both inclusive, ms. */
	readonly fromMs: number;
	readonly toMs: number;
	readonly min: number;
	readonly max: number;
	/** Absent where it is not known. */
	readonly first?: number;
	readonly last: number;
}

/**
 * All rises of a counter that begins anew at 0 where it falls. Of what is left of several readings, a fall is seen where the last is
 * below the highest: it rose to that, and from 0 to the last. Had it fallen twice in there, nobody could tell, so the sum is then
 * what it rose at least.
 */
export class CounterRise {
	#waiting: CounterSpan | undefined;
	#last: number | undefined;
	#sum = 0;
	#least = false;

	/** @param span not beginning before the one given last */
	add(span: CounterSpan): void {
		const waiting = this.#waiting;
		if (waiting && span.fromMs < waiting.toMs) {
			this.#waiting = together(waiting, span);
			return;
		}
		this.#take();
		this.#waiting = span;
	}

	/** After the last. */
	end(): { readonly risen: number; readonly least: boolean } {
		this.#take();
		return { risen: this.#sum, least: this.#least };
	}

	#take(): void {
		if (!this.#waiting) return;
		const { fromMs, toMs, min, max, first, last } = this.#waiting;
		this.#waiting = undefined;
		const fell = last < max;
		const before = this.#last ?? first ?? (fell ? max : min);
		if (fell) this.#sum += (max < before ? max : max - before) + last;
		else this.#sum += min < before ? last : last - before;
		this.#least ||= toMs > fromMs && (fell || min < before);
		this.#last = last;
	}
}

/** Of one time, told by two blocks: where neither fell, the higher one is the later. */
function together(a: CounterSpan, b: CounterSpan): CounterSpan {
	const fell = [a, b].filter(({ last, max }) => last < max);
	return {
		fromMs: a.fromMs,
		toMs: Math.max(a.toMs, b.toMs),
		min: Math.min(a.min, b.min),
		max: Math.max(a.max, b.max),
		...(a.first === undefined ? {} : { first: a.first }),
		last: Math.max(...(fell.length > 0 ? fell : [a, b]).map(({ last }) => last))
	};
}

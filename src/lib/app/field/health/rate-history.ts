import type { Clock } from '$lib/base';

/** What is counted, each since the worker started. */
export interface Totals {
	readonly messages: number;
	readonly samples: number;
	readonly refused: number;
}

/** Rates a second over the last hour; columns of equal length, time ascending. Where the worker slept there is no slot. */
export interface RateColumns {
	/** End of each slot, ms since the epoch. */
	readonly timeMs: readonly number[];
	readonly messages: readonly number[];
	readonly samples: readonly number[];
	readonly refused: readonly number[];
}

export const RATE_SLOT_MS = 10_000;
const SLOTS = 360;

type Slot = Totals & { readonly timeMs: number };

/** The last hour's rates, made of totals that others count anyway: what is counted pays nothing for it. */
export class RateHistory {
	readonly #slots: Slot[] = [];
	#before: Slot | undefined;

	constructor(private readonly clock: Clock) {}

	/** Ends a slot. Call about every {@link RATE_SLOT_MS}. */
	beat(totals: Totals): void {
		const now = { ...totals, timeMs: this.clock.now() };
		const before = this.#before;
		this.#before = now;
		// A slot much longer than it should be: the worker slept, and nobody knows when in it the messages came.
		if (!before || now.timeMs <= before.timeMs || now.timeMs - before.timeMs > 2 * RATE_SLOT_MS) return;
		this.#slots.push(ratesBetween(before, now));
		if (this.#slots.length > SLOTS) this.#slots.shift();
	}

	columns(): RateColumns {
		const sinceMs = this.clock.now() - SLOTS * RATE_SLOT_MS;
		const slots = this.#slots.filter(({ timeMs }) => timeMs > sinceMs);
		const column = (name: keyof Slot) => slots.map((slot) => slot[name]);
		return {
			timeMs: column('timeMs'),
			messages: column('messages'),
			samples: column('samples'),
			refused: column('refused')
		};
	}
}

/** @returns per second, at the time of `now` */
export function ratesBetween(before: Slot, now: Slot): Slot {
	const seconds = (now.timeMs - before.timeMs) / 1000;
	const rate = (name: keyof Totals) => Math.max(0, now[name] - before[name]) / seconds;
	return {
		timeMs: now.timeMs,
		messages: rate('messages'),
		samples: rate('samples'),
		refused: rate('refused')
	};
}

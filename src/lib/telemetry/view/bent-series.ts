import { firstFrom, type GrowingSeries } from '$lib/ui';
import type { EarlierShift } from './comparison';

/**
 * An earlier series whose values lie not all equally far back, as if they did: what is drawn `shiftMs` later then stands at its time of
 * day on both sides of a change of clocks. An hour that has no counterpart is left out, one that has two is there twice.
 */
export class BentSeries implements GrowingSeries {
	/** Of the last shift: that by which all is to be drawn later. */
	readonly shiftMs: number;

	/** @param shifts by time */
	constructor(
		private readonly own: GrowingSeries,
		private readonly shifts: readonly EarlierShift[]
	) {
		this.shiftMs = shifts.at(-1)!.shiftMs;
	}

	get timeMs(): Float64Array {
		return this.#bent(this.own.timeMs, ({ shiftMs }) => shiftMs - this.shiftMs);
	}
	get min(): Float64Array {
		return this.#bent(this.own.min);
	}
	get max(): Float64Array {
		return this.#bent(this.own.max);
	}
	get avg(): Float64Array {
		return this.#bent(this.own.avg);
	}

	watch(changed: (how: 'grew' | 'replaced') => void, signal: AbortSignal): void {
		this.own.watch(() => changed('replaced'), signal);
	}

	#bent(column: ArrayLike<number>, laterMs: (shift: EarlierShift) => number = () => 0): Float64Array {
		const { timeMs } = this.own;
		const rows = this.shifts.flatMap((shift, i) => {
			const untilMs = this.shifts[i + 1]?.fromMs ?? Infinity;
			const begin = firstFrom(timeMs, shift.fromMs - shift.shiftMs);
			const end = firstFrom(timeMs, untilMs - shift.shiftMs);
			const by = laterMs(shift);
			return Array.from({ length: Math.max(0, end - begin) }, (_, k) => column[begin + k]! + by);
		});
		return Float64Array.from(rows);
	}
}

import type { ClockQuality } from '$lib/model';
import { CLOCKS, type Columns } from './codec/columns';

/** When a sample really was measured, and how well that is known. */
export interface BetterTime {
	readonly timeMs: number;
	readonly clock: ClockQuality;
}

/** @returns whether the first is to be believed more */
export const isBetter = (a: ClockQuality, b: ClockQuality): boolean => CLOCKS.indexOf(a) < CLOCKS.indexOf(b);

/** Times learned since, by epoch and number. */
export type BetterTimes = ReadonlyMap<number, ReadonlyMap<number, BetterTime>>;

/** The columns with the times that were learned since, in the order they had; undefined where none was. */
export function withBetterTimes(columns: Columns, better: BetterTimes): Columns | undefined {
	if (better.size === 0) return undefined;
	const { epoch, seq } = columns;
	const timeMs = columns.timeMs.slice();
	const clock = columns.clock.slice();
	let changed = false;
	for (let i = 0; i < seq.length; i++) {
		const time = better.get(epoch[i]!)?.get(seq[i]!);
		if (!time || CLOCKS.indexOf(time.clock) >= clock[i]!) continue;
		timeMs[i] = time.timeMs;
		clock[i] = CLOCKS.indexOf(time.clock);
		changed = true;
	}
	return changed ? { ...columns, timeMs, clock } : undefined;
}

import type { ClockQuality } from '$lib/model';
import { CLOCKS } from './codec/columns';

/** When a sample really was measured, and how well that is known. */
export interface BetterTime {
	readonly timeMs: number;
	readonly clock: ClockQuality;
}

/** @returns whether the first is to be believed more */
export const isBetter = (a: ClockQuality, b: ClockQuality): boolean => CLOCKS.indexOf(a) < CLOCKS.indexOf(b);

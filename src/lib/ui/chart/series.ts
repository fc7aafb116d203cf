/** A metric's history as a chart takes it: columns of equal length, time ascending. */
export interface ChartSeries {
	/** ms since the epoch. */
	readonly timeMs: ArrayLike<number>;
	readonly min: ArrayLike<number>;
	readonly max: ArrayLike<number>;
	readonly avg: ArrayLike<number>;
}

/** A time of which samples are known to be missing. */
export interface ChartHole {
	/** ms since the epoch. */
	readonly fromMs: number;
	readonly toMs: number;
	/** Nobody has them any more; else they may still come. */
	readonly lost: boolean;
	/** They are being fetched now. */
	readonly filling?: boolean;
}

export const EMPTY_SERIES: ChartSeries = { timeMs: [], min: [], max: [], avg: [] };

/** Index of the first time that is not before `ms`; the length where all are. */
export function firstFrom(timeMs: ArrayLike<number>, ms: number): number {
	let low = 0;
	let high = timeMs.length;
	while (low < high) {
		const middle = (low + high) >>> 1;
		if ((timeMs[middle] ?? Infinity) < ms) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** Index of the time nearest to `ms`; undefined for an empty series. */
export function nearest(timeMs: ArrayLike<number>, ms: number): number | undefined {
	if (timeMs.length === 0) return undefined;
	const after = firstFrom(timeMs, ms);
	const before = after - 1;
	if (before < 0) return after;
	if (after >= timeMs.length) return before;
	return ms - (timeMs[before] ?? 0) <= (timeMs[after] ?? 0) - ms ? before : after;
}

/**
 * Distance in time, ms, beyond which two neighbours are not joined. From the median, so that a gap does not hide itself by
 * stretching what counts as usual.
 */
export const gapThreshold = (timeMs: ArrayLike<number>): number =>
	Math.max(4 * usualStep(timeMs), LEAST_GAP_MS);

/** Median distance in time between neighbours, ms; 0 where there are none. */
export function usualStep(timeMs: ArrayLike<number>): number {
	const stride = Math.max(1, Math.floor(timeMs.length / LOOKED_AT));
	const steps = new Float64Array(Math.max(0, Math.ceil((timeMs.length - 1) / stride)));
	for (let i = 0; i < steps.length; i++) steps[i] = timeMs[i * stride + 1]! - timeMs[i * stride]!;
	steps.sort();
	return steps[steps.length >>> 1] ?? 0;
}

/** So many distances say what is usual; all of them would cost more than the drawing. */
const LOOKED_AT = 256;
/** A device may stumble. */
const LEAST_GAP_MS = 5_000;

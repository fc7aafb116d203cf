import { formatClock, formatDateTime, formatNumber } from '../format';

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
	/** Nobody has them any more; else they are being fetched. */
	readonly lost: boolean;
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
export function gapThreshold(timeMs: ArrayLike<number>): number {
	const steps: number[] = [];
	for (let i = 1; i < timeMs.length; i++) steps.push((timeMs[i] ?? 0) - (timeMs[i - 1] ?? 0));
	steps.sort((a, b) => a - b);
	return Math.max(4 * (steps[steps.length >>> 1] ?? 0), 5_000);
}

/** What the chart shows, for those who do not see it. */
export function summarise(
	series: ChartSeries,
	view: { readonly fromMs: number; readonly toMs: number },
	words: { readonly title: string; readonly unit: string; readonly decimals: number },
	holes: readonly ChartHole[] = []
): string {
	const say = (v: number | undefined) =>
		`${formatNumber(v ?? NaN, words.decimals)}${words.unit ? ` ${words.unit}` : ''}`;
	const begin = firstFrom(series.timeMs, view.fromMs);
	const end = firstFrom(series.timeMs, view.toMs + 1);
	const range = `${formatDateTime(view.fromMs)} to ${formatDateTime(view.toMs)}`;
	if (begin >= end) return `${words.title}, ${range}: nothing was measured.`;
	let low = begin;
	let high = begin;
	let gaps = 0;
	const gapMs = gapThreshold(series.timeMs);
	for (let i = begin; i < end; i++) {
		if ((series.min[i] ?? Infinity) < (series.min[low] ?? Infinity)) low = i;
		if ((series.max[i] ?? -Infinity) > (series.max[high] ?? -Infinity)) high = i;
		if (i > begin && (series.timeMs[i] ?? 0) - (series.timeMs[i - 1] ?? 0) > gapMs) gaps++;
	}
	return [
		`${words.title}, ${range}: lowest ${say(series.min[low])} at ${formatClock(series.timeMs[low] ?? 0)}`,
		`highest ${say(series.max[high])} at ${formatClock(series.timeMs[high] ?? 0)}`,
		`last ${say(series.avg[end - 1])}`,
		gaps === 0 ? 'no gaps' : gaps === 1 ? 'one gap' : `${gaps} gaps`,
		...holeWords(holes.filter(({ fromMs, toMs }) => toMs > view.fromMs && fromMs < view.toMs))
	]
		.join(', ')
		.concat('.');
}

function holeWords(holes: readonly ChartHole[]): string[] {
	const lost = holes.filter((hole) => hole.lost).length;
	const filling = holes.length - lost;
	const times = (n: number) => (n === 1 ? 'once' : `${n} times`);
	return [
		...(filling > 0 ? [`missing and being fetched ${times(filling)}`] : []),
		...(lost > 0 ? [`lost for good ${times(lost)}`] : [])
	];
}

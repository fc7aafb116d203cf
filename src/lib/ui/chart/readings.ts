import { formatNumber } from '../format';
import type { ChartLayer } from './layers';
import { type ChartSeries, gapThreshold, nearest } from './series';

/** What a series says at one time. */
export interface ReadingAt {
	readonly timeMs: number;
	readonly avg: number;
	readonly min: number;
	readonly max: number;
}

/** The value nearest to a time; undefined where none is as near as its neighbours usually are to each other. */
export const readingAt = (series: ChartSeries, timeMs: number): ReadingAt | undefined =>
	readingWithin(series, timeMs, gapThreshold(series.timeMs));

/** The value nearest to a time; undefined where none is so near. @param reachMs 0: that of this very time */
export function readingWithin(series: ChartSeries, timeMs: number, reachMs: number): ReadingAt | undefined {
	const i = nearest(series.timeMs, timeMs);
	if (i === undefined) return undefined;
	const at = series.timeMs[i]!;
	const avg = series.avg[i]!;
	if (Number.isNaN(avg) || Math.abs(at - timeMs) > reachMs) return undefined;
	return { timeMs: at, avg, min: series.min[i]!, max: series.max[i]! };
}

/** "23.4 °C (21.0 … 24.2)": the average, and what it is of where it is of more than one value. */
export function readingWords(
	reading: ReadingAt | undefined,
	{ unit, decimals }: Pick<ChartLayer, 'unit' | 'decimals'>
): string {
	if (!reading) return 'no value';
	const say = (value: number) => formatNumber(value, decimals);
	const range = reading.min !== reading.max ? ` (${say(reading.min)} … ${say(reading.max)})` : '';
	return `${say(reading.avg)}${unit ? ` ${unit}` : ''}${range}`;
}

/** The same period's earlier value, and the difference from the present one. */
export function comparedWords(layer: ChartLayer, timeMs: number, present: ReadingAt | undefined): string {
	const { compare, decimals } = layer;
	if (!compare) return '';
	const earlier = readingAt(compare.series, timeMs - compare.shiftMs);
	if (!earlier) return `${compare.name}: no value`;
	const by = present ? present.avg - earlier.avg : NaN;
	const sign = by > 0 ? '+' : '';
	const difference = present ? ` (${sign}${formatNumber(by, decimals)})` : '';
	return `${compare.name}: ${formatNumber(earlier.avg, decimals)}${difference}`;
}

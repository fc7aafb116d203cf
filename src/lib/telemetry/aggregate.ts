import { metricInfo } from '$lib/model';
import { CounterRise } from './counter-rise';
import { percentileOf } from './percentile';
import { clusters, heldPoints, type Part, partsOf, type Point, pointsBeside, pointsOf } from './points';
import type { RangeSource } from './range';
import type { AggregateQuery, Aggregates } from './store';
import { STEPS_AROUND, TimeIntegral } from './time-integral';

const MS_PER_H = 3_600_000;
const PERCENTILE = 0.95;

/**
 * Reads each sample of a range once, by time, a few blocks at a time; and a few beside it, so that what lies between the last one
 * before an end and the first one behind it is shared out by time.
 * @returns undefined where the range holds no sample
 */
export async function aggregateRange(
	query: AggregateQuery,
	source: RangeSource
): Promise<Aggregates | undefined> {
	const { fromMs, toMs, maxGapMs, mostSamples = Infinity } = query;
	const held = heldPoints(source, fromMs, toMs);
	const parts = partsOf(source, held, fromMs, toMs);
	const most = countOf(parts, source.metric) + held.length;
	const reading = { fromMs, toMs, coarse: most > mostSamples };
	const percentile = percentileOf(most);
	const rise = new CounterRise();
	const integral = new TimeIntegral(maxGapMs, fromMs, toMs);
	const beside = async (side: 'before' | 'behind') => {
		for (const point of await pointsBeside(source, side, reading, STEPS_AROUND + 1))
			integral.add(...of(point));
	};
	let [count, min, max, sum] = [0, Infinity, -Infinity, 0];
	let [firstMs, lastMs, last] = [Infinity, -Infinity, NaN];
	let reduced = false;
	if (parts.length > 0) await beside('before');
	for (const together of clusters(parts)) {
		const points = await pointsOf(together, source, held, reading);
		for (const point of points) {
			const { timeMs, value, left } = point;
			const stands = left?.stats.count ?? 1;
			if (!left) percentile.add(value);
			min = Math.min(min, left?.stats.min ?? value);
			max = Math.max(max, left?.stats.max ?? value);
			sum += value * stands;
			count += stands;
			reduced ||= left !== undefined;
			integral.add(...of(point));
			firstMs = Math.min(firstMs, left?.fromMs ?? timeMs);
			lastMs = Math.max(lastMs, left?.toMs ?? timeMs);
			last = left?.stats.last ?? value;
		}
		for (const point of points.some(({ left }) => left) ? points.toSorted(byBegin) : points)
			rise.add(spanOf(point));
	}
	if (count === 0) return undefined;
	await beside('behind');
	const { unit } = metricInfo(query.metric);
	const { area, coveredMs } = integral.end();
	const { risen, least } = rise.end();
	return {
		...{ unit, count, min, max, last, avg: sum / count },
		p95: reduced ? undefined : percentile.of(PERCENTILE),
		...{ risen, risenLeast: least },
		ratePerS: lastMs > firstMs ? (risen * 1000) / (lastMs - firstMs) : undefined,
		integral: area / MS_PER_H,
		integralUnit: unit === 'W' ? 'Wh' : unit === '' ? 'h' : `${unit}·h`,
		timeAvg: coveredMs > 0 ? area / coveredMs : undefined,
		coveredMs,
		reduced
	};
}

/** As the integral takes it. */
const of = ({ timeMs, value, left }: Point) => [timeMs, value, left?.widthMs ?? 0] as const;

const spanOf = ({ timeMs, value, left }: Point) =>
	left
		? { fromMs: left.fromMs, toMs: left.toMs, ...left.stats }
		: { fromMs: timeMs, toMs: timeMs, min: value, max: value, last: value };

const byBegin = (a: Point, b: Point): number => (a.left?.fromMs ?? a.timeMs) - (b.left?.fromMs ?? b.timeMs);

const countOf = (parts: readonly Part[], metric: number): number =>
	parts
		.flatMap(({ head }) => head?.columns ?? [])
		.reduce((sum, column) => sum + (column.metric === metric ? column.count : 0), 0);

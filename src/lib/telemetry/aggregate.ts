import { metricInfo } from '$lib/model';
import type { BlockHead } from './codec/block';
import { leftOf, scan, type RangeSource } from './range';
import type { AggregateQuery, Aggregates } from './store';
import { TimeIntegral } from './time-integral';

/** Values sorted for a percentile at most: 8 MiB. Beyond, they are counted in bins. */
const MAX_SORTED = 1 << 20;
const BINS = 1 << 16;
const MS_PER_H = 3_600_000;
const PERCENTILE = 0.95;

/** A block, or all that is in none yet. */
interface Part {
	readonly fromMs: number;
	readonly toMs: number;
	readonly head: BlockHead | undefined;
}

/** A sample, or what is left of several: then `value` is their mean. */
interface Point {
	readonly timeMs: number;
	readonly value: number;
	readonly left?: {
		readonly min: number;
		readonly max: number;
		readonly count: number;
		readonly widthMs: number;
	};
}

/**
 * Reads each sample of a range once, by time, a few blocks at a time. The percentile is exact up to a million samples, else
 * off by less than (max − min) / 65,536.
 * @param maxSorted for tests
 * @returns undefined where the range holds no sample
 */
export async function aggregateRange(
	query: AggregateQuery,
	source: RangeSource,
	maxSorted = MAX_SORTED
): Promise<Aggregates | undefined> {
	const { fromMs, toMs, maxGapMs, mostSamples = Infinity } = query;
	const held = heldPoints(source, fromMs, toMs);
	const parts = partsOf(source, held, fromMs, toMs);
	const coarse = countOf(parts, source.metric) + held.length > mostSamples;
	const percentile = percentileOf(source, parts, held, maxSorted);
	let [count, min, max, sum] = [0, Infinity, -Infinity, 0];
	let [firstMs, lastMs, last, risen] = [NaN, NaN, NaN, 0];
	let reduced = false;
	const integral = new TimeIntegral(maxGapMs);
	for (const together of clusters(parts)) {
		const points = await pointsOf(together, source, held, { fromMs, toMs, coarse });
		for (const { timeMs, value, left } of points) {
			const stands = left?.count ?? 1;
			percentile.add(value, stands);
			min = Math.min(min, left?.min ?? value);
			max = Math.max(max, left?.max ?? value);
			sum += value * stands;
			if (count === 0) firstMs = timeMs;
			else risen += value >= last ? value - last : value;
			count += stands;
			reduced ||= left !== undefined;
			integral.add(timeMs, value, left?.widthMs ?? 0);
			[lastMs, last] = [timeMs, value];
		}
	}
	if (count === 0) return undefined;
	const { unit } = metricInfo(query.metric);
	const { area, coveredMs } = integral.end();
	return {
		...{ unit, count, min, max, last, avg: sum / count, p95: percentile.value() },
		risen,
		ratePerS: lastMs > firstMs ? (risen * 1000) / (lastMs - firstMs) : undefined,
		integral: area / MS_PER_H,
		integralUnit: unit === 'W' ? 'Wh' : unit === '' ? 'h' : `${unit}·h`,
		timeAvg: coveredMs > 0 ? area / coveredMs : undefined,
		coveredMs,
		reduced
	};
}

const heldPoints = ({ held, metric }: RangeSource, fromMs: number, toMs: number): Point[] =>
	held.flatMap(({ timeMs, metrics, values }) => {
		const at = timeMs >= fromMs && timeMs < toMs ? metrics.indexOf(metric) : -1;
		return at < 0 ? [] : [{ timeMs, value: values[at]! }];
	});

function partsOf(
	{ heads, metric }: RangeSource,
	held: readonly Point[],
	fromMs: number,
	toMs: number
): Part[] {
	const parts: Part[] = heads
		.filter((head) => head.columns.some((column) => column.metric === metric))
		.filter((head) => head.toMs >= fromMs && head.fromMs < toMs)
		.map((head) => ({ fromMs: head.fromMs, toMs: head.toMs, head }));
	const times = held.map(({ timeMs }) => timeMs);
	if (times.length > 0)
		parts.push({
			fromMs: times.reduce((a, b) => Math.min(a, b)),
			toMs: times.reduce((a, b) => Math.max(a, b)),
			head: undefined
		});
	return parts.sort((a, b) => a.fromMs - b.fromMs);
}

const countOf = (parts: readonly Part[], metric: number): number =>
	parts
		.flatMap(({ head }) => head?.columns ?? [])
		.reduce((sum, column) => sum + (column.metric === metric ? column.count : 0), 0);

/** Parts that overlap in time go together, so that one group's samples all lie before the next's. */
function clusters(parts: readonly Part[]): Part[][] {
	const found: Part[][] = [];
	let endMs = -Infinity;
	for (const part of parts) {
		const together = found.at(-1);
		if (together && part.fromMs <= endMs) together.push(part);
		else found.push([part]);
		endMs = Math.max(endMs, part.toMs);
	}
	return found;
}

/** A group's samples in [fromMs, toMs), by time. */
async function pointsOf(
	parts: readonly Part[],
	source: RangeSource,
	held: readonly Point[],
	{ fromMs, toMs, coarse }: { readonly fromMs: number; readonly toMs: number; readonly coarse: boolean }
): Promise<readonly Point[]> {
	const points: Point[] = parts.some(({ head }) => !head) ? [...held] : [];
	const isCoarse = (head: BlockHead) =>
		coarse && head.rollups.length > 0 && head.fromMs >= fromMs && head.toMs < toMs;
	const isGone = (head: BlockHead) =>
		isCoarse(head) || head.columns.some((column) => column.metric === source.metric && column.gone);
	const heads = parts.flatMap(({ head }) => head ?? []);
	for (const { startMs, widthMs, stats } of await leftOf(heads.filter(isGone), source, fromMs, toMs)) {
		const { min, max, sum, count } = stats;
		const middleMs = Math.min(toMs, startMs + widthMs / 2);
		points.push({ timeMs: middleMs, value: sum / count, left: { min, max, count, widthMs } });
	}
	for (const block of await source.columns(heads.filter((head) => !isGone(head))))
		if (block) scan(block, fromMs, toMs, (timeMs, value) => void points.push({ timeMs, value }));
	return points.sort((a, b) => a.timeMs - b.timeMs);
}

/** Takes values one by one and gives the smallest that 95 % of them do not exceed (nearest rank). */
function percentileOf(
	{ metric }: RangeSource,
	parts: readonly Part[],
	held: readonly Point[],
	maxSorted: number
): { add(value: number, times: number): void; value(): number } {
	const stats = parts.flatMap(({ head }) => head?.columns.find((column) => column.metric === metric) ?? []);
	const most = stats.reduce((sum, { count }) => sum + count, held.length);
	let count = 0;
	if (most <= maxSorted) {
		const values = new Float64Array(most);
		return {
			add: (value, times) => void values.fill(value, count, (count += times)),
			value: () => values.subarray(0, count).sort()[Math.ceil(PERCENTILE * count) - 1]!
		};
	}
	const all = [...stats.flatMap(({ min, max }) => [min, max]), ...held.map(({ value }) => value)];
	const low = all.reduce((a, b) => Math.min(a, b));
	const high = all.reduce((a, b) => Math.max(a, b));
	const bins = new Uint32Array(BINS);
	const perBin = (high - low) / BINS;
	return {
		add(value, times) {
			bins[perBin > 0 ? Math.min(BINS - 1, Math.floor((value - low) / perBin)) : 0]! += times;
			count += times;
		},
		value() {
			let left = Math.ceil(PERCENTILE * count);
			const bin = bins.findIndex((n) => (left -= n) <= 0);
			return low + (bin + 0.5) * perBin;
		}
	};
}

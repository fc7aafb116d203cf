import type { BlockHead, ColumnStats } from './codec/block';
import { ROLLUP_WIDTHS_MS, rollupsOf, type RollupColumns } from './codec/rollup';
import { BucketFold, pointColumns, type Summary } from './fold';
import type { HeldRow } from './series';
import type { RangeQuery, SeriesColumns } from './store';

/** A block's time and value columns, parallel; value NaN where a row lacks the metric. Undefined: the block is damaged. */
export type BlockColumns = { times: Float64Array; values: Float64Array } | undefined;

/** A range and how many buckets it comes to. */
type Reduction = Pick<RangeQuery, 'fromMs' | 'toMs' | 'buckets'>;

/** What a query reads, frozen at one moment: no row is in both, and none in neither. */
export interface RangeSource {
	readonly metric: number;
	readonly heads: readonly BlockHead[];
	readonly held: readonly HeldRow[];
	/** All at once, in the order asked for. */
	columns(heads: readonly BlockHead[]): Promise<readonly BlockColumns[]>;
	/** Undefined: the rollup is damaged or gone; the block's own columns serve. */
	rollups(heads: readonly BlockHead[], widthMs: number): Promise<readonly (RollupColumns | undefined)[]>;
}

/** A bucket of a result is at least so many of the rollup's: its ends then move by less than a quarter of it. */
const ROLLUPS_PER_BUCKET = 4;

/** The widest rollup that may serve a query, ms; undefined where only the samples themselves do. */
export function rollupWidth({ fromMs, toMs, buckets }: Reduction): number | undefined {
	return ROLLUP_WIDTHS_MS.findLast((widthMs) => widthMs * ROLLUPS_PER_BUCKET * buckets <= toMs - fromMs);
}

/**
 * Reduces a range. A block that lies within one bucket is served by its header alone, one that has rollups of the query's width
 * by those, and by its samples where the range cuts a rollup in two; others by their samples. Where the range holds no more
 * samples than buckets, each stands alone. Where samples are gone, the finest that is left of them takes their place, but for what the
 * range cuts of it: nobody knows on which side its values lie.
 */
export async function reduceRange(query: Reduction, source: RangeSource): Promise<SeriesColumns> {
	const { fromMs, toMs } = query;
	const thinned = new Set<BlockHead>();
	/** Served by what is left of it, at the finest. */
	const coarse: BlockHead[] = [];
	const { metric, held } = source;
	const widthMs = rollupWidth(query);
	const fold = new BucketFold(fromMs, toMs, query.buckets, widthMs);
	const inReach: BlockHead[] = [];
	const rolled: BlockHead[] = [];
	const decode: BlockHead[] = [];
	let count = 0;
	const addSummary = (timeMs: number, stats: Pick<ColumnStats, 'min' | 'max' | 'sum' | 'count'>) => {
		fold.addSummary(timeMs, stats);
		count += stats.count;
	};
	const addPoint = (timeMs: number, value: number) => {
		fold.add(timeMs, value);
		count++;
	};

	for (const head of source.heads) {
		const stats = head.columns.find((column) => column.metric === metric);
		if (!stats || head.toMs < fromMs || head.fromMs >= toMs) continue;
		if (stats.gone) thinned.add(head);
		else inReach.push(head);
		const inside = head.fromMs >= fromMs && head.toMs < toMs;
		if (inside && fold.indexOf(head.fromMs) === fold.indexOf(head.toMs)) addSummary(head.fromMs, stats);
		else if (rollupsOf(head, metric).some((rollup) => rollup.widthMs === widthMs)) rolled.push(head);
		else (stats.gone ? coarse : decode).push(head);
	}

	const edges: BlockHead[] = [];
	const thinnedEdges: BlockHead[] = [];
	/** Between these two no rollup is cut. */
	const wholeFromMs = widthMs ? Math.ceil(fromMs / widthMs) * widthMs : toMs;
	const wholeToMs = widthMs ? Math.floor(toMs / widthMs) * widthMs : toMs;
	const rollups = widthMs ? await source.rollups(rolled, widthMs) : [];
	for (const [i, rollup] of rollups.entries()) {
		const head = rolled[i]!;
		const gone = thinned.has(head);
		if (!rollup) (gone ? coarse : decode).push(head);
		else {
			eachWhole(rollup, wholeFromMs, wholeToMs, addSummary);
			if (head.fromMs < wholeFromMs || head.toMs >= wholeToMs) (gone ? thinnedEdges : edges).push(head);
		}
	}

	for (const block of await source.columns(decode)) {
		if (!block) continue;
		const { times, values } = block;
		count += fold.addColumn(times, values, lowerBound(times, fromMs), lowerBound(times, toMs));
	}
	for (const block of await source.columns(edges)) {
		if (!block) continue;
		scan(block, fromMs, wholeFromMs, addPoint);
		scan(block, wholeToMs, toMs, addPoint);
	}
	eachHeld(held, metric, fromMs, toMs, addPoint);
	const left = [
		...(await leftOf(coarse, source, fromMs, toMs)),
		...(await leftOf(thinnedEdges, source, fromMs, wholeFromMs)),
		...(await leftOf(thinnedEdges, source, wholeToMs, toMs))
	];
	for (const { startMs, stats } of left) addSummary(startMs, stats);
	if (count > query.buckets) return fold.columns();

	const points: Summary[] = [];
	const addAlone = (timeMs: number, value: number) =>
		void points.push({ timeMs, min: value, max: value, sum: value, count: 1 });
	for (const { startMs, stats } of await leftOf([...thinned], source, fromMs, toMs))
		points.push({ timeMs: startMs, ...stats });
	for (const block of await source.columns(inReach)) if (block) scan(block, fromMs, toMs, addAlone);
	eachHeld(held, metric, fromMs, toMs, addAlone);
	return pointColumns(points);
}

interface Left {
	readonly startMs: number;
	readonly widthMs: number;
	/** Its samples lie within, both inclusive, ms. */
	readonly fromMs: number;
	readonly toMs: number;
	readonly stats: LeftStats;
}
interface LeftStats {
	readonly min: number;
	readonly max: number;
	readonly sum: number;
	readonly count: number;
	/** By time; of rollups the first is not known. */
	readonly first?: number;
	readonly last: number;
}

/**
 * What is left of blocks whose samples are gone: their finest rollups, or their headers alone, of which all samples lie in
 * [fromMs, toMs). By time. What the range cuts is in neither of two that adjoin.
 */
export async function leftOf(
	heads: readonly BlockHead[],
	source: RangeSource,
	fromMs: number,
	toMs: number
): Promise<readonly Left[]> {
	const left = await remainsOf(heads, source, fromMs, toMs);
	return left.filter((one) => one.fromMs >= fromMs && one.toMs < toMs);
}

/** As `leftOf`, with what the range cuts. */
export async function remainsOf(
	heads: readonly BlockHead[],
	source: RangeSource,
	fromMs: number,
	toMs: number
): Promise<readonly Left[]> {
	const left: Left[] = [];
	const add = (one: Left) => {
		if (one.toMs >= fromMs && one.fromMs < toMs) left.push(one);
	};
	const widths = new Map<number, BlockHead[]>();
	const alone: BlockHead[] = [];
	for (const head of heads) {
		const widthMs = rollupsOf(head, source.metric)[0]?.widthMs;
		if (widthMs === undefined) alone.push(head);
		else widths.set(widthMs, [...(widths.get(widthMs) ?? []), head]);
	}
	for (const [widthMs, together] of widths)
		for (const [i, rollup] of (await source.rollups(together, widthMs)).entries()) {
			const head = together[i]!;
			if (!rollup) alone.push(head);
			else
				eachWhole(rollup, fromMs - widthMs, toMs, (startMs, stats) => {
					const first = Math.max(startMs, head.fromMs);
					const last = Math.min(startMs + widthMs - 1, head.toMs);
					add({ startMs: Math.max(startMs, fromMs), widthMs, fromMs: first, toMs: last, stats });
				});
		}
	for (const head of alone) {
		const { fromMs: startMs, toMs: lastMs } = head;
		const stats = head.columns.find(({ metric }) => metric === source.metric);
		if (stats) add({ startMs, widthMs: lastMs - startMs, fromMs: startMs, toMs: lastMs, stats });
	}
	return left.sort((a, b) => a.startMs - b.startMs);
}

function eachWhole(
	rollup: RollupColumns,
	fromMs: number,
	toMs: number,
	fn: (timeMs: number, stats: LeftStats) => void
): void {
	const { startMs, min, max, sum, count, last } = rollup;
	const end = lowerBound(startMs, toMs);
	for (let i = lowerBound(startMs, fromMs); i < end; i++)
		fn(startMs[i]!, { min: min[i]!, max: max[i]!, sum: sum[i]!, count: count[i]!, last: last[i]! });
}

function eachHeld(
	held: readonly HeldRow[],
	metric: number,
	fromMs: number,
	toMs: number,
	fn: (timeMs: number, value: number) => void
): void {
	for (const row of held) {
		const at = row.timeMs >= fromMs && row.timeMs < toMs ? row.metrics.indexOf(metric) : -1;
		if (at >= 0) fn(row.timeMs, row.values[at]!);
	}
}

/** Visits the present values in [fromMs, toMs); times ascend, so both ends are found by halving. */
export function scan(
	{ times, values }: NonNullable<BlockColumns>,
	fromMs: number,
	toMs: number,
	fn: (timeMs: number, value: number) => void
): void {
	const end = lowerBound(times, toMs);
	for (let i = lowerBound(times, fromMs); i < end; i++) {
		const value = values[i]!;
		if (!Number.isNaN(value)) fn(times[i]!, value);
	}
}

/** The first of ascending times that is not before `timeMs`. @param from where to look */
export function lowerBound(times: Float64Array, timeMs: number, from = 0): number {
	let low = from;
	let high = times.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (times[middle]! < timeMs) low = middle + 1;
		else high = middle;
	}
	return low;
}

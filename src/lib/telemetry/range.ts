import type { BlockHead, ColumnStats } from './codec/block';
import { BucketFold, pointColumns } from './fold';
import type { HeldRow } from './series';
import type { RangeQuery, SeriesColumns } from './store';

/** A block's time and value columns, parallel; value NaN where a row lacks the metric. Undefined: the block is damaged. */
export type BlockColumns = { times: Float64Array; values: Float64Array } | undefined;

/** What a query reads, frozen at one moment: no row is in both, and none in neither. */
export interface RangeSource {
	readonly metric: number;
	readonly heads: readonly BlockHead[];
	readonly held: readonly HeldRow[];
}

/**
 * Reduces a range. Headers alone serve blocks that lie within one bucket; the rest is decoded, all at once through `read`.
 * Where the range holds no more samples than buckets, each stands alone.
 */
export async function reduceRange(
	query: RangeQuery,
	{ metric, heads, held }: RangeSource,
	read: (heads: readonly BlockHead[]) => Promise<readonly BlockColumns[]>
): Promise<SeriesColumns> {
	const { fromMs, toMs } = query;
	const fold = new BucketFold(fromMs, toMs, query.buckets);
	const whole: { head: BlockHead; stats: ColumnStats }[] = [];
	const cut: BlockHead[] = [];
	for (const head of heads) {
		const stats = head.columns.find((column) => column.metric === metric);
		if (!stats || head.toMs < fromMs || head.fromMs >= toMs) continue;
		const inside = head.fromMs >= fromMs && head.toMs < toMs;
		if (inside && fold.indexOf(head.fromMs) === fold.indexOf(head.toMs)) whole.push({ head, stats });
		else cut.push(head);
	}

	const decoded = await read(cut);
	let count = whole.reduce((n, { stats }) => n + stats.count, 0);
	const eachPoint = (columns: readonly BlockColumns[], fn: (timeMs: number, value: number) => void) => {
		for (const block of columns) if (block) scan(block.times, block.values, fromMs, toMs, fn);
		for (const row of held) {
			const at = row.timeMs >= fromMs && row.timeMs < toMs ? row.metrics.indexOf(metric) : -1;
			if (at >= 0) fn(row.timeMs, row.values[at]!);
		}
	};
	eachPoint(decoded, (timeMs, value) => {
		fold.add(timeMs, value);
		count++;
	});

	if (count <= query.buckets) {
		const points: { timeMs: number; value: number }[] = [];
		const rest = await read(whole.map(({ head }) => head));
		eachPoint([...decoded, ...rest], (timeMs, value) => points.push({ timeMs, value }));
		return pointColumns(points);
	}
	for (const { head, stats } of whole) fold.addSummary(head.fromMs, stats);
	return fold.columns();
}

/** Visits the present values in [fromMs, toMs); times ascend, so both ends are found by halving. */
function scan(
	times: Float64Array,
	values: Float64Array,
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

function lowerBound(times: Float64Array, timeMs: number): number {
	let low = 0;
	let high = times.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (times[middle]! < timeMs) low = middle + 1;
		else high = middle;
	}
	return low;
}

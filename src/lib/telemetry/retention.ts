import type { BlockHead } from './codec/block';
import { DAY_MS } from './block-span';

/** What kind of figure a metric is: what a device is for, or how it does. */
export type MetricClass = 'measurement' | 'diagnostic';

/** How long what is kept. Any bound may be Infinity. */
export interface Retention {
	/** Samples older than this go, ms by class; minutes, quarters, hours and days of them stay as rollups. */
	readonly samplesMs: Readonly<Record<MetricClass, number>>;
	/** Older than this, nothing stays; ms. */
	readonly rollupsMs: number;
	/**
	 * Of all blocks and rollups: beyond it the oldest samples go first, all of diagnostics before any of measurements, and when there are
	 * none left the oldest rollups.
	 */
	readonly maxBytes: number;
}

/** One thing that retention is to do. */
export type Letting =
	| {
			readonly kind: 'thin';
			readonly head: BlockHead;
			readonly drop: ReadonlySet<number>;
			readonly why: LettingCause;
	  }
	| { readonly kind: 'remove'; readonly head: BlockHead; readonly why: LettingCause }
	/** First of all: what is before is to go, a day of it at least; each day then goes in its own time. */
	| { readonly kind: 'cut'; readonly head: BlockHead; readonly atMs: number };
export type LettingCause = 'age' | 'size';

/** What goes first where there is too much: how devices do is missed less than what they are for. */
const BY_WORTH: readonly MetricClass[] = ['diagnostic', 'measurement'];
/** A block without a sample is a few bytes. */
const EMPTY_BLOCK_BYTES = 64;
/** Room is made for a while, not for one block: to this share of the bound. */
const DOWN_TO = 0.95;

/**
 * What is to go now, the oldest first. Pure.
 * @param usedBytes of all blocks and rollups
 */
export function chooseLetting(
	heads: readonly BlockHead[],
	{ samplesMs, rollupsMs, maxBytes }: Retention,
	now: {
		readonly nowMs: number;
		readonly usedBytes: number;
		readonly classOf: (metric: number) => MetricClass;
	}
): readonly Letting[] {
	const { nowMs, usedBytes, classOf } = now;
	const oldest = [...heads].sort((a, b) => a.toMs - b.toMs || a.block - b.block);
	const lettings = new Map<BlockHead, Letting>();
	const left = new Map<BlockHead, { readonly metrics: readonly number[]; readonly rest: number }>();
	for (const head of oldest) {
		if (head.toMs < nowMs - rollupsMs) {
			lettings.set(head, { kind: 'remove', head, why: 'age' });
			continue;
		}
		const held = head.columns.flatMap(({ gone, metric }) => (gone ? [] : [metric]));
		const isOld = (metric: number) => head.toMs < nowMs - samplesMs[classOf(metric)];
		const atMs = cutOf(head, [rollupsMs, ...held.map((metric) => samplesMs[classOf(metric)])], nowMs);
		const old = held.filter(isOld);
		if (atMs !== undefined) lettings.set(head, { kind: 'cut', head, atMs });
		else if (old.length > 0) lettings.set(head, { kind: 'thin', head, drop: new Set(old), why: 'age' });
		left.set(
			head,
			shareOf(head.bytes, held, (metric) => !isOld(metric))
		);
	}
	const all = () => [...lettings.values()];
	let bytes = [...left].reduce((sum, [head, { rest }]) => sum + rest + rollupBytes(head), 0);
	if (Math.min(bytes, usedBytes) <= maxBytes) return all();
	for (const worth of BY_WORTH)
		for (const [head, { metrics, rest }] of left) {
			if (bytes <= DOWN_TO * maxBytes) return all();
			if (rest <= EMPTY_BLOCK_BYTES || !metrics.some((metric) => classOf(metric) === worth)) continue;
			const day = firstDayOf(head);
			if (day !== undefined)
				return [...all().filter((one) => one.head !== head), { kind: 'cut', head, atMs: day }];
			const less = shareOf(rest, metrics, (metric) => classOf(metric) !== worth);
			const drop = head.columns.map(({ metric }) => metric).filter((one) => !less.metrics.includes(one));
			lettings.set(head, { kind: 'thin', head, drop: new Set(drop), why: 'size' });
			bytes -= rest - less.rest;
			left.set(head, less);
		}
	for (const [head, { rest }] of left) {
		if (bytes <= DOWN_TO * maxBytes) return all();
		lettings.set(head, { kind: 'remove', head, why: 'size' });
		bytes -= rest + rollupBytes(head);
	}
	return all();
}

/** Where a block of weeks is to be cut, so that no more goes than must, and what stays of it tells of days. */
const firstDayOf = ({ fromMs, toMs, columns }: BlockHead): number | undefined =>
	toMs > fromMs + DAY_MS && !columns.some(({ gone }) => gone) ? fromMs + DAY_MS : undefined;

/** What is left of so many bytes with the metrics that stay, by columns: near enough, since the next turn counts anew. */
function shareOf(bytes: number, metrics: readonly number[], stays: (metric: number) => boolean) {
	const staying = metrics.filter(stays);
	return {
		metrics: staying,
		rest: metrics.length === 0 ? bytes : (bytes * staying.length) / metrics.length
	};
}

/** Where a block is to be cut for the shortest of these bounds that has passed for more than a day of it. */
function cutOf(
	{ fromMs, toMs, columns }: BlockHead,
	bounds: readonly number[],
	nowMs: number
): number | undefined {
	if (columns.some(({ gone }) => gone)) return undefined; // there are no rows to part
	const passed = bounds
		.map((boundMs) => Math.min(nowMs - boundMs, toMs))
		.filter((atMs) => fromMs + DAY_MS < atMs);
	if (passed.length === 0) return undefined;
	return fromMs + Math.floor((Math.max(...passed) - fromMs) / DAY_MS) * DAY_MS;
}

const rollupBytes = ({ rollups }: BlockHead): number => rollups.reduce((sum, { bytes }) => sum + bytes, 0);

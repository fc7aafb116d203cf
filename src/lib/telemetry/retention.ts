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
	/** Of all blocks and rollups: beyond it the oldest samples go first, and when there are none left the oldest rollups. */
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
	/** First of all: what is before is old enough to go, more than a day of it, and the rest is not. */
	| { readonly kind: 'cut'; readonly head: BlockHead; readonly atMs: number };
export type LettingCause = 'age' | 'size';

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
	const lettings: Letting[] = [];
	const left = new Map<BlockHead, number>();
	for (const head of oldest) {
		if (head.toMs < nowMs - rollupsMs) {
			lettings.push({ kind: 'remove', head, why: 'age' });
			continue;
		}
		const held = head.columns.filter(({ gone }) => !gone);
		const atMs = cutOf(head, [rollupsMs, ...held.map(({ metric }) => samplesMs[classOf(metric)])], nowMs);
		if (atMs !== undefined) lettings.push({ kind: 'cut', head, atMs });
		const old = held.filter(({ metric }) => head.toMs < nowMs - samplesMs[classOf(metric)]);
		if (old.length > 0)
			lettings.push({ kind: 'thin', head, drop: new Set(old.map(({ metric }) => metric)), why: 'age' });
		// What will be left of it, by columns: near enough, since the next turn counts anew.
		left.set(head, held.length === 0 ? head.bytes : head.bytes * (1 - old.length / held.length));
	}
	let bytes = [...left].reduce((sum, [head, rest]) => sum + rest + rollupBytes(head), 0);
	if (Math.min(bytes, usedBytes) <= maxBytes) return lettings;
	for (const [head, rest] of left) {
		if (bytes <= DOWN_TO * maxBytes) return lettings;
		if (rest <= EMPTY_BLOCK_BYTES || head.columns.every(({ gone }) => gone)) continue;
		const at = lettings.findIndex((one) => one.head === head);
		if (at >= 0) lettings.splice(at, 1);
		lettings.push({
			kind: 'thin',
			head,
			drop: new Set(head.columns.map(({ metric }) => metric)),
			why: 'size'
		});
		bytes -= rest;
		left.set(head, 0);
	}
	for (const [head, rest] of left) {
		if (bytes <= DOWN_TO * maxBytes) return lettings;
		const at = lettings.findIndex((one) => one.head === head);
		if (at >= 0) lettings.splice(at, 1);
		lettings.push({ kind: 'remove', head, why: 'size' });
		bytes -= rest + rollupBytes(head);
	}
	return lettings;
}

/** Where a block is to be cut for the shortest of these bounds that has passed for more than a day of it. */
function cutOf(
	{ fromMs, toMs, columns }: BlockHead,
	bounds: readonly number[],
	nowMs: number
): number | undefined {
	if (columns.some(({ gone }) => gone)) return undefined; // there are no rows to part
	const passed = bounds
		.map((boundMs) => nowMs - boundMs)
		.filter((atMs) => fromMs + DAY_MS < atMs && atMs <= toMs);
	if (passed.length === 0) return undefined;
	return fromMs + Math.floor((Math.max(...passed) - fromMs) / DAY_MS) * DAY_MS;
}

const rollupBytes = ({ rollups }: BlockHead): number => rollups.reduce((sum, { bytes }) => sum + bytes, 0);

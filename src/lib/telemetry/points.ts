import type { BlockHead } from './codec/block';
import { leftOf, lowerBound, scan, type RangeSource } from './range';

/** A sample, or what is left of several: then `value` is their mean, and the time the middle of theirs. */
export interface Point {
	readonly timeMs: number;
	readonly value: number;
	readonly left?: PointsLeft;
}

export type PointsLeft = Omit<Awaited<ReturnType<typeof leftOf>>[number], 'startMs'>;

/** A block, or all that is in none yet. */
export interface Part {
	readonly fromMs: number;
	readonly toMs: number;
	readonly head: BlockHead | undefined;
}

interface Reading {
	readonly fromMs: number;
	readonly toMs: number;
	/** Minutes serve for blocks that have them and lie whole in the range. */
	readonly coarse: boolean;
}

export const heldPoints = ({ held, metric }: RangeSource, fromMs: number, toMs: number): Point[] =>
	held.flatMap(({ timeMs, metrics, values }) => {
		const at = timeMs >= fromMs && timeMs < toMs ? metrics.indexOf(metric) : -1;
		return at < 0 ? [] : [{ timeMs, value: values[at]! }];
	});

/** What has to do with a range, by its first time. @param held of the range */
export function partsOf(
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

/** Parts that overlap in time go together, so that one group's samples all lie before the next's. */
export function clusters(parts: readonly Part[]): Part[][] {
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
export async function pointsOf(
	parts: readonly Part[],
	source: RangeSource,
	held: readonly Point[],
	{ fromMs, toMs, coarse }: Reading
): Promise<readonly Point[]> {
	const points: Point[] = parts.some(({ head }) => !head) ? [...held] : [];
	const isLeft = (head: BlockHead) =>
		isGone(head, source.metric) ||
		(coarse && head.rollups.length > 0 && head.fromMs >= fromMs && head.toMs < toMs);
	const heads = parts.flatMap(({ head }) => head ?? []);
	for (const { startMs, ...left } of await leftOf(heads.filter(isLeft), source, fromMs, toMs))
		points.push(leftPoint(Math.min(toMs, startMs + left.widthMs / 2), left));
	for (const block of await source.columns(heads.filter((head) => !isLeft(head))))
		if (block) scan(block, fromMs, toMs, (timeMs, value) => void points.push({ timeMs, value }));
	return points.sort((a, b) => a.timeMs - b.timeMs);
}

/**
 * The nearest points before a range, or behind it: what was measured at its end follows from them.
 * @param most of them
 * @returns by time
 */
export async function pointsBeside(
	source: RangeSource,
	side: 'before' | 'behind',
	{ fromMs, toMs, coarse }: Reading,
	most: number
): Promise<readonly Point[]> {
	const before = side === 'before';
	const [beginMs, endMs] = before ? [-Infinity, fromMs] : [toMs, Infinity];
	const nearest = (points: readonly Point[]) => {
		const byTime = points.toSorted((a, b) => a.timeMs - b.timeMs);
		return before ? byTime.slice(-most) : byTime.slice(0, most);
	};
	const heads = source.heads
		.filter(({ columns }) => columns.some(({ metric }) => metric === source.metric))
		.filter((head) => (before ? head.fromMs < endMs : head.toMs >= beginMs))
		.sort((a, b) => (before ? b.toMs - a.toMs : a.fromMs - b.fromMs));
	let found = nearest(heldPoints(source, beginMs, endMs));
	for (const head of heads) {
		const farthest = found.length < most ? undefined : before ? found[0] : found.at(-1);
		if (farthest && (before ? head.toMs < farthest.timeMs : head.fromMs > farthest.timeMs)) break;
		const away = before ? head.toMs < fromMs : head.fromMs >= toMs;
		const left = isGone(head, source.metric) || (coarse && away && head.rollups.length > 0);
		found = nearest([
			...found,
			...(left
				? (await leftOf([head], source, beginMs, endMs)).map(({ startMs, ...rest }) =>
						leftPoint(Math.min(endMs, startMs + rest.widthMs / 2), rest)
					)
				: await samplesBeside(source, head, before ? fromMs : toMs, before ? -most : most))
		]);
	}
	return found;
}

/** @param most negative: of those before `edgeMs` */
async function samplesBeside(
	source: RangeSource,
	head: BlockHead,
	edgeMs: number,
	most: number
): Promise<Point[]> {
	const [block] = await source.columns([head]);
	if (!block) return [];
	const { times, values } = block;
	const by = Math.sign(most);
	const points: Point[] = [];
	const edge = lowerBound(times, edgeMs);
	for (let i = by < 0 ? edge - 1 : edge; i >= 0 && i < times.length && points.length < by * most; i += by)
		if (!Number.isNaN(values[i]!)) points.push({ timeMs: times[i]!, value: values[i]! });
	return points;
}

const isGone = (head: BlockHead, wanted: number): boolean =>
	head.columns.some(({ metric, gone }) => metric === wanted && gone);

const leftPoint = (timeMs: number, left: PointsLeft): Point => ({
	timeMs,
	value: left.stats.sum / left.stats.count,
	left
});

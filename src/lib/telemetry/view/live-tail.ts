/** Live points beside a query's buckets: columns of equal length, time ascending. */
export interface LiveTail {
	readonly timeMs: readonly number[];
	readonly min: readonly number[];
	readonly max: readonly number[];
	readonly avg: readonly number[];
	/** Points in each. */
	readonly count: readonly number[];
}

export interface LivePoints {
	readonly timeMs: ArrayLike<number>;
	readonly value: ArrayLike<number>;
}

export const EMPTY_TAIL: LiveTail = { timeMs: [], min: [], max: [], avg: [], count: [] };

/**
 * Adds points to a tail; those that lie within `widthMs` of the last bucket's start join it, because a chart shows nothing
 * finer. What it costs to draw then depends on the window, not on how fast a device speaks.
 * @param points columns ascending in time, none before the tail's end
 * @param widthMs 0 keeps every point apart
 * @param most buckets; the oldest go first
 */
export function growTail(tail: LiveTail, points: LivePoints, widthMs: number, most: number): LiveTail {
	const timeMs = [...tail.timeMs];
	const min = [...tail.min];
	const max = [...tail.max];
	const avg = [...tail.avg];
	const count = [...tail.count];
	for (let i = 0; i < points.timeMs.length; i++) {
		const time = points.timeMs[i]!;
		const value = points.value[i]!;
		const last = timeMs.length - 1;
		if (last >= 0 && time - timeMs[last]! < widthMs) {
			count[last]!++;
			min[last] = Math.min(min[last]!, value);
			max[last] = Math.max(max[last]!, value);
			avg[last]! += (value - avg[last]!) / count[last]!;
		} else {
			timeMs.push(time);
			for (const column of [min, max, avg]) column.push(value);
			count.push(1);
		}
	}
	const over = Math.max(0, timeMs.length - most);
	if (over > 0) for (const column of [timeMs, min, max, avg, count]) column.splice(0, over);
	return { timeMs, min, max, avg, count };
}

import type { Sample } from '$lib/model';
import type { SampleColumns } from '$lib/telemetry';

/** One way to keep messages in a browser. */
export interface Contender {
	open(): Promise<void>;
	/** Stores all of it; resolves when the last is committed. */
	bulk(columns: readonly SampleColumns[]): Promise<void>;
	/** The same from objects; absent where there is no difference. */
	bulkSamples?(samples: readonly (readonly Sample[])[]): Promise<void>;
	/** Messages as they come; resolves when they are committed. @returns how many it let go of instead */
	live(samples: readonly Sample[]): Promise<number>;
	/** The first metric of a device from `fromMs` to before `toMs` in buckets of equal length: points counted, and buckets. */
	query(of: RangeAsked): Promise<{ points: number; buckets: number }>;
	/** What it takes on the disk, where it can say so itself. */
	bytes(): Promise<number | undefined>;
	close(): Promise<void>;
}

export interface RangeAsked {
	readonly device: number;
	readonly fromMs: number;
	readonly toMs: number;
	readonly buckets: number;
}

/** Min, max, sum and count of buckets, as the plain way makes them of records. */
export function reduce(
	records: Iterable<{ readonly timeMs: number; readonly value: number }>,
	{ fromMs, toMs, buckets }: RangeAsked
): { points: number; buckets: number } {
	const min = new Float64Array(buckets).fill(Infinity);
	const max = new Float64Array(buckets).fill(-Infinity);
	const sum = new Float64Array(buckets);
	const count = new Uint32Array(buckets);
	let points = 0;
	for (const { timeMs, value } of records) {
		const at = Math.floor(((timeMs - fromMs) * buckets) / (toMs - fromMs));
		if (value < min[at]!) min[at] = value;
		if (value > max[at]!) max[at] = value;
		sum[at]! += value;
		count[at]!++;
		points++;
	}
	return { points, buckets: count.filter((n) => n > 0).length };
}

import { crc32 } from '$lib/base';
import { ByteReader, ByteWriter, Malformed } from './byte-stream';
import { decodeNumbers, encodeNumbers, scaleToIntegers, type Scaled } from './numbers';

/** Each a multiple of the one before: a minute, a quarter of an hour, an hour, a day; ms. */
export const ROLLUP_WIDTHS_MS = [60_000, 900_000, 3_600_000, 86_400_000] as const;

/** A rollup that holds fewer rows a bucket than this saves a query little and costs the disk much. */
const MIN_ROWS_PER_BUCKET = 8;
const VERSION = 1;
/** A bucket holds a row at least. */
const MAX_ROWS = 1 << 20;
/** Instead of a decimal scale: the values are no decimals of one scale. */
const UNSCALED = 255;
/** Sums beyond this are not exact as integers of a scale. */
const MAX_SUM = 2 ** 51 - 1;

/** What the header of a block says of one of its rollups. */
export interface RollupStat {
	readonly widthMs: number;
	readonly bytes: number;
	readonly crc: number;
	/** Which it tells of, where others were gone when it was made; absent: all of the block's. */
	readonly metrics?: readonly number[];
}

/** Those of a block that tell of a metric, width ascending. */
export const rollupsOf = (
	{ rollups }: { readonly rollups: readonly RollupStat[] },
	metric: number
): readonly RollupStat[] => rollups.filter(({ metrics }) => !metrics || metrics.includes(metric));

export interface NewRollup extends RollupStat {
	readonly encoded: Uint8Array<ArrayBuffer>;
}

/** One metric of a rollup; columns of equal length, buckets with no value absent, times ascending. */
export interface RollupColumns {
	/** Start of each bucket, a multiple of the width, ms. */
	readonly startMs: Float64Array;
	readonly count: Float64Array;
	readonly min: Float64Array;
	readonly max: Float64Array;
	readonly sum: Float64Array;
	readonly last: Float64Array;
}

/** All columns but the times, in buckets where some may be empty. */
interface Summaries {
	readonly metric: number;
	/** The numbers are integers of 10^−scale, sums too; undefined: as they came. */
	readonly scale: number | undefined;
	readonly count: Float64Array;
	readonly min: Float64Array;
	readonly max: Float64Array;
	readonly sum: Float64Array;
	readonly last: Float64Array;
}

/**
 * The rollups of a block that are worth their bytes: not where the whole block lies in one bucket, which its header tells of.
 * @param times ascending, ms
 * @param columns a value a row, NaN where a row has none
 * @param scaled of columns without NaN: what `scaleToIntegers` says of them, where it has been asked already
 */
export function makeRollups(
	times: Float64Array,
	columns: readonly { readonly metric: number; readonly values: Float64Array }[],
	scaled: ReadonlyMap<number, Scaled | undefined> = new Map()
): NewRollup[] {
	const made: NewRollup[] = [];
	let starts: Float64Array = times;
	let summaries: readonly Summaries[] | undefined;
	for (const widthMs of ROLLUP_WIDTHS_MS) {
		const merged = bucketsOf(starts, widthMs);
		starts = merged.starts;
		summaries =
			summaries?.map((finer) => mergeSummaries(finer, merged.bucket, starts.length)) ??
			columns.map(({ metric, values }) =>
				summarise({ metric, values, scaled: scaled.get(metric) }, merged.bucket, starts.length)
			);
		if (starts.length < 2) break; // nor have the wider ones two
		if (times.length < starts.length * MIN_ROWS_PER_BUCKET) continue;
		made.push(newRollup(starts, widthMs, summaries));
	}
	return made;
}

/** The rollup of one width, whatever it costs; undefined where all lies in one bucket. As of `makeRollups`. */
export function makeRollup(
	times: Float64Array,
	columns: readonly { readonly metric: number; readonly values: Float64Array }[],
	widthMs: number
): NewRollup | undefined {
	const { starts, bucket } = bucketsOf(times, widthMs);
	if (starts.length < 2) return undefined;
	const summaries = columns.map((column) =>
		summarise({ ...column, scaled: undefined }, bucket, starts.length)
	);
	return newRollup(starts, widthMs, summaries);
}

function newRollup(starts: Float64Array, widthMs: number, summaries: readonly Summaries[]): NewRollup {
	const encoded = encodeRollup(starts, widthMs, summaries);
	return { widthMs, bytes: encoded.length, crc: crc32(encoded), encoded };
}

/** The columns of one metric, or undefined where the bytes are not what was made. */
export function openRollup(
	stat: RollupStat,
	bytes: Uint8Array | undefined,
	metric: number
): RollupColumns | undefined {
	if (!bytes || bytes.length !== stat.bytes || crc32(bytes) !== stat.crc) return undefined;
	try {
		return readMetric(new ByteReader(bytes), stat.widthMs, metric);
	} catch (error) {
		if (error instanceof Malformed) return undefined;
		throw error;
	}
}

/** From rows to the finest buckets. */
function summarise(
	{ metric, values, scaled }: { metric: number; values: Float64Array; scaled: Scaled | undefined },
	bucket: Uint32Array,
	buckets: number
): Summaries {
	const { scale, numbers } = numbersOf(values, scaled);
	const count = new Float64Array(buckets);
	const min = new Float64Array(buckets).fill(Infinity);
	const max = new Float64Array(buckets).fill(-Infinity);
	const sum = new Float64Array(buckets);
	const last = new Float64Array(buckets);
	for (let i = 0; i < numbers.length; i++) {
		const value = numbers[i]!;
		if (Number.isNaN(value)) continue;
		const to = bucket[i]!;
		count[to] = count[to]! + 1;
		if (value < min[to]!) min[to] = value;
		if (value > max[to]!) max[to] = value;
		sum[to] = sum[to]! + value;
		last[to] = value;
	}
	return { metric, scale, count, min, max, sum, last };
}

/** The values as integers of their scale, NaN where there is none; as they are where a sum of them would not be exact. */
function numbersOf(
	values: Float64Array,
	known: Scaled | undefined
): { scale: number | undefined; numbers: Float64Array } {
	const scaled = known ?? scaleToIntegers(values.filter((value) => !Number.isNaN(value)));
	if (!scaled) return { scale: undefined, numbers: values };
	const { scale, integers } = scaled;
	let largest = 0;
	for (let i = 0; i < integers.length; i++) largest = Math.max(largest, Math.abs(integers[i]!));
	// Twice, because a sum is stored by its distance from count × (min + max) / 2.
	if (2 * largest * values.length > MAX_SUM) return { scale: undefined, numbers: values };
	if (integers.length === values.length) return { scale, numbers: integers };
	let at = 0;
	return { scale, numbers: values.map((value) => (Number.isNaN(value) ? NaN : integers[at++]!)) };
}

function bucketsOf(times: Float64Array, widthMs: number): { starts: Float64Array; bucket: Uint32Array } {
	const bucket = new Uint32Array(times.length);
	const starts: number[] = [];
	let endMs = -Infinity;
	for (let i = 0; i < times.length; i++) {
		if (times[i]! >= endMs) {
			const start = Math.floor(times[i]! / widthMs) * widthMs;
			starts.push(start);
			endMs = start + widthMs;
		}
		bucket[i] = starts.length - 1;
	}
	return { starts: Float64Array.from(starts), bucket };
}

function mergeSummaries(finer: Summaries, bucket: Uint32Array, buckets: number): Summaries {
	const count = new Float64Array(buckets);
	const min = new Float64Array(buckets).fill(Infinity);
	const max = new Float64Array(buckets).fill(-Infinity);
	const sum = new Float64Array(buckets);
	const last = new Float64Array(buckets);
	for (let i = 0; i < bucket.length; i++) {
		if (finer.count[i] === 0) continue;
		const to = bucket[i]!;
		count[to]! += finer.count[i]!;
		min[to] = Math.min(min[to]!, finer.min[i]!);
		max[to] = Math.max(max[to]!, finer.max[i]!);
		sum[to]! += finer.sum[i]!;
		last[to] = finer.last[i]!;
	}
	return { metric: finer.metric, scale: finer.scale, count, min, max, sum, last };
}

function encodeRollup(
	starts: Float64Array,
	widthMs: number,
	summaries: readonly Summaries[]
): Uint8Array<ArrayBuffer> {
	const out = new ByteWriter();
	out.byte(VERSION);
	out.varint(starts.length);
	out.sized(encodeNumbers(starts.map((start) => start / widthMs)));
	out.varint(summaries.length);
	let before: Float64Array | undefined;
	for (const { metric, scale, count, ...all } of summaries) {
		const dense = (column: Float64Array) => column.filter((_, i) => count[i]! > 0);
		const [counts, min, max, sum, last] = [count, all.min, all.max, all.sum, all.last].map(dense) as Five;
		out.varint(metric);
		const repeats = before !== undefined && count.every((n, i) => n === before![i]);
		out.sized(repeats ? new Uint8Array() : encodeNumbers(count));
		before = count;
		out.byte(scale ?? UNSCALED);
		out.sized(encodeNumbers(min));
		const apart = (column: Float64Array, of: (i: number) => number) =>
			out.sized(encodeNumbers(scale === undefined ? column : column.map((n, i) => n - of(i))));
		apart(max, (i) => min[i]!);
		apart(last, (i) => min[i]!);
		apart(sum, (i) => expectedSum(counts[i]!, min[i]!, max[i]!));
	}
	return out.done();
}

type Five = [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];

const expectedSum = (count: number, min: number, max: number): number =>
	Math.floor((count * (min + max)) / 2);

function readMetric(reader: ByteReader, widthMs: number, wanted: number): RollupColumns | undefined {
	if (reader.byte() !== VERSION) return undefined;
	const buckets = reader.varint();
	if (buckets > MAX_ROWS) throw new Malformed('impossible rollup');
	const starts = decodeNumbers(reader.sized(), buckets);
	let countBytes: Uint8Array | undefined;
	for (let left = reader.varint(); left > 0; left--) {
		const metric = reader.varint();
		const own = reader.sized();
		if (own.length > 0) countBytes = own;
		const scale = reader.byte();
		const columns = [reader.sized(), reader.sized(), reader.sized(), reader.sized()];
		if (metric !== wanted) continue;
		if (!countBytes) throw new Malformed('no counts');
		const counts = decodeNumbers(countBytes, buckets);
		const count = counts.filter((n) => n > 0);
		const [min, max, last, sum] = columns.map((bytes) => decodeNumbers(bytes, count.length)) as Four;
		const startMs = starts.filter((_, i) => counts[i]! > 0).map((n) => n * widthMs);
		if (scale !== UNSCALED) unscale(scale, count, [min, max, last, sum]);
		return { startMs, count, min, max, sum, last };
	}
	return undefined;
}

type Four = [Float64Array, Float64Array, Float64Array, Float64Array];

function unscale(scale: number, count: Float64Array, [min, max, last, sum]: Four): void {
	if (scale > 9) throw new Malformed('impossible scale');
	const divisor = 10 ** scale;
	for (let i = 0; i < count.length; i++) {
		const low = min[i]!;
		const high = max[i]! + low;
		sum[i] = (sum[i]! + expectedSum(count[i]!, low, high)) / divisor;
		max[i] = high / divisor;
		last[i] = (last[i]! + low) / divisor;
		min[i] = low / divisor;
	}
}

import type { Clock } from '$lib/base';

/** What a histogram says of its window. Percentiles are off by at most {@link PERCENTILE_ERROR}; `maxMs` is exact. */
export interface LatencySummary {
	/** What ended well, and what did not and is in no other figure. */
	readonly count: number;
	readonly failed: number;
	/** 0 where nothing was counted. */
	readonly p50Ms: number;
	readonly p95Ms: number;
	readonly maxMs: number;
}

const PER_OCTAVE = 8;
/** 2^-5 ms: clocks of workers tick no finer. All below is one bucket, as is all above 2^17 ms, two minutes. */
const LEAST_EXPONENT = -5;
const OCTAVES = 22;
const BUCKETS = OCTAVES * PER_OCTAVE + 2;
const SLICES = 10;
const SLICE_MS = 60_000;

/** Half a bucket: a percentile is told as its bucket's middle. */
export const PERCENTILE_ERROR = 2 ** (0.5 / PER_OCTAVE) - 1;
/** The newest minute has only begun, so that a window is between nine and ten minutes. */
export const LATENCY_WINDOW_MS = SLICES * SLICE_MS;

/** How long something took over the last ten minutes, in constant memory (8 KB): eight buckets an octave, a slice a minute. */
export class LatencyHistogram {
	readonly #buckets = new Uint32Array(SLICES * BUCKETS);
	readonly #maxMs = new Float64Array(SLICES);
	readonly #failed = new Uint32Array(SLICES);
	#slice: number;

	constructor(private readonly clock: Clock) {
		this.#slice = Math.floor(clock.now() / SLICE_MS);
	}

	/** @param ms ≥ 0 */
	add(ms: number): void {
		this.#turn();
		const at = this.#slice % SLICES;
		this.#buckets[at * BUCKETS + bucketOf(ms)]!++;
		if (ms > this.#maxMs[at]!) this.#maxMs[at] = ms;
	}

	fail(): void {
		this.#turn();
		this.#failed[this.#slice % SLICES]!++;
	}

	summary(): LatencySummary {
		this.#turn();
		const sums = new Float64Array(BUCKETS);
		for (let i = 0; i < this.#buckets.length; i++) sums[i % BUCKETS]! += this.#buckets[i]!;
		const count = sums.reduce((a, b) => a + b, 0);
		const maxMs = Math.max(...this.#maxMs);
		const percentile = (share: number) => Math.min(maxMs, middleOf(rank(sums, share * count)));
		return {
			count,
			failed: this.#failed.reduce((a, b) => a + b, 0),
			p50Ms: count > 0 ? percentile(0.5) : 0,
			p95Ms: count > 0 ? percentile(0.95) : 0,
			maxMs
		};
	}

	/** Empties the slices whose minute has passed. */
	#turn(): void {
		const slice = Math.floor(this.clock.now() / SLICE_MS);
		const passed = Math.min(SLICES, Math.max(0, slice - this.#slice));
		for (let i = 0; i < passed; i++) {
			const at = (slice - i) % SLICES;
			this.#buckets.fill(0, at * BUCKETS, (at + 1) * BUCKETS);
			this.#maxMs[at] = 0;
			this.#failed[at] = 0;
		}
		this.#slice = Math.max(this.#slice, slice);
	}
}

function bucketOf(ms: number): number {
	if (!(ms > 0)) return 0;
	const bucket = Math.floor((Math.log2(ms) - LEAST_EXPONENT) * PER_OCTAVE) + 1;
	return Math.min(BUCKETS - 1, Math.max(0, bucket));
}

const middleOf = (bucket: number): number => 2 ** ((bucket - 0.5) / PER_OCTAVE + LEAST_EXPONENT);

/** The bucket that holds the `nth` of all, counted from the lowest. */
function rank(sums: Float64Array, nth: number): number {
	let below = 0;
	for (let bucket = 0; bucket < sums.length; bucket++) {
		below += sums[bucket]!;
		if (below >= nth && below > 0) return bucket;
	}
	return sums.length - 1;
}

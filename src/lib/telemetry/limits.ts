import type { Retention } from './retention';
import type { StoreLimits } from './store';

/**
 * Ten minutes of flushes (2,400 at 250 ms) is what a cold start has to replay, and 1 MiB what a flood may put in between;
 * the numbers behind them are in docs/telemetry-format.md.
 */
export const DEFAULT_LIMITS: StoreLimits = {
	flushMs: 250,
	sealBytes: 1 << 20,
	sealRecords: 2400,
	sealAgeMs: 15 * 60_000,
	heldSamples: 100_000,
	cacheBytes: 32 << 20,
	foldFan: 8,
	blockRows: 86_400,
	pageSamples: 4096
};

export const KEEP_ALL: Retention = {
	samplesMs: { measurement: Infinity, diagnostic: Infinity },
	rollupsMs: Infinity,
	maxBytes: Infinity
};

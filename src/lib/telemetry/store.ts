import type { Result } from '$lib/base';
import type { DeviceId, Provenance, Sample } from '$lib/model';

/** What happened to a batch. `append` resolves when the record that holds it is committed. */
export interface AppendReport {
	readonly stored: number;
	/** Samples whose (device, epoch, seq) the ledger already had. */
	readonly duplicates: number;
}

export type StoreError =
	| { kind: 'fenced'; by: number }
	| { kind: 'quota'; usedBytes: number; quotaBytes: number }
	| { kind: 'closed' }
	| { kind: 'unavailable'; cause: string };

/** One metric's history reduced to at most `buckets` buckets. Columns of equal length, time ascending. */
export interface SeriesColumns {
	/** Start of each bucket, ms since the epoch; empty buckets are absent. */
	readonly timeMs: Float64Array<ArrayBuffer>;
	readonly min: Float64Array<ArrayBuffer>;
	readonly max: Float64Array<ArrayBuffer>;
	readonly avg: Float64Array<ArrayBuffer>;
	readonly count: Uint32Array<ArrayBuffer>;
}

export interface RangeQuery {
	readonly device: DeviceId;
	readonly provenance: Provenance;
	readonly metric: string;
	/** Inclusive, ms. */
	readonly fromMs: number;
	/** Exclusive, ms. */
	readonly toMs: number;
	/** 1 … 10,000. Where the range holds fewer samples than buckets, each sample stands alone at its own time. */
	readonly buckets: number;
}

export interface LatestSample {
	readonly device: DeviceId;
	readonly provenance: Provenance;
	/** metric → its newest value and time, ms. */
	readonly values: Readonly<Record<string, { readonly value: number; readonly timeMs: number }>>;
}

/** What was lost and how it was noticed. */
export interface StoreLoss {
	readonly noticedMs: number;
	readonly cause: 'discarded-by-browser' | 'tail-missing' | 'corrupt-record' | 'unreadable';
	/** Newest sealed block and write-ahead record that were known before, and what is left. */
	readonly knownSeal: number;
	readonly knownWal: number;
	readonly foundSeal: number;
	readonly foundWal: number;
}

export interface StoreStats {
	readonly walRecords: number;
	readonly walBytes: number;
	readonly blocks: number;
	readonly blockBytes: number;
	readonly samples: number;
	readonly usedBytes: number | undefined;
	readonly quotaBytes: number | undefined;
	readonly persisted: boolean | undefined;
	/** false where the browser has no storage buckets: then settings share the telemetry's fate. */
	readonly bucketsApart: boolean;
	readonly flushes: number;
	readonly dropped: number;
}

/**
 * Time series of all devices in IndexedDB. One writer: the field worker's leader, fenced by number.
 * Samples are readable by `range` and `latest` as soon as `append` is called (painted before flushed).
 */
export interface TelemetryStore {
	append(samples: readonly Sample[]): Promise<Result<AppendReport, StoreError>>;
	range(query: RangeQuery, signal: AbortSignal): Promise<SeriesColumns>;
	latest(): Promise<readonly LatestSample[]>;
	/** Writes what waits now, and resolves when it is committed. */
	flush(): Promise<Result<void, StoreError>>;
	stats(): Promise<StoreStats>;
	/** Removes a device's history and ledger. */
	forget(device: DeviceId): Promise<Result<void, StoreError>>;
	close(): Promise<void>;
}

import type { Clock, Frame, Result } from '$lib/base';
import type { DeviceId, Provenance, Sample } from '$lib/model';
import type { BulkSource } from './sample-columns';
import type { Gap } from './ledger';
import type { Aside, QuarantineFigures } from './quarantine';
import type { Refused } from './refused';
import type { Retention } from './retention';

/** What happened to a batch. `append` resolves when the record that holds it is committed. */
export interface AppendReport {
	readonly stored: number;
	/** Samples whose (device, epoch, seq) the ledger already had. */
	readonly duplicates: number;
	/** Of those whose time is now known better than it was stored; absent where there are none. */
	readonly corrected?: number;
	/** Not stored, and neither of the others; absent where nothing was. */
	readonly refused?: Refused;
}

/** What became of what `bulk` brought. */
export interface BulkReport {
	readonly stored: number;
	/** Samples whose (device, epoch, seq) the ledger already had. */
	readonly duplicates: number;
	/** As of `append`. */
	readonly corrected?: number;
	readonly refused?: Refused;
}

export type StoreError =
	| { kind: 'fenced'; by: number }
	| { kind: 'quota'; usedBytes: number; quotaBytes: number }
	| { kind: 'closed' }
	/** So many of the samples were let go because too much waited; they may be brought again. */
	| { kind: 'dropped'; count: number }
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

export interface AggregateQuery extends Omit<RangeQuery, 'buckets'> {
	/**
	 * Two samples further apart than this have a gap between them, which the integral leaves out; ms. Unless given: 5 s,
	 * and four times the median of the nine steps around.
	 */
	readonly maxGapMs?: number;
	/** Of a range with more samples than this, minutes serve where a block has them: `reduced`. Unless given, all are read. */
	readonly mostSamples?: number;
}

/** What a range says as a whole. Exact, but for `p95` of more than a million samples of many different values: see `percentileOf`. */
export interface Aggregates {
	/** Of min, max, last, avg, p95 and timeAvg; '' where the metric is not known. The rate is in this per second. */
	readonly unit: string;
	readonly count: number;
	readonly min: number;
	readonly max: number;
	readonly last: number;
	/** Each sample counts the same. */
	readonly avg: number;
	/** The smallest value that 95 % of the samples do not exceed. Undefined where `reduced`: no percentile follows from means. */
	readonly p95: number | undefined;
	/** Of a counter: all its rises; where it falls it began anew at 0. */
	readonly risen: number;
	/** It fell within what stands for several samples: had it fallen there more than once, it rose by more. */
	readonly risenLeast: boolean;
	/** `risen` by the time from first to last. Undefined of one moment. */
	readonly ratePerS: number | undefined;
	/**
	 * Area under straight lines between samples, those on both sides of the range's ends too, so that adjoining ranges add up: energy,
	 * where the metric is power.
	 */
	readonly integral: number;
	/** 'Wh' of W, else the unit times hours. */
	readonly integralUnit: string;
	/** The integral by the time it covers: each sample counts as long as it lasted. Undefined where it covers none. */
	readonly timeAvg: number | undefined;
	/** Time of the range between samples without the gaps, ms. */
	readonly coveredMs: number;
	/** Samples of some of it are gone by retention, or too many to be read: rate, integral and what follows from them are made of rollups there, and close rather than exact. */
	readonly reduced: boolean;
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
	/** The block that could not be read, where it is one, and whose samples it had. */
	readonly block?: number;
	readonly of?: LostStretch;
	/** What came back from the second copy; absent where there is none. */
	readonly refilled?: Refilled;
	/** Why nothing came back from the second copy that there is. */
	readonly unfilled?: Unfilled;
}

/** What a block had. */
export interface LostStretch extends SeriesKey {
	/** Of its first and last sample, ms since the epoch. */
	readonly fromMs: number;
	readonly toMs: number;
	readonly samples: number;
}

/**
 * `closed`: its folder waits for a person's permission. `no-room`, `failed`: it is tried again. `damaged`: no file of it can be read.
 */
export type Unfilled = 'closed' | 'no-room' | 'failed' | 'damaged';

/** What a second copy brought back into a store that was lost. */
export interface Refilled {
	readonly samples: number;
	readonly blocks: number;
	/** Of the newest sample, ms since the epoch; undefined where there is none. */
	readonly toMs: number | undefined;
	/** Files of the copy that could not be read: what they held is left to backfill. */
	readonly damagedFiles: number;
	/** Samples of which only rollups were left, which go into no store that is in use; absent where there are none. */
	readonly thinned?: number;
}

export interface StoreStats {
	readonly walRecords: number;
	readonly walBytes: number;
	readonly blocks: number;
	readonly blockBytes: number;
	/** Apart from the blocks'. */
	readonly rollupBytes: number;
	readonly samples: number;
	readonly usedBytes: number | undefined;
	readonly quotaBytes: number | undefined;
	readonly persisted: boolean | undefined;
	/** false where the browser has no storage buckets: then settings share the telemetry's fate. */
	readonly bucketsApart: boolean;
	readonly flushes: number;
	/** Since the store was opened, as are flushes. */
	readonly seals: number;
	readonly folds: number;
	/** Samples let go since the store was opened because too many waited; backfill may bring them again. */
	readonly dropped: number;
	/** Samples that no record holds yet: not acknowledged. */
	readonly waiting: number;
	/** Samples in memory, those that wait and those of the log: in no block yet. */
	readonly held: number;
	/** From when the newest flush was due until it was committed, ms; undefined before the first. */
	readonly flushMs: number | undefined;
	/** Writes that run or wait for their turn. */
	readonly queueDepth: number;
	/** Blocks and rollups found damaged since the store was opened. A damaged rollup is made anew: nothing is lost. */
	readonly damagedBlocks: number;
	readonly damagedRollups: number;
	/** Damaged records and blocks that are set aside on the disk. */
	readonly quarantined: QuarantineFigures;
	/** What retention let go of: an entry a day, device and cause, the newest four hundred, the last one at the end. */
	readonly letGo: readonly LetGo[];
}

/** What retention let go of, of one device on one day. */
export interface LetGo {
	/** The last time, ms since the epoch. */
	readonly atMs: number;
	readonly device: DeviceId;
	readonly provenance: Provenance;
	/** `samples`: minutes, quarters, hours and days of them are still there. */
	readonly what: 'samples' | 'all';
	/** `full`: the browser took no more bytes. */
	readonly why: 'age' | 'size' | 'full';
	readonly fromMs: number;
	readonly toMs: number;
	/** Rows of the blocks it was. */
	readonly samples: number;
	readonly bytes: number;
}

/** The rows that what was deleted is told in after the store is closed. */
export interface LetGoRows {
	all(): Promise<readonly LetGo[]>;
	put(key: string, row: LetGo): Promise<void>;
	delete(key: string): Promise<void>;
}

/** Which samples to read as they were measured. */
export interface ScanQuery extends SeriesKey {
	/** Absent: all of them, and samples without any too. */
	readonly metrics?: readonly string[] | undefined;
	/** Inclusive, ms. */
	readonly fromMs: number;
	/** Exclusive, ms. */
	readonly toMs: number;
	/** `of-whole`: no identity where values are missing that were not asked for or that retention let go. Absent: of all that have one. */
	readonly identities?: 'of-whole';
}

/** Some thousand samples by time, and where the next page begins: undefined at the end. */
export interface ScanPage {
	readonly samples: readonly Sample[];
	readonly nextMs: number | undefined;
}

/** The store as it lay on disk at one moment. Its blocks stay while it is read: folding and retention wait. */
export interface StoreSnapshot {
	readonly samples: number;
	readonly blocks: number;
	/** Of blocks and rollups together: most of what the frames come to. */
	readonly bytes: number;
	/**
	 * All of it, drawn in docs/backup-format.md. Throws `SnapshotMoved` where a block went nevertheless: its device was forgotten, or
	 * the disk was full.
	 */
	frames(signal: AbortSignal): AsyncIterable<Frame>;
	/** Folding and retention go on. */
	release(): void;
}

/** What there is of one series. */
export interface SeriesExtent extends SeriesKey {
	readonly samples: number;
	/** First and last, both inclusive, ms. */
	readonly fromMs: number;
	readonly toMs: number;
	/** By name. */
	readonly metrics: readonly string[];
}

/** How much of one series is stored. */
export interface SeriesSize extends SeriesKey {
	readonly blocks: number;
	readonly blockBytes: number;
	/** Apart from the blocks'. */
	readonly rollupBytes: number;
	/** Samples in blocks, and those that are still in the write-ahead log or on their way there. */
	readonly sealed: number;
	readonly held: number;
	/** Of the oldest and the newest sample, ms since the epoch; absent where there is none. */
	readonly fromMs?: number;
	readonly toMs?: number;
}

/** What is set aside, and whose it was where that is known: a record holds every device's. */
export type SetAside = Aside & { readonly of: SeriesKey | undefined };

/** Which state of a device: e.g. 'presence' or 'firmware'. */
export interface StateQuery extends SeriesKey {
	readonly state: string;
	/** Inclusive, ms. */
	readonly fromMs: number;
	/** Exclusive, ms. */
	readonly toMs: number;
}

/** How long a state was what it was, ms since the epoch. */
export interface StateInterval {
	readonly fromMs: number;
	/** Exclusive. */
	readonly toMs: number;
	readonly value: string;
}

/** Whose history: real and simulated data never share one. */
export interface SeriesKey {
	readonly device: DeviceId;
	readonly provenance: Provenance;
}

/**
 * Time series of all devices in IndexedDB. One writer: the field worker's leader, fenced by number.
 * Samples are readable by `range` and `latest` as soon as `append` is called (painted before flushed).
 */
export interface TelemetryStore {
	append(samples: readonly Sample[]): Promise<Result<AppendReport, StoreError>>;
	/**
	 * For much at once: an import, a restore, a long backfill. Columns go into sealed blocks without a write-ahead record;
	 * the next are asked for when there is room for them. Ended early or failed, it may be begun anew: what is there already
	 * is known by its identity (samples without one are stored again).
	 * @throws the signal's reason
	 */
	bulk(source: BulkSource, signal: AbortSignal): Promise<Result<BulkReport, StoreError>>;
	range(query: RangeQuery, signal: AbortSignal): Promise<SeriesColumns>;
	/** Reads every sample of the range; undefined where there is none. */
	aggregate(query: AggregateQuery, signal: AbortSignal): Promise<Aggregates | undefined>;
	/**
	 * What a state was, by time, cut to the range: from each sample that tells it until the next. The last goes on to the range's end,
	 * so ask until now. Where nobody knows there is no interval.
	 */
	states(query: StateQuery, signal: AbortSignal): Promise<readonly StateInterval[]>;
	latest(): Promise<readonly LatestSample[]>;
	/**
	 * Raw samples in time order, some thousand at a time, whatever the range. What was there from the first page to the last comes once,
	 * whatever is appended, folded or let go of meanwhile; what comes behind the page that is being read comes too.
	 */
	scan(query: ScanQuery, signal: AbortSignal): AsyncIterable<readonly Sample[]>;
	/** One page of it; the next begins at its `nextMs`. */
	page(query: ScanQuery, signal: AbortSignal): Promise<ScanPage>;
	/** The store as it lies on disk now, for a backup; release it. */
	snapshot(): Promise<Result<StoreSnapshot, StoreError>>;
	/** What there is, from headers alone; series with no samples left are not in it. */
	extents(): Promise<readonly SeriesExtent[]>;
	/** What a device numbered between two samples that came, and did not come itself: lost, or yet to be had. */
	gaps(series: SeriesKey): readonly Gap[];
	/** How many numbers never came and are not asked for, since there were more gaps than are remembered: `gaps` has them as lost. */
	abandoned(series: SeriesKey): number;
	/** Numbers of one log, below the highest that came, that neither came nor were given up; both ends inclusive, ascending. */
	missing(series: SeriesKey, epoch: number): readonly (readonly [from: number, to: number])[];
	/** The device does not have these any more. Written with the next seal: until then a new start asks for them once more. */
	giveUp(
		series: SeriesKey,
		range: { readonly epoch: number; readonly from: number; readonly to: number }
	): void;
	/**
	 * The device's log says that it never gave these, though they came: nothing below them is missing for their sake. Their samples
	 * stay. Sealed at once, so that no start asks anew. @returns how many they are
	 */
	disown(
		series: SeriesKey,
		range: { readonly epoch: number; readonly from: number; readonly to: number }
	): number;
	/** Numbers of one log whose times are those of receipt, since the device had no clock; both ends inclusive, ascending. */
	guessed(series: SeriesKey, epoch: number): readonly (readonly [from: number, to: number])[];
	/** Nobody knows these times any better: they are not to be asked for again. Written with the next seal. */
	settleTimes(
		series: SeriesKey,
		range: { readonly epoch: number; readonly from: number; readonly to: number }
	): void;
	/** Writes what waits now, and resolves when it is committed. */
	flush(): Promise<Result<void, StoreError>>;
	stats(): Promise<StoreStats>;
	/** Damaged records and blocks as they were found, some megabytes at most: for a look by hand. */
	aside(): Promise<readonly SetAside[]>;
	/** Reads headers only, and only of series that have changed since. */
	sizes(): Promise<readonly SeriesSize[]>;
	/** From now on, and for what is there too. */
	retain(retention: Retention): void;
	/** Removes a device's history and ledger. */
	forget(device: DeviceId): Promise<Result<void, StoreError>>;
	close(): Promise<void>;
}

/** Where and how to open. Only `fence` and `onSentinel` are needed in the product; the rest is for tests. */
export interface OpenOptions {
	/** This leader's number, from `Keep.takeFence`. A store that saw a higher one refuses every write. */
	readonly fence: number;
	/** What the page's localStorage and the keep remember of the store (null where they remember nothing). */
	readonly known: readonly (string | null)[];
	/** Told at each seal and at most every 5 s: put it in localStorage and in the keep. */
	readonly onSentinel: (text: string) => void;
	/** What is noticed after opening: a damaged block met by a query, a disk that stopped taking writes. */
	readonly onTrouble?: (trouble: StoreTrouble) => void;
	readonly clock?: Clock;
	/** Instead of a storage bucket's factory. */
	readonly indexedDB?: IDBFactory;
	/** Database name; 'fieldbench-telemetry'. */
	readonly name?: string;
	readonly limits?: Partial<StoreLimits>;
	/** Everything for ever, unless it says otherwise. */
	readonly retention?: Retention;
	/** Where the log of what retention let go of outlives the store. */
	readonly letGo?: LetGoRows;
}

/** Bounds of memory and of the write-ahead log. Defaults in limits.ts. */
export interface StoreLimits {
	/** Longest wait of a sample before it is written, ms. */
	readonly flushMs: number;
	/** Any of the three seals the write-ahead log. */
	readonly sealBytes: number;
	readonly sealRecords: number;
	readonly sealAgeMs: number;
	/** Samples kept in memory while nothing can be written; the oldest go first and are counted. */
	readonly heldSamples: number;
	/** Decoded columns kept for queries, bytes. */
	readonly cacheBytes: number;
	/** Neighbouring blocks of one level that a fold joins, and rows above which a block is left alone. */
	readonly foldFan: number;
	readonly blockRows: number;
	/** Samples in one page of a scan. */
	readonly pageSamples: number;
}

/** What of the second copy only a person can settle: the folder's permission, or what is to become of another store's copy. */
export type CopyNeed = 'closed' | 'other';

export type StoreTrouble =
	| { readonly kind: 'lost'; readonly loss: StoreLoss }
	/** A second copy was put back while the store was in use; with the loss that it makes good, where one was announced. */
	| { readonly kind: 'returned'; readonly refilled: Refilled; readonly loss: StoreLoss | undefined }
	/** The second copy waits for a person, or does not any more. */
	| { readonly kind: 'copy-waits'; readonly need: CopyNeed | undefined }
	/** Writes fail: samples are held in memory, bounded and counted, and tried again. */
	| { readonly kind: 'failing'; readonly error: StoreError }
	| { readonly kind: 'recovered' }
	/** The browser ended the connection, mostly since it found damage: open the store anew, which says what is lost. */
	| { readonly kind: 'ended' }
	/** Something was given that cannot be stored: the device says who told it. */
	| { readonly kind: 'refused'; readonly device: DeviceId; readonly refused: Refused }
	/** Nothing more fits, so the oldest samples went. `helped`: what comes in is stored again; else no more go for an hour at least. */
	| { readonly kind: 'made-room'; readonly letGo: readonly LetGo[]; readonly helped: boolean };

export interface OpenedStore {
	readonly store: TelemetryStore;
	/** What was lost since the sentinel was last told. Start backfill. */
	readonly losses: readonly StoreLoss[];
	/**
	 * 'memory': the database would not open (cause), nothing outlives this worker; offer `resetTelemetry`.
	 * 'newer': as 'memory', but what is stored is sound, and of a newer Fieldbench: never offer to delete it.
	 */
	readonly health:
		{ readonly kind: 'durable' } | { readonly kind: 'memory' | 'newer'; readonly cause: string };
	/** As given to `onSentinel`, once at opening; undefined in memory. */
	readonly sentinel: string | undefined;
}

import type { CopyStatus, StoreLimits, StoreLoss, StoreStats, StoreTrouble } from '$lib/telemetry';

/** What a test asks of the worker that holds the store. */
export interface StoreActs {
	/** Opens keep and store; `withoutBuckets` hides the browser's storage buckets first. */
	open(options: {
		sentinel: string | null;
		withoutBuckets?: boolean;
		limits?: Partial<StoreLimits>;
	}): Promise<Opened>;
	/**
	 * Appends one batch after another until told to stop: `perBatch` samples of each of `devices`, every `everyMs`. Half of each comes
	 * out of order, and one batch of four comes first with a guessed time, an hour off, and then with its own.
	 */
	ingest(options: { from: number; devices: number; perBatch: number; everyMs: number }): Promise<void>;
	/** One message every `everyMs` from each of `devices` in turn. */
	stream(options: { devices: number; everyMs: number }): Promise<void>;
	/** Ends the ingest or stream and waits for its last acknowledgement; gives the next sequence number, or the messages sent. */
	stop(): Promise<number>;
	/** One batch; its outcome as text: 'stored n, duplicates m', or the error's kind. */
	append(options: { from: number; count: number }): Promise<string>;
	/** Which of 0 … below − 1 a device lacks, and how many it has twice. */
	check(options: { device: number; below: number }): Promise<{ missing: number[]; doubled: number }>;
	/** Milliseconds for the newest values of all devices, counted from the start of opening, and how many devices. */
	latest(): Promise<number>;
	/** Moves what is written ahead into blocks, by forgetting a device that never was. */
	seal(): Promise<void>;
	stats(): Promise<StoreStats>;
	/** `flushes` records of 500 samples that do not compress, some 20 KB each, for a device that `check` does not read. */
	fillNoise(options: { flushes: number }): Promise<void>;
	putKeepRows(): Promise<void>;
	keepRows(): Promise<{ setting: unknown; broker: unknown; secret: string }>;
	/** Fills with `count` samples of five metrics, 1 s apart, flushed each `perFlush`: times in ms. */
	fill(options: { count: number; perFlush: number }): Promise<{ appendMs: number; bytesPerPoint: number }>;
	timeRange(options: {
		spanMs: number;
		buckets: number;
	}): Promise<{ firstMs: number; againMs: number; points: number }>;
	/** Turns the second copy on, and waits until it has all that is sealed. */
	keepCopy(): Promise<CopyStatus>;
	close(): Promise<void>;
}

export interface Opened {
	readonly losses: readonly StoreLoss[];
	readonly health: string;
	readonly bucketsApart: boolean;
	readonly keepDiscarded: boolean;
	readonly openMs: number;
	/** Seals and folds of the store's whole life. */
	readonly seals: number;
}

export type ToWorker = { readonly id: number; readonly act: keyof StoreActs; readonly argument: unknown };
export type FromWorker =
	| { readonly type: 'result'; readonly id: number; readonly value: unknown }
	| { readonly type: 'failed'; readonly id: number; readonly message: string }
	| { readonly type: 'sentinel'; readonly text: string }
	| { readonly type: 'trouble'; readonly trouble: StoreTrouble }
	/** Everything below `next` has been acknowledged for each device. */
	| { readonly type: 'acknowledged'; readonly next: number };

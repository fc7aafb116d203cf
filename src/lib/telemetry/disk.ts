import type { Result } from '$lib/base';
import type { BlockHead, NewBlock } from './codec/block';
import type { NameRow } from './names';
import type { Aside, AsideBlock, QuarantineFigures } from './quarantine';
import type { StoreError } from './store';

/** Newest value of each metric of one series: `[metric, value, timeMs]`. */
export type LatestRow = readonly (readonly [metric: number, value: number, timeMs: number])[];

/** The one row that tells how far the store is; changes in the same transaction as what it tells of. */
export interface StateRow {
	readonly format: 2;
	readonly generation: string;
	readonly seal: number;
	/** Newest write-ahead record that is in blocks. */
	readonly sealedWal: number;
	readonly blocks: number;
	readonly blockBytes: number;
	readonly rollupBytes: number;
	/** Samples in blocks. */
	readonly samples: number;
}

/** All that a cold start reads: everything but headers and blocks. */
export interface Loaded {
	readonly state: StateRow;
	readonly discarded: boolean;
	readonly names: readonly NameRow[];
	/** Series id → encoded ledger. */
	readonly ledgers: ReadonlyMap<number, Uint8Array>;
	readonly latest: ReadonlyMap<number, LatestRow>;
	/** Record number → bytes, ascending. */
	readonly wal: ReadonlyMap<number, Uint8Array>;
	/** Rows whose form was not ours. */
	readonly malformed: number;
}

export type BlockKey = readonly [series: number, block: number];

/** One transaction of sealing or folding: all of it or nothing. */
export interface BlockChange {
	readonly state: StateRow;
	readonly add: readonly NewBlock[];
	readonly remove: readonly Pick<BlockHead, 'series' | 'block'>[];
	/** Damaged blocks of those that are removed, to be set aside. */
	readonly aside?: readonly AsideBlock[];
	/** Headers and rollups of blocks that stay as they are. */
	readonly roll?: readonly Pick<NewBlock, 'head' | 'rollups'>[];
	/** Names that nobody wrote before: of a store that is made from a snapshot. */
	readonly names?: readonly NameRow[];
	/** Write-ahead records up to this number are deleted. */
	readonly walUpTo?: number;
	readonly ledgers?: ReadonlyMap<number, Uint8Array<ArrayBuffer>>;
	readonly latest?: ReadonlyMap<number, LatestRow>;
	/** Series whose every row is deleted, names included. */
	readonly forget?: readonly number[];
}

/** Where the store's bytes lie. Every write is fenced and resolves when its transaction is complete. */
export interface Disk {
	load(): Promise<Loaded>;
	/** One write-ahead record and the names it first uses, relaxed: it survives the browser's death, not the power's. */
	putRecord(
		number: number,
		bytes: Uint8Array<ArrayBuffer>,
		names: readonly NameRow[]
	): Promise<Result<void, StoreError>>;
	/** Strict: on the disk when it resolves. */
	change(change: BlockChange): Promise<Result<void, StoreError>>;
	/** Deletes a series' headers and blocks and puts nothing, so that it works where there is no room left: Chromium lets it through. */
	empty(series: number): Promise<Result<void, StoreError>>;
	/**
	 * Deletes the bytes of some blocks, and all that is set aside, and puts nothing, likewise. What is left of the blocks is read as if it
	 * were written; a later `change` adds it.
	 */
	dropSamples(left: readonly NewBlock[]): Promise<Result<void, StoreError>>;
	/** Sets damaged write-ahead records aside, within the bounds of quarantine.ts. */
	quarantine(records: ReadonlyMap<number, Uint8Array>): Promise<Result<void, StoreError>>;
	readonly quarantined: QuarantineFigures;
	/** All that is set aside: some megabytes at most. */
	aside(): Promise<readonly Aside[]>;
	heads(series: number): Promise<readonly BlockHead[]>;
	/** In the order asked for; undefined where a block is not there. */
	blocks(heads: readonly Pick<BlockHead, 'series' | 'block'>[]): Promise<readonly (Uint8Array | undefined)[]>;
	/** Encoded rollups of one width, in the order asked for; undefined where one is not there. All heads of one series. */
	rollups(heads: readonly BlockHead[], widthMs: number): Promise<readonly (Uint8Array | undefined)[]>;
	usage(): Promise<{
		usedBytes: number | undefined;
		quotaBytes: number | undefined;
		persisted: boolean | undefined;
	}>;
	/** Whether there are so many headers, and blocks; else rows were lost from under us. Goes through both tables. */
	isWhole(blocks: number): Promise<boolean>;
	/** Every block that a header, bytes or rollups are there of, for mending. */
	blockKeys(): Promise<readonly BlockKey[]>;
	readonly bucketsApart: boolean;
	close(): void;
}

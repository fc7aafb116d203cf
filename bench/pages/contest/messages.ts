import type { RangeAsked } from './contender';

export type Who = 'ours' | 'sqlite' | 'idb' | 'dexie';

/** What is asked of the worker in which one contender lives. */
export interface ContestActs {
	/** @returns ms */
	open(who: Who): Promise<number>;
	/** Messages of all devices, made before the clock starts. Each call goes on where the last ended. */
	bulk(of: {
		readonly devices: number;
		readonly metrics: number;
		/** Messages of each device. */
		readonly seconds: number;
		/** Between two of them; a second where it is not said. */
		readonly everyS?: number;
		/** Of objects, batches of a thousand; else of columns, a day at most. */
		readonly objects: boolean;
	}): Promise<{ readonly ms: number; readonly points: number }>;
	/**
	 * Offers messages for a while: one append each 10 ms. @returns the longest wait for durability, how many messages were let go of
	 * instead, and whether the rate was offered
	 */
	live(of: {
		readonly pointsPerS: number;
		readonly devices: number;
		readonly metrics: number;
		readonly ms: number;
	}): Promise<{
		readonly longestMs: number;
		readonly p99Ms: number;
		readonly dropped: number;
		readonly offered: boolean;
	}>;
	query(of: RangeAsked): Promise<{ readonly ms: number; readonly points: number; readonly buckets: number }>;
	bytes(of: undefined): Promise<number | undefined>;
	close(of: undefined): Promise<void>;
}

export interface ToContest {
	readonly id: number;
	readonly act: keyof ContestActs;
	readonly argument: unknown;
}
export type FromContest =
	{ readonly id: number; readonly value: unknown } | { readonly id: number; readonly failed: string };

/** What the page `contest.html` can do. */
export interface ContestBench {
	ask(act: keyof ContestActs, argument: unknown): Promise<unknown>;
}

declare global {
	var contestBench: ContestBench;
}

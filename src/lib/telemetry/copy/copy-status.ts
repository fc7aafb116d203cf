import type { Refilled, StoreError } from '../store';
import type { CopyPlace } from './folder';

/** Why the copy is not what it should be. */
export type CopyTrouble =
	/** A tenth of the browser's room is left to the store, or the disk takes no more. */
	| { readonly kind: 'no-room' }
	/** The store found no room: the copy was deleted for it. */
	| { readonly kind: 'gave-way' }
	/** The folder was moved or deleted, or its disk is not there. */
	| { readonly kind: 'gone' }
	/** More was sealed while it was made than can wait. */
	| { readonly kind: 'overrun' }
	/** What it holds could not be put back into the store. */
	| { readonly kind: 'not-returned'; readonly error: StoreError['kind'] }
	/** The browser's own words. */
	| { readonly kind: 'failed'; readonly cause: string };

/** How the copy stands. */
export interface CopyStatus {
	/**
	 * `off`: not wanted. `closed`: its folder waits for a person's permission. `other`: what lies in its folder is of another store, and a
	 * person must say what is to become of it. `returning`: what it holds is being put back. `behind`: it is being made, or will be.
	 */
	readonly kind: 'off' | 'closed' | 'other' | 'returning' | 'behind' | 'current';
	/** Undefined while it is off. */
	readonly place: CopyPlace | undefined;
	/** Whether this browser has a place of its own for it. */
	readonly ownPlace: boolean;
	readonly bytes: number;
	/** When it was last written, ms since the epoch. */
	readonly writtenMs: number | undefined;
	/** What failed since the worker started, and why the last did; the next that works clears the reason. */
	readonly failures: number;
	readonly trouble: CopyTrouble | undefined;
	/** Files found damaged or missing since the worker started: the copy is then made anew. */
	readonly damagedFiles: number;
	/** Samples that were read so far while it is returning. */
	readonly returning: number;
	/** What came back into a store that was in use, since the worker started. */
	readonly returned: Refilled | undefined;
}

export class CopyFault extends Error {
	constructor(readonly trouble: CopyTrouble) {
		super(trouble.kind);
	}
}

/** What made an act on the copy fail; undefined where the browser asks for a person's permission first. */
export function troubleOf(cause: unknown): CopyTrouble | undefined {
	if (cause instanceof CopyFault) return cause.trouble;
	if (!(cause instanceof Error)) return { kind: 'failed', cause: String(cause) };
	switch (cause.name) {
		case 'NotAllowedError':
			return undefined;
		case 'NotFoundError':
			return { kind: 'gone' };
		case 'QuotaExceededError':
			return { kind: 'no-room' };
		default:
			return { kind: 'failed', cause: cause.message };
	}
}

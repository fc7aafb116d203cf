import type { CallShape, FeedShape, FrameError, Result } from '$lib/base';
import type {
	ExportForm,
	ImportForm,
	ImportStep,
	Outlived,
	ScanQuery,
	SeriesExtent,
	StoreError
} from '$lib/telemetry';
import type { RetentionPlan } from '../retention-plan';

type Call<A, R> = CallShape & { args: A; result: R };
type Feed<A, V> = FeedShape & { args: A; value: V };

/** Export, import, backup and restore: what pages ask of the field worker. */
export interface TransferService {
	calls: {
		/** What there is to export. */
		extents: Call<null, readonly SeriesExtent[]>;
		/** One page of an export as UTF-8; whoever asks sets the pace, and any leader can answer the next. */
		exportPage: Call<ExportPageQuery, ExportedPage>;
		/** Begins a backup, and ends the one before where there is one. */
		backupBegin: Call<{ passphrase: string }, Result<BackupBegun, BackupError>>;
		/** The next bytes of it; `done` with the last. */
		backupNext: Call<{ id: string }, Result<BackupPiece, BackupError>>;
		backupEnd: Call<{ id: string }, void>;
		/** Ends a restore. True once it ended and changed nothing here; false where it is past that: its last step tells. */
		restoreStop: Call<{ id: string }, boolean>;
		/** What is damaged and was set aside, as NDJSON in UTF-8. */
		asideFile: Call<null, Uint8Array<ArrayBuffer>>;
	};
	feeds: {
		/** Reads a file of samples, and with `write` stores what is new of it; asked twice it stores once. */
		importFile: Feed<{ file: Blob; form: ImportForm; write: boolean }, ImportStep>;
		/** Checks a backup whole, and with `apply` puts it in the place of all that is here. */
		restoreFile: Feed<RestoreAsked, RestoreStep>;
	};
}

export interface ExportPageQuery {
	readonly form: ExportForm;
	readonly query: ScanQuery;
	/** Of a CSV: its metrics in the order of the header. */
	readonly columns: readonly string[];
}

export interface ExportedPage {
	readonly bytes: Uint8Array<ArrayBuffer>;
	readonly samples: number;
	readonly nextMs: number | undefined;
}

export interface BackupBegun {
	readonly id: string;
	/** About, of the whole file. */
	readonly bytes: number;
	readonly samples: number;
	/** Passwords and device secrets that go with it. */
	readonly secrets: number;
}

export interface BackupPiece {
	readonly bytes: Uint8Array<ArrayBuffer>;
	readonly done: boolean;
	/** With the last: damaged blocks that are not in the file. */
	readonly leftOut?: number;
}

export type BackupError =
	| { readonly kind: 'store'; readonly error: StoreError }
	/** Settings and devices lie in memory only, or WebCrypto is missing where there are secrets to seal. */
	| { readonly kind: 'unavailable'; readonly cause: string }
	/** Another leader, another backup, or a device was forgotten meanwhile: begin again. */
	| { readonly kind: 'interrupted' };

export interface RestoreAsked {
	/** Names the act: one that was carried out is not carried out again. */
	readonly id: string;
	readonly file: Blob;
	/** '': without what it seals. */
	readonly passphrase: string;
	readonly apply: boolean;
	/** No bound of age comes with it, so that retention takes nothing of it. */
	readonly keepAll: boolean;
}

/** What a whole and sound backup holds. */
export interface BackupContents {
	readonly madeMs: number;
	readonly samples: number;
	readonly blocks: number;
	/** Blocks that were damaged when it was made, and are not in it. */
	readonly leftOut: number;
	/** Where in the file blocks are damaged, bytes from its start: the rest is whole. */
	readonly damaged: readonly number[];
	/** How long what is kept comes with it, and how many samples are older than that. */
	readonly retention: RetentionPlan;
	readonly older: Outlived;
	readonly rows: Readonly<Record<string, number>>;
	/** `locked`: there are some, and no passphrase was given yet. */
	readonly secrets: { readonly kind: 'none' | 'locked' } | { readonly kind: 'open'; readonly count: number };
}

export type RestoreError =
	| FrameError
	/** Made by a later Fieldbench. */
	| { readonly kind: 'newer'; readonly version: number }
	/** The frame is whole, and what it says is not of a backup. */
	| { readonly kind: 'malformed'; readonly place: number }
	| { readonly kind: 'wrong-passphrase' }
	/** Another tab has open what is to be written anew. */
	| { readonly kind: 'blocked' }
	/** The browser would not read the file: it was moved or changed since it was chosen. */
	| { readonly kind: 'unreadable'; readonly cause: string }
	| { readonly kind: 'store'; readonly error: StoreError }
	| { readonly kind: 'unavailable'; readonly cause: string };

export type RestoreStep =
	| { readonly kind: 'checking' | 'writing'; readonly readBytes: number; readonly totalBytes: number }
	| { readonly kind: 'checked'; readonly contents: BackupContents }
	/** From here on there is no way back. */
	| { readonly kind: 'switching' }
	| { readonly kind: 'restored' }
	| { readonly kind: 'refused'; readonly error: RestoreError };

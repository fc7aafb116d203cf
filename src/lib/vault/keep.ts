import type { Result } from '$lib/base';
import type { Rows } from './rows';
import type { SecretBox } from './secret-box';
import type { SecretRow } from './secret-row';

/** The tables of the keep. Names are on disk: they stay. */
export const KEEP_TABLES = [
	'settings',
	'brokers',
	'secrets',
	'keys',
	'outbox',
	'devices',
	'notices',
	'fences',
	'sentinel',
	'annotations',
	'views',
	'alerts',
	'taken',
	'events',
	'let-go'
] as const;
export type KeepTable = (typeof KEEP_TABLES)[number];
/** The tables others may hold rows in; the rest is reached by the methods of `Keep`. */
export type OpenTable = Exclude<KeepTable, 'secrets' | 'keys' | 'fences' | 'sentinel'>;

export const OPEN_TABLES = KEEP_TABLES.filter(
	(table): table is OpenTable => !['secrets', 'keys', 'fences', 'sentinel'].includes(table)
);
/** Keys of the table `sentinel`. */
export const SENTINEL_KEYS = { text: 'telemetry', name: 'telemetry-name', restored: 'restored' } as const;

/** What outlives the telemetry: settings, broker profiles, secrets, outbox, devices, notices, annotations, views. */
export interface Keep {
	/** A typed table. A row that `parse` refuses is left where it is and not shown. */
	rows<T>(table: OpenTable, parse: (row: unknown) => T | undefined): Rows<T>;
	readonly secrets: SecretBox;
	/**
	 * A number higher than any taken before under `name`, committed to disk before it is returned. Never below the
	 * clock's ms, so that it still rises after the keep itself was lost. From then on this keep's writes reject with
	 * `KeepFenced` once somebody else has taken a higher one.
	 */
	takeFence(name: string): Promise<number>;
	/** The keep's own copy of the telemetry store's sentinel. */
	readonly sentinel: {
		read(): Promise<string | null>;
		write(text: string): Promise<void>;
	};
	/** Every row of the tables that others hold rows in, by key: for a backup. */
	dump(): Promise<readonly DumpedTable[]>;
	/** The names of all secrets, without what they hide. */
	secretNames(): Promise<readonly string[]>;
	/**
	 * All of it or nothing, on disk when it resolves; under the fence. Tables that are not named stay as they are. From then on this
	 * keep's own writes reject with `KeepFenced`: what its owner has in memory is of what was there before.
	 */
	replace(change: KeepChange): Promise<void>;
	readonly marks: {
		/** Which database the telemetry lies in, where a restore moved it. */
		telemetryName(): Promise<string | undefined>;
		/** The restore that was carried out last. */
		restored(): Promise<string | undefined>;
	};
	/** True where the browser threw the keep away since it was last open, and said so. */
	readonly discarded: boolean;
	close(): void;
}

export interface DumpedTable {
	readonly table: OpenTable;
	readonly rows: readonly (readonly [key: string, row: unknown])[];
}

/** What a restore puts in the place of what was there. */
export interface KeepChange {
	readonly tables: readonly DumpedTable[];
	/** Sealed with this keep's key; absent: those that are there stay. */
	readonly secrets?: readonly (readonly [name: string, row: SecretRow])[] | undefined;
	readonly sentinel: string;
	readonly telemetryName: string;
	/** Names this restore, so that a repeat of it does nothing. */
	readonly restored: string;
}

export type KeepError = { kind: 'unavailable'; cause: string } | { kind: 'newer-version'; found: number };
export type OpenKeepResult = Result<Keep, KeepError>;

/** Another worker took over from the one that writes here: nothing was written. */
export class KeepFenced extends Error {
	override readonly name = 'KeepFenced';

	/** @param by the fence number that is higher than ours */
	constructor(readonly by: number) {
		super('another worker has taken over');
	}
}

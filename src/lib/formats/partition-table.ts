import type { Result } from '$lib/base';

export interface Partition {
	/** At most 16 bytes. */
	readonly label: string;
	/** 0 app, 1 data, 0x40 … 0xFE the application's own. */
	readonly type: number;
	readonly subtype: number;
	/** Bytes from the flash's start. */
	readonly offset: number;
	/** Bytes. */
	readonly size: number;
	readonly encrypted: boolean;
	readonly readOnly: boolean;
}

export interface PartitionTable {
	/** In the order of the table. */
	readonly partitions: readonly Partition[];
	/** Whether the table ends with the MD5 of its rows; a wrong one is a fault. */
	readonly md5: 'ok' | 'none';
}

export type PartitionFault =
	| { readonly kind: 'too-short'; readonly lengthBytes: number }
	/** The first row is no partition: there is no table here. */
	| { readonly kind: 'not-a-table' }
	| { readonly kind: 'bad-row'; readonly row: number; readonly magic: number }
	| { readonly kind: 'md5-wrong'; readonly row: number };

export type PartitionBuildFault =
	| { readonly kind: 'none' }
	| { readonly kind: 'too-many'; readonly count: number }
	| { readonly kind: 'bad-label'; readonly row: number }
	| {
			readonly kind: 'bad-number';
			readonly row: number;
			readonly field: 'type' | 'subtype' | 'offset' | 'size';
	  }
	| { readonly kind: 'misaligned'; readonly row: number; readonly alignBytes: number }
	| { readonly kind: 'overlap'; readonly row: number; readonly other: number };

/** Where the table lies unless a project says otherwise, in bytes from the flash's start. */
export const PARTITION_TABLE_OFFSET = 0x8000;
/** Bytes that a table takes at most; its sector is 0x1000. */
export const PARTITION_TABLE_BYTES = 0xc00;

export declare function parsePartitionTable(bytes: Uint8Array): Result<PartitionTable, PartitionFault>;

/** The table's whole 0xC00 bytes, with the MD5 row. */
export declare function buildPartitionTable(
	partitions: readonly Partition[]
): Result<Uint8Array<ArrayBuffer>, PartitionBuildFault>;

import type { Result } from '$lib/base';
import type { Partition } from './partition-table';

export interface CsvFault {
	readonly kind: 'bad-field';
	/** From 1. */
	readonly line: number;
	readonly field: 'name' | 'type' | 'subtype' | 'offset' | 'size' | 'flags';
	readonly text: string;
}

/** Espressif's partition CSV: `name, type, subtype, offset, size, flags`; a missing offset follows the row before. */
export declare function parsePartitionCsv(text: string): Result<readonly Partition[], CsvFault>;

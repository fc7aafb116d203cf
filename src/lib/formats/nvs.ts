import type { Result } from '$lib/base';
import type {
	NvsBuildFault,
	NvsContents,
	NvsEntry,
	NvsFault,
	NvsMedium,
	NvsSetFault,
	NvsValue
} from './nvs-types';

export declare function parseNvs(bytes: Uint8Array): Result<NvsContents, NvsFault>;

/** A whole partition image as Espressif's generator writes it. */
export declare function buildNvs(
	entries: readonly NvsEntry[],
	sizeBytes: number
): Result<Uint8Array<ArrayBuffer>, NvsBuildFault>;

/** A partition that is read and changed in place, in the order that survives a power cut, as ESP-IDF does. */
export declare class NvsPartition {
	/** Mends what a power cut left half done. Erased flash is an empty partition. */
	static open(medium: NvsMedium): Result<NvsPartition, NvsFault>;
	get(namespace: string, key: string): NvsValue | undefined;
	set(namespace: string, key: string, value: NvsValue): Result<void, NvsSetFault>;
	/** @returns whether there was one */
	erase(namespace: string, key: string): boolean;
	entries(): readonly NvsEntry[];
}

/** A partition's part of a whole flash. */
export declare function mediumWindow(
	flash: Omit<NvsMedium, 'sizeBytes'>,
	offset: number,
	sizeBytes: number
): NvsMedium;

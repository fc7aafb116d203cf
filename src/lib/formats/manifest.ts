import type { Result } from '$lib/base';
import type { ChipFamily } from './chips';

export interface ManifestPart {
	/** As written in the manifest. */
	readonly path: string;
	/** Resolved against the manifest's address. */
	readonly url: string;
	/** Bytes from the flash's start. */
	readonly offset: number;
}

export interface ManifestBuild {
	readonly family: ChipFamily;
	/** `cdc`: for the chip's own USB; `uart`: for a bridge; absent: for both. */
	readonly serialType?: 'cdc' | 'uart';
	/** By offset. */
	readonly parts: readonly ManifestPart[];
	/** Its place in the manifest's `builds`. */
	readonly index: number;
}

/** An ESP Web Tools manifest. */
export interface FirmwareManifest {
	readonly name: string;
	/** Absent where the manifest has none. */
	readonly version?: string;
	readonly builds: readonly ManifestBuild[];
	/** Families that we do not know, as written. */
	readonly unknownFamilies: readonly string[];
	/** Ask before erasing at a new install; false: erase without asking. */
	readonly promptErase: boolean;
	/** Seconds that Improv may take to answer after a new install; 0: it has none. */
	readonly improvWaitS?: number;
}

export interface ManifestFault {
	readonly kind: 'not-json' | 'missing' | 'wrong-type' | 'bad-value' | 'overlap' | 'ambiguous' | 'too-large';
	/** `builds[1].parts[0].offset`; empty for the whole. */
	readonly field: string;
}

/** @param url the manifest's own address, absolute */
export declare function parseManifest(text: string, url: string): Result<FirmwareManifest, ManifestFault>;

import type { Result } from '$lib/base';

export type OtaState = 'new' | 'pending-verify' | 'valid' | 'invalid' | 'aborted' | 'undefined';

/** One of the two records of the otadata partition. */
export interface OtaRecord {
	/** From 1; the greater one is selected. */
	readonly sequence: number;
	readonly state: OtaState;
}

export interface OtaData {
	/** One a sector; undefined where there is none whose checksum holds. */
	readonly records: readonly [OtaRecord | undefined, OtaRecord | undefined];
	/** The record that the bootloader follows: the newest that is neither invalid nor aborted. */
	readonly selected: OtaRecord | undefined;
}

export interface OtaFault {
	readonly kind: 'too-short';
	readonly lengthBytes: number;
}

/** Bytes of the otadata partition: two sectors. */
export const OTA_DATA_BYTES = 0x2000;

export declare function parseOtaData(bytes: Uint8Array): Result<OtaData, OtaFault>;

/** The OTA slot (0: `ota_0`) that the bootloader starts, or undefined: the factory app, or `ota_0` where there is none. */
export declare function selectedSlot(data: OtaData, slotCount: number): number | undefined;

/** The partition's bytes with these records. */
export declare function buildOtaData(records: OtaData['records']): Uint8Array<ArrayBuffer>;

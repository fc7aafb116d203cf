import { crc32, err, ok, type Result } from '$lib/base';
import { u32At, viewOf } from './little-endian';

const STATES = ['new', 'pending-verify', 'valid', 'invalid', 'aborted'] as const;

/** `undefined` is what stands there when the bootloader's rollback is not in use. */
export type OtaState = (typeof STATES)[number] | 'undefined' | 'unknown';

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

/** One of the two sectors as it lies there, whatever the bootloader thinks of it. */
export type OtaSector =
	| { readonly kind: 'empty' }
	/** @property crcOk where not, the bootloader passes over it */
	| (OtaRecord & { readonly kind: 'record'; readonly crcOk: boolean });

export interface OtaFault {
	readonly kind: 'too-short';
	readonly lengthBytes: number;
}

/** Bytes of the otadata partition: two sectors. */
export const OTA_DATA_BYTES = 0x2000;

const SECTOR_BYTES = 0x1000;
const AT = { state: 24, crc: 28 };
const NO_SEQUENCE = 0xffffffff;
const STATE_UNDEFINED = 0xffffffff;

/** The ROM's CRC with this start is the common CRC-32 continued from it. Source: ESP-IDF `bootloader_common_ota_select_crc`. */
const CRC_SEED = 0xffffffff;

/** Total. Source: ESP-IDF `esp_flash_partitions.h`, `esp_ota_select_entry_t`, and `bootloader_common_get_active_otadata`. */
export function parseOtaData(bytes: Uint8Array): Result<OtaData, OtaFault> {
	if (bytes.length < OTA_DATA_BYTES) return err({ kind: 'too-short', lengthBytes: bytes.length });
	const [first, second] = [recordAt(bytes, 0), recordAt(bytes, SECTOR_BYTES)];
	const bootable = [first, second].filter(
		(r): r is OtaRecord => r !== undefined && r.state !== 'invalid' && r.state !== 'aborted'
	);
	const selected = bootable.reduce<OtaRecord | undefined>(
		(best, record) => (best && best.sequence >= record.sequence ? best : record),
		undefined
	);
	return ok({ records: [first, second], selected });
}

function recordAt(bytes: Uint8Array, at: number): OtaRecord | undefined {
	const sector = sectorAt(bytes, at);
	if (sector.kind === 'empty' || !sector.crcOk || sector.sequence === 0) return undefined;
	return { sequence: sector.sequence, state: sector.state };
}

/** Both sectors with what is wrong in them. Total. */
export function readOtaSectors(bytes: Uint8Array): Result<readonly [OtaSector, OtaSector], OtaFault> {
	if (bytes.length < OTA_DATA_BYTES) return err({ kind: 'too-short', lengthBytes: bytes.length });
	return ok([sectorAt(bytes, 0), sectorAt(bytes, SECTOR_BYTES)]);
}

function sectorAt(bytes: Uint8Array, at: number): OtaSector {
	const sequence = u32At(bytes, at);
	if (sequence === NO_SEQUENCE) return { kind: 'empty' };
	const crcOk = crc32(bytes.subarray(at, at + 4), CRC_SEED) === u32At(bytes, at + AT.crc);
	const code = u32At(bytes, at + AT.state);
	const state = code === STATE_UNDEFINED ? 'undefined' : (STATES[code] ?? 'unknown');
	return { kind: 'record', sequence, state, crcOk };
}

/** The OTA slot (0: `ota_0`) that the bootloader starts, or undefined: the factory app, or `ota_0` where there is none. */
export function selectedSlot(data: OtaData, slotCount: number): number | undefined {
	return data.selected && slotCount > 0 ? (data.selected.sequence - 1) % slotCount : undefined;
}

/** The partition's bytes with these records; all 0xFF where there is none, which is how a new board begins. */
export function buildOtaData(records: OtaData['records']): Uint8Array<ArrayBuffer> {
	const out = new Uint8Array(OTA_DATA_BYTES).fill(0xff);
	const view = viewOf(out);
	records.forEach((record, sector) => {
		if (!record) return;
		const at = sector * SECTOR_BYTES;
		const state = (STATES as readonly string[]).indexOf(record.state);
		view.setUint32(at, record.sequence, true);
		view.setUint32(at + AT.state, state < 0 ? STATE_UNDEFINED : state, true);
		view.setUint32(at + AT.crc, crc32(out.subarray(at, at + 4), CRC_SEED), true);
	});
	return out;
}

import { sha256 } from '@noble/hashes/sha2.js';
import { assert, err, ok, sameBytes, type Result } from '$lib/base';
import { APP_DESCRIPTOR_BYTES, parseAppDescriptor, type AppDescriptor } from './app-descriptor';
import { chipFamilyOf, type ChipFamily } from './chips';
import { alignUp, u16At, u32At, viewOf } from './little-endian';

/** The first byte of every image. */
export const IMAGE_MAGIC = 0xe9;
const HEADER_BYTES = 24;
const SEGMENT_HEADER_BYTES = 8;
/** ESP-IDF's `ESP_IMAGE_MAX_SEGMENTS`. */
const MAX_SEGMENTS = 16;
/** The checksum is the exclusive or of all segments' bytes and this. */
const CHECKSUM_SEED = 0xef;
const DIGEST_BYTES = 32;
/** `wp_pin` when no pin is to be driven. */
const WP_DISABLED = 0xee;
const ANY_REVISION = 0xffff;
const SMALLEST_FLASH_BYTES = 0x100000;
const LARGEST_FLASH_CODE = 7;

/** Source: ESP-IDF `esp_app_format.h`, `esp_image_header_t`; packed, so two of them lie unaligned. */
const AT = {
	segmentCount: 1,
	spiMode: 2,
	speedAndSize: 3,
	entry: 4,
	wpPin: 8,
	chipId: 12,
	minRev: 14,
	minRevFull: 15,
	maxRevFull: 17,
	hashAppended: 23
};

export interface ImageSegment {
	/** Where the chip loads or maps it. */
	readonly address: number;
	/** Bytes of data, a multiple of 4. */
	readonly length: number;
	/** Of the data's first byte, counted from the image's. */
	readonly fileOffset: number;
}

/** An application or bootloader image in Espressif's format, taken apart. */
export interface AppImage {
	readonly chipId: number;
	/** Absent where `chipId` is none that we know. */
	readonly family?: ChipFamily;
	readonly entry: number;
	/** 0 QIO, 1 QOUT, 2 DIO, 3 DOUT, 4 fast read, 5 slow read. */
	readonly spiMode: number;
	/** The header's code; its meaning in MHz differs between chips. */
	readonly spiSpeed: number;
	/** What the header says of the flash, absent where its code is none. */
	readonly flashSizeBytes?: number;
	/** Chip revisions it runs on, major × 100 + minor, both inclusive; 0xFFFF as the greatest: any. */
	readonly minRevFull: number;
	readonly maxRevFull: number;
	readonly segments: readonly ImageSegment[];
	readonly checksumOk: boolean;
	/** Of the appended SHA-256. */
	readonly hash: { readonly kind: 'none' | 'ok' | 'wrong' };
	/** Only applications have one. */
	readonly descriptor?: AppDescriptor;
	/** Bytes of the image with checksum and digest; what follows in the file is not its own. */
	readonly sizeBytes: number;
}

export type ImageFault =
	| { readonly kind: 'too-short'; readonly neededBytes: number; readonly lengthBytes: number }
	| { readonly kind: 'not-an-image'; readonly magic: number }
	| { readonly kind: 'bad-segment-count'; readonly count: number }
	| { readonly kind: 'unaligned-segment'; readonly segment: number; readonly lengthBytes: number };

/** Total: any bytes give an image or what is wrong with them. Bytes after the image are left alone. */
export function parseAppImage(bytes: Uint8Array): Result<AppImage, ImageFault> {
	if (bytes.length > 0 && bytes[0] !== IMAGE_MAGIC) return err({ kind: 'not-an-image', magic: bytes[0]! });
	if (bytes.length < HEADER_BYTES) return tooShort(HEADER_BYTES, bytes);
	const count = bytes[AT.segmentCount]!;
	if (count === 0 || count > MAX_SEGMENTS) return err({ kind: 'bad-segment-count', count });

	const walked = walkSegments(bytes, count);
	if (!walked.ok) return walked;
	const { segments, end, checksum } = walked.value;
	const checksummedBytes = alignUp(end + 1, 16);
	const hashAppended = bytes[AT.hashAppended] === 1;
	const sizeBytes = checksummedBytes + (hashAppended ? DIGEST_BYTES : 0);
	if (sizeBytes > bytes.length) return tooShort(sizeBytes, bytes);

	const chipId = u16At(bytes, AT.chipId);
	const family = chipFamilyOf(chipId);
	const first = segments[0]!;
	const descriptor = parseAppDescriptor(bytes.subarray(first.fileOffset, first.fileOffset + first.length));
	const sizeCode = bytes[AT.speedAndSize]! >> 4;
	return ok({
		chipId,
		...(family && { family }),
		entry: u32At(bytes, AT.entry),
		spiMode: bytes[AT.spiMode]!,
		spiSpeed: bytes[AT.speedAndSize]! & 15,
		...(sizeCode <= LARGEST_FLASH_CODE && { flashSizeBytes: SMALLEST_FLASH_BYTES << sizeCode }),
		...revisionsOf(bytes, family),
		segments,
		checksumOk: bytes[checksummedBytes - 1] === checksum,
		hash: { kind: hashAppended ? hashKind(bytes, checksummedBytes) : 'none' },
		...(descriptor && { descriptor }),
		sizeBytes
	});
}

/**
 * Images of before 2023 have one byte instead, a major revision, of the ESP32-C3 a minor one, and no greatest. Source: esptool
 * `cmds.py`, `write_flash`.
 */
function revisionsOf(
	bytes: Uint8Array,
	family: ChipFamily | undefined
): Pick<AppImage, 'minRevFull' | 'maxRevFull'> {
	const [minRev, least, greatest] = [
		bytes[AT.minRev]!,
		u16At(bytes, AT.minRevFull),
		u16At(bytes, AT.maxRevFull)
	];
	const old = greatest === 0 || (greatest === ANY_REVISION && least === 0);
	return {
		minRevFull: old ? minRev * (family === 'ESP32-C3' ? 1 : 100) : least,
		maxRevFull: greatest === 0 ? ANY_REVISION : greatest
	};
}

function walkSegments(
	bytes: Uint8Array,
	count: number
): Result<{ segments: ImageSegment[]; end: number; checksum: number }, ImageFault> {
	const segments: ImageSegment[] = [];
	let end = HEADER_BYTES;
	let checksum = CHECKSUM_SEED;
	for (let segment = 0; segment < count; segment++) {
		const fileOffset = end + SEGMENT_HEADER_BYTES;
		if (fileOffset > bytes.length) return tooShort(fileOffset, bytes);
		const length = u32At(bytes, end + 4);
		if (length % 4 !== 0) return err({ kind: 'unaligned-segment', segment, lengthBytes: length });
		if (fileOffset + length > bytes.length) return tooShort(fileOffset + length, bytes);
		segments.push({ address: u32At(bytes, end), length, fileOffset });
		end = fileOffset + length;
		for (let at = fileOffset; at < end; at++) checksum ^= bytes[at]!;
	}
	return ok({ segments, end, checksum });
}

/** What the first bytes of an image tell, before the rest is read. */
export interface AppImageHead {
	readonly chipId: number;
	readonly family?: ChipFamily;
	readonly segmentCount: number;
	readonly hashAppended: boolean;
	readonly descriptor?: AppDescriptor;
}

/** Bytes from an image's start that hold its head and, where it has one, its descriptor. */
export const IMAGE_HEAD_BYTES = HEADER_BYTES + SEGMENT_HEADER_BYTES + APP_DESCRIPTOR_BYTES;
/** Of the first segment's header; each is 8 bytes, and the next follows the data. */
export const FIRST_SEGMENT_AT = HEADER_BYTES;

/** @returns undefined where no image begins here. Says nothing of whether it is whole: `parseAppImage` does. */
export function parseAppImageHead(bytes: Uint8Array): AppImageHead | undefined {
	if (bytes.length < HEADER_BYTES || bytes[0] !== IMAGE_MAGIC) return undefined;
	const segmentCount = bytes[AT.segmentCount]!;
	if (segmentCount === 0 || segmentCount > MAX_SEGMENTS) return undefined;
	const chipId = u16At(bytes, AT.chipId);
	const family = chipFamilyOf(chipId);
	const descriptor = parseAppDescriptor(bytes.subarray(HEADER_BYTES + SEGMENT_HEADER_BYTES));
	return {
		chipId,
		...(family && { family }),
		segmentCount,
		hashAppended: bytes[AT.hashAppended] === 1,
		...(descriptor && { descriptor })
	};
}

/** Where the header after this segment begins. @param header 8 bytes @param at of this header, from the image's start */
export const nextSegmentAt = (header: Uint8Array, at: number): number =>
	at + SEGMENT_HEADER_BYTES + u32At(header, 4);

/** Bytes of a whole image whose last segment ends there. */
export const imageEnd = (dataEnd: number, hashAppended: boolean): number =>
	alignUp(dataEnd + 1, 16) + (hashAppended ? DIGEST_BYTES : 0);

const tooShort = (neededBytes: number, bytes: Uint8Array): Result<never, ImageFault> =>
	err({ kind: 'too-short', neededBytes, lengthBytes: bytes.length });

const hashKind = (bytes: Uint8Array, end: number): 'ok' | 'wrong' =>
	sameBytes(sha256(bytes.subarray(0, end)), bytes.subarray(end, end + DIGEST_BYTES)) ? 'ok' : 'wrong';

export interface ImageParts {
	readonly chipId: number;
	readonly entry: number;
	/** 1 … 16; data is filled with zeros to a multiple of 4. */
	readonly segments: readonly { readonly address: number; readonly bytes: Uint8Array }[];
	/** Default 2, DIO. */
	readonly spiMode?: number;
	/** Default 0. */
	readonly spiSpeed?: number;
	/** A power of two from 1 MiB to 128 MiB. Default 4 MiB. */
	readonly flashSizeBytes?: number;
	readonly minRevFull?: number;
	readonly maxRevFull?: number;
	/** Default true: a SHA-256 of all before it at the end. */
	readonly hashAppended?: boolean;
}

/** Throws where `parts` is no image: the caller is our own code, and what a person gives never comes here. */
export function buildAppImage(parts: ImageParts): Uint8Array<ArrayBuffer> {
	const count = parts.segments.length;
	assert(count > 0 && count <= MAX_SEGMENTS, `an image has 1 to ${MAX_SEGMENTS} segments, not ${count}`);
	const flashSizeBytes = parts.flashSizeBytes ?? 4 * SMALLEST_FLASH_BYTES;
	const sizeCode = Math.log2(flashSizeBytes / SMALLEST_FLASH_BYTES);
	assert(
		Number.isInteger(sizeCode) && sizeCode >= 0 && sizeCode <= LARGEST_FLASH_CODE,
		`no flash of ${flashSizeBytes} bytes can be named`
	);

	const hashAppended = parts.hashAppended ?? true;
	const dataEnd = parts.segments.reduce(
		(at, { bytes }) => at + SEGMENT_HEADER_BYTES + alignUp(bytes.length, 4),
		HEADER_BYTES
	);
	const end = alignUp(dataEnd + 1, 16);
	const out = new Uint8Array(end + (hashAppended ? DIGEST_BYTES : 0));
	const view = viewOf(out);
	out[0] = IMAGE_MAGIC;
	out[AT.segmentCount] = count;
	out[AT.spiMode] = parts.spiMode ?? 2;
	out[AT.speedAndSize] = (sizeCode << 4) | (parts.spiSpeed ?? 0);
	view.setUint32(AT.entry, parts.entry, true);
	out[AT.wpPin] = WP_DISABLED;
	view.setUint16(AT.chipId, parts.chipId, true);
	view.setUint16(AT.minRevFull, parts.minRevFull ?? 0, true);
	view.setUint16(AT.maxRevFull, parts.maxRevFull ?? ANY_REVISION, true);
	out[AT.hashAppended] = hashAppended ? 1 : 0;

	let at = HEADER_BYTES;
	let checksum = CHECKSUM_SEED;
	for (const { address, bytes } of parts.segments) {
		const length = alignUp(bytes.length, 4);
		view.setUint32(at, address, true);
		view.setUint32(at + 4, length, true);
		out.set(bytes, at + SEGMENT_HEADER_BYTES);
		at += SEGMENT_HEADER_BYTES + length;
		for (const byte of bytes) checksum ^= byte;
	}
	out[end - 1] = checksum;
	if (hashAppended) out.set(sha256(out.subarray(0, end)), end);
	return out;
}

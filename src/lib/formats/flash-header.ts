import { sha256 } from '@noble/hashes/sha2.js';
import { err, ok, type Result } from '$lib/base';
import { parseAppImage } from './app-image';
import type { ChipFamily } from './chips';
import { alignUp } from './little-endian';

/** In the order of their codes. */
export const SPI_MODES = ['qio', 'qout', 'dio', 'dout'] as const;
export type SpiMode = (typeof SPI_MODES)[number];

/** What a bootloader's header says of the flash, as codes. */
export interface FlashHeader {
	/** Place in `SPI_MODES`; greater ones are hardly used. */
	readonly spiMode: number;
	/** 0 … 15; its meaning differs between chips. */
	readonly spiSpeed: number;
	/** 0: 1 MiB, and twice as much for each more. */
	readonly sizeCode: number;
}

/** Why a header is left as it was built. */
export type HeaderFault =
	| { readonly kind: 'no-image' }
	/** Its checksum or its digest does not hold: made right here, it would pass for whole. */
	| { readonly kind: 'damaged' }
	/** Another byte in it would void its signature. */
	| { readonly kind: 'signed' };

const AT = { spiMode: 2, speedAndSize: 3 };
const DIGEST_BYTES = 32;
const SECTOR_BYTES = 0x1000;
/** Source: espsecure, `SIG_BLOCK_MAGIC` and its versions: RSA, ECDSA. */
const SIGNATURE_MAGIC = 0xe7;
const SIGNATURE_VERSIONS = [2, 3];
const SMALLEST_FLASH_BYTES = 0x100000;
const LARGEST_SIZE_CODE = 7;

/** Source: esptool `targets/*.py`, `FLASH_FREQUENCY`. Those of the ESP32-C6 share a code, as its ROM reads 80 MHz wrongly. */
const COMMON = { '80m': 15, '40m': 0, '20m': 2 };
const HALF = { '48m': 15, '24m': 0, '16m': 1, '12m': 2 };
const FREQUENCIES: Partial<Record<ChipFamily, Readonly<Record<string, number>>>> = {
	'ESP32-C2': { '60m': 15, '30m': 0, '20m': 1, '15m': 2 },
	'ESP32-C5': COMMON,
	'ESP32-C6': { '80m': 0, '40m': 0, '20m': 2 },
	'ESP32-C61': COMMON,
	'ESP32-H2': HALF,
	'ESP32-H21': HALF,
	'ESP32-H4': HALF,
	'ESP32-S31': COMMON
};
const USUAL_FREQUENCIES = { '80m': 15, '40m': 0, '26m': 1, '20m': 2 };

/** Clocks of the flash that a header of this chip can name, the fastest first, with their codes. */
export const flashFrequencies = (family: ChipFamily): Readonly<Record<string, number>> =>
	FREQUENCIES[family] ?? USUAL_FREQUENCIES;

/** @returns undefined where no header can name this size */
export function flashSizeCode(bytes: number): number | undefined {
	const code = Math.log2(bytes / SMALLEST_FLASH_BYTES);
	return Number.isInteger(code) && code >= 0 && code <= LARGEST_SIZE_CODE ? code : undefined;
}

export const flashSizeOfCode = (code: number): number | undefined =>
	code <= LARGEST_SIZE_CODE ? SMALLEST_FLASH_BYTES << code : undefined;

/** Of an image that begins at `at`. */
export const flashHeaderAt = (bytes: Uint8Array, at: number): FlashHeader => ({
	spiMode: bytes[at + AT.spiMode]!,
	spiSpeed: bytes[at + AT.speedAndSize]! & 15,
	sizeCode: bytes[at + AT.speedAndSize]! >> 4
});

/**
 * The same bytes with another flash header in the image at `at`. Its checksum covers only segments and stays; its appended
 * SHA-256 covers the header and is made anew. Source: esptool `cmds.py`, `_update_image_flash_params`.
 */
export function withFlashHeader(
	bytes: Uint8Array<ArrayBuffer>,
	at: number,
	{ spiMode, spiSpeed, sizeCode }: FlashHeader
): Result<Uint8Array<ArrayBuffer>, HeaderFault> {
	const image = parseAppImage(bytes.subarray(at));
	if (!image.ok) return err({ kind: 'no-image' });
	const { checksumOk, hash, sizeBytes } = image.value;
	if (!checksumOk || hash.kind === 'wrong') return err({ kind: 'damaged' });
	if (isSigned(bytes, at + sizeBytes, at)) return err({ kind: 'signed' });
	const out = bytes.slice();
	out[at + AT.spiMode] = spiMode;
	out[at + AT.speedAndSize] = (sizeCode << 4) | spiSpeed;
	if (hash.kind === 'ok') {
		const end = at + sizeBytes - DIGEST_BYTES;
		out.set(sha256(out.subarray(at, end)), end);
	}
	return ok(out);
}

/** Secure boot v2: a sector with the signatures follows the image, at the next whole sector counted from its begin. */
function isSigned(bytes: Uint8Array, end: number, begin: number): boolean {
	const at = begin + alignUp(end - begin, SECTOR_BYTES);
	return bytes[at] === SIGNATURE_MAGIC && SIGNATURE_VERSIONS.includes(bytes[at + 1] ?? -1);
}

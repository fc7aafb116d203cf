import { equalText, u16At } from './little-endian';

/** Both file systems are made over the flash's sectors. */
const BLOCK_BYTES = 0x1000;
const LITTLEFS = 'littlefs';
/** In either block of the first pair, after revision and tag. Source: littlefs' SPEC.md: it never moves. */
const LITTLEFS_AT = [8, BLOCK_BYTES + 8];
/** In the low half of a block's first page, its second last object id. Source: SPIFFS' `spiffs_nucleus.h`, `SPIFFS_MAGIC`. */
const SPIFFS_MAGIC = 0x20140529;
const SPIFFS_PAGES_BYTES = [256, 512];
const OBJECT_ID_BYTES = 2;

export type FileSystemKind = 'littlefs' | 'spiffs' | 'fat';

/** A boot sector's last two bytes, and what FAT says of itself before. Source: Microsoft's FAT specification. */
const BOOT_MARK = { at: 510, value: 0xaa55 };
const FAT_TEXTS_AT = [54, 82];

/**
 * Which file system a partition begins with, where only its start was read. FAT lies behind wear levelling, whose spare sector is
 * the first one when it is new, and wanders later: then nothing is recognised.
 * @param bytes the first two sectors or more
 * @param sizeBytes of the whole partition
 */
export function recogniseFileSystemStart(bytes: Uint8Array, sizeBytes: number): FileSystemKind | undefined {
	if (LITTLEFS_AT.some((at) => equalText(bytes, at, LITTLEFS))) return 'littlefs';
	if ([0, BLOCK_BYTES].some((at) => isFatSector(bytes.subarray(at, at + BLOCK_BYTES)))) return 'fat';
	return SPIFFS_PAGES_BYTES.some((page) => hasSpiffsMagic(bytes, page, sizeBytes / BLOCK_BYTES))
		? 'spiffs'
		: undefined;
}

function isFatSector(sector: Uint8Array): boolean {
	return (
		sector.length >= BOOT_MARK.at + 2 &&
		u16At(sector, BOOT_MARK.at) === BOOT_MARK.value &&
		FAT_TEXTS_AT.some((at) => equalText(sector, at, 'FAT'))
	);
}

/** Which file system an image of a partition holds, by its magic alone; undefined where it is none of these. */
export function recogniseFileSystem(bytes: Uint8Array): 'littlefs' | 'spiffs' | undefined {
	if (LITTLEFS_AT.some((at) => equalText(bytes, at, LITTLEFS))) return 'littlefs';
	return SPIFFS_PAGES_BYTES.some((page) => hasSpiffsMagic(bytes, page)) ? 'spiffs' : undefined;
}

/**
 * 16 bits are little proof, so every block that is there must have them: with its place counted from the end, or, in older
 * builds, without.
 * @param blocks of the whole file system
 */
function hasSpiffsMagic(bytes: Uint8Array, pageBytes: number, blocks = bytes.length / BLOCK_BYTES): boolean {
	const here = Math.min(blocks, Math.floor(bytes.length / BLOCK_BYTES));
	if (!Number.isInteger(blocks) || here < 2) return false;
	const all = (counted: boolean) =>
		Array.from({ length: here }, (_, block) => block).every((block) => {
			const magic = SPIFFS_MAGIC ^ pageBytes ^ (counted ? blocks - block : 0);
			return u16At(bytes, block * BLOCK_BYTES + pageBytes - 2 * OBJECT_ID_BYTES) === (magic & 0xffff);
		});
	return all(true) || all(false);
}

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

/** Which file system an image of a partition holds, by its magic alone; undefined where it is none of these. */
export function recogniseFileSystem(bytes: Uint8Array): 'littlefs' | 'spiffs' | undefined {
	if (LITTLEFS_AT.some((at) => equalText(bytes, at, LITTLEFS))) return 'littlefs';
	return SPIFFS_PAGES_BYTES.some((page) => hasSpiffsMagic(bytes, page)) ? 'spiffs' : undefined;
}

/** 16 bits are little proof, so every block must have them: with its place counted from the end, or, in older builds, without. */
function hasSpiffsMagic(bytes: Uint8Array, pageBytes: number): boolean {
	const blocks = bytes.length / BLOCK_BYTES;
	if (!Number.isInteger(blocks) || blocks < 2) return false;
	const all = (counted: boolean) =>
		Array.from({ length: blocks }, (_, block) => block).every((block) => {
			const magic = SPIFFS_MAGIC ^ pageBytes ^ (counted ? blocks - block : 0);
			return u16At(bytes, block * BLOCK_BYTES + pageBytes - 2 * OBJECT_ID_BYTES) === (magic & 0xffff);
		});
	return all(true) || all(false);
}

import { zlibSync } from 'fflate';
import type { WritePlan } from './plan-facts';

/** Typical of a W25Q32 (datasheet rev. G, 9.6): erase of 64 KiB and of 4 KiB, one page of 256 bytes, and the chip's MD5 as measured. */
const ERASE_64K_MS = 150;
const ERASE_4K_MS = 45;
const PROGRAM_PAGE_MS = 0.4;
const MD5_MS_PER_BYTE = 260 / 2 ** 20;
const ERASE_CHIP_MS_PER_BYTE = 2500 / 2 ** 20;
const BLOCK_BYTES = 0x10000;
const BITS_ON_LINE = 10;
/** Change of rate, and the reset at the end. */
const AROUND_MS = 700;

const SAMPLES = 4;
const SAMPLE_BYTES = 8192;
const RATIOS = new WeakMap<Uint8Array, number>();

/**
 * How long a write takes if all of it is to be written, ms: on the line or in the flash, whichever is slower, since one waits
 * for the other. What is there already takes a fraction of it. @param baud bits a second
 */
export function estimateMs(
	{ regions, cleared, eraseAll }: WritePlan,
	baud: number,
	flashBytes: number
): number {
	const writing = regions.map(({ bytes }) => {
		const line = (bytes.length * deflatedShare(bytes) * BITS_ON_LINE * 1000) / baud;
		const flash = (eraseAll ? 0 : eraseMs(bytes.length)) + (bytes.length / 256) * PROGRAM_PAGE_MS;
		return Math.max(line, flash) + bytes.length * MD5_MS_PER_BYTE;
	});
	const clearing = cleared.map(({ length }) => eraseMs(length) + 2 * length * MD5_MS_PER_BYTE);
	const chip = eraseAll ? flashBytes * ERASE_CHIP_MS_PER_BYTE : 0;
	return [...writing, ...clearing, chip, AROUND_MS].reduce((sum, ms) => sum + ms);
}

const eraseMs = (length: number): number =>
	Math.floor(length / BLOCK_BYTES) * ERASE_64K_MS + Math.ceil((length % BLOCK_BYTES) / 4096) * ERASE_4K_MS;

/** By samples spread over it: to deflate all of it takes longer than a person waits for a plan. */
function deflatedShare(bytes: Uint8Array): number {
	const known = RATIOS.get(bytes);
	if (known !== undefined) return known;
	const step = Math.max(SAMPLE_BYTES, Math.floor(bytes.length / SAMPLES));
	let [plain, small] = [0, 0];
	for (let at = 0; at < bytes.length; at += step) {
		const sample = bytes.subarray(at, at + SAMPLE_BYTES);
		plain += sample.length;
		small += zlibSync(sample, { level: 6 }).length;
	}
	const ratio = plain === 0 ? 1 : Math.min(1, small / plain);
	RATIOS.set(bytes, ratio);
	return ratio;
}

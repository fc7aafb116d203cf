/** How long the parts of a board take, ms. */
export interface BoardTiming {
	readonly erase4kMs: number;
	readonly erase64kMs: number;
	readonly eraseChipMs: number;
	/** One page of 256 bytes. */
	readonly programPageMs: number;
	/** The stub's MD5 over one MiB of flash. */
	readonly md5PerMibMs: number;
	/** What a USB bridge adds to each transfer. */
	readonly bridgeMs: number;
	/** Bits of a byte on the line: start, eight, stop; 0: the line takes no time. */
	readonly bitsPerByte: number;
}

/**
 * Typical times of a Winbond W25Q32JV (datasheet rev. G, chapter 9.6, AC electrical characteristics): sector erase 45 ms, block
 * erase (64 KiB) 150 ms, chip erase 10 s, page program 0.4 ms. A full-speed USB bridge polls once a millisecond (USB 2.0,
 * 5.7.4). The MD5 figure is an assumption: a 160 MHz core reading by SPI and hashing at about 4 MB/s.
 */
export const TYPICAL_TIMING: BoardTiming = {
	erase4kMs: 45,
	erase64kMs: 150,
	eraseChipMs: 10_000,
	programPageMs: 0.4,
	md5PerMibMs: 260,
	bridgeMs: 1,
	bitsPerByte: 10
};

/** Nothing takes time: for tests, and for the impatient. */
export const INSTANT_TIMING: BoardTiming = {
	erase4kMs: 0,
	erase64kMs: 0,
	eraseChipMs: 0,
	programPageMs: 0,
	md5PerMibMs: 0,
	bridgeMs: 0,
	bitsPerByte: 0
};

const PAGE_BYTES = 256;
const K = 1024;

/** Erases `length` from `offset` as the stub does: aligned blocks of 64 KiB, and sectors of 4 KiB for the rest (stub_write_flash.c). */
export function eraseMs(timing: BoardTiming, offset: number, length: number): number {
	let ms = 0;
	for (let at = offset, end = offset + length; at < end;) {
		const rest = end - at;
		if (at % (64 * K) === 0 && rest >= 64 * K) [ms, at] = [ms + timing.erase64kMs, at + 64 * K];
		else [ms, at] = [ms + timing.erase4kMs, at + 4 * K];
	}
	return ms;
}

/** @param offset and `length` need not be aligned: pages that are touched count whole */
export function programMs(timing: BoardTiming, offset: number, length: number): number {
	if (length === 0) return 0;
	const pages = Math.ceil((offset + length) / PAGE_BYTES) - Math.floor(offset / PAGE_BYTES);
	return pages * timing.programPageMs;
}

/** @param baud bits a second */
export const lineMs = (timing: BoardTiming, bytes: number, baud: number): number =>
	(bytes * timing.bitsPerByte * 1000) / baud;

/**
 * What a job cannot be faster than on this line and this flash: the longer of the two, since the stub programs while the next
 * block arrives.
 * @param job.bytesOnWire what must cross the line towards the board, SLIP and headers included
 */
export function limitMs(
	timing: BoardTiming,
	job: { bytesOnWire: number; baud: number; regions: readonly { offset: number; length: number }[] }
): number {
	let flash = 0;
	for (const { offset, length } of job.regions) {
		const from = offset - (offset % 4096);
		const to = Math.ceil((offset + length) / 4096) * 4096;
		flash += eraseMs(timing, from, to - from) + programMs(timing, offset, length);
	}
	return Math.max(lineMs(timing, job.bytesOnWire, job.baud), flash);
}

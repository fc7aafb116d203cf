import { concatBytes } from '$lib/base';
import { Inflate } from 'fflate';
import { checksum, MOST_BLOCK_BYTES, ROM_ERROR, STUB_ERROR } from './loader-protocol';
import { SECTOR_BYTES, type SparseFlash } from './sparse-flash';
import { eraseMs, programMs, type BoardTiming } from './timing';

/** The window that the stub inflates into (stub_write_flash.c, out_buf). */
const STUB_BUFFER_BYTES = 32_768;
const SECTORS_PER_BLOCK = 16;

export type Packing = 'raw' | 'deflate';

/** One writing of a region: begin, blocks in order, end. */
interface Job {
	readonly packing: Packing;
	readonly blockSize: number;
	at: number;
	remaining: number;
	/** What the stub has yet to erase. */
	nextSector: number;
	sectorsLeft: number;
	nextBlock: number;
	readonly inflate: Inflate | undefined;
	/** Inflated, and not yet programmed: the stub programs when its buffer is full, or nothing more is to come. */
	inflated: Uint8Array[];
	/** Of the block before: the stub answers before it writes. */
	error: number;
}

export interface Block {
	readonly packing: Packing;
	readonly number: number;
	/** As its header says it. */
	readonly size: number;
	readonly check: number;
	readonly bytes: Uint8Array<ArrayBuffer>;
}

/** How the ROM and the stub write to the flash: what they erase when, what they look at, and how long it takes. Errors are their codes. */
export class FlashWriter {
	#job: Job | undefined;
	/** When the flash is done with what it has. */
	#freeAtMs = 0;

	constructor(
		private readonly flash: SparseFlash,
		private readonly timing: BoardTiming
	) {}

	get freeAtMs(): number {
		return this.#freeAtMs;
	}

	/** What went wrong in writing the last block; 0: nothing. */
	get error(): number {
		return this.#job?.error ?? 0;
	}

	/** @returns the error, or how long the begin itself takes: the ROM erases all of it first, the stub as it comes to it */
	begin(
		wish: { packing: Packing; totalBytes: number; blockSize: number; offset: number },
		stub: boolean
	): { error: number } | { costMs: number } {
		const { packing, totalBytes, blockSize, offset } = wish;
		if (blockSize > MOST_BLOCK_BYTES || (!stub && blockSize === 0))
			return { error: stub ? STUB_ERROR.badBlockSize : ROM_ERROR.invalid };
		if (!stub && (offset % 4 !== 0 || offset + totalBytes > this.flash.sizeBytes))
			return { error: ROM_ERROR.failed };
		const nextSector = Math.floor(offset / SECTOR_BYTES);
		const sectors = Math.ceil((offset + totalBytes) / SECTOR_BYTES) - nextSector;
		const job: Job = {
			...{ packing, blockSize, nextSector, nextBlock: 0, error: 0, inflated: [] },
			...{ at: offset, remaining: totalBytes, sectorsLeft: stub ? sectors : 0 },
			inflate: packing === 'deflate' ? new Inflate((chunk) => void job.inflated.push(chunk)) : undefined
		};
		this.#job = job;
		if (stub) return { costMs: 0 };
		const [from, length] = [nextSector * SECTOR_BYTES, sectors * SECTOR_BYTES];
		this.flash.erase(from, length);
		return { costMs: eraseMs(this.timing, from, length) };
	}

	/**
	 * The stub looks at length and checksum, not at the number of a block: the same block sent twice is written twice, and in a
	 * zlib stream that is an error. It answers with what became of the blocks before, and then writes (stub_flasher.c, cmd_loop).
	 * @returns why the block is not taken
	 */
	refusal(block: Block, stub: boolean): number | undefined {
		const job = this.#job;
		const { bytes, size, check } = block;
		if (stub) {
			if (!job) return STUB_ERROR.notInMode;
			if (checksum(bytes) !== check) return STUB_ERROR.badChecksum;
			if (bytes.length !== size) return STUB_ERROR.badLength;
			return job.error === 0 ? undefined : job.error;
		}
		if (!job || job.packing !== block.packing) return ROM_ERROR.invalid;
		if (bytes.length !== size || size > job.blockSize) return ROM_ERROR.invalid;
		if (checksum(bytes) !== (check & 0xff)) return ROM_ERROR.crc;
		return block.number === job.nextBlock ? undefined : ROM_ERROR.invalid;
	}

	/** Writes what a block holds, beginning at `startMs`; what fails is `error`. @returns when it is done, ms */
	write(bytes: Uint8Array<ArrayBuffer>, startMs: number): number {
		const job = this.#job;
		if (!job) return startMs;
		const first = job.nextBlock++ === 0;
		if (!job.inflate) return this.#program(job, bytes, startMs);
		if (job.remaining === 0) {
			// Four bytes more are zlib's checksum, which nobody looks at.
			if (bytes.length > 4) job.error = STUB_ERROR.tooMuch;
			return startMs;
		}
		// While it inflates, the flash erases: one sector or block, if it is free.
		this.#eraseNext(job, startMs);
		try {
			// Inflate takes the bare stream: the two bytes of zlib's header are in the first block.
			job.inflate.push(first ? bytes.subarray(2) : bytes, false);
		} catch {
			job.error = STUB_ERROR.inflate;
			return startMs;
		}
		return this.#programInflated(job, startMs);
	}

	/** @returns why the job cannot be ended here; the ROM ends whatever there is */
	end(stub: boolean): number | undefined {
		const job = this.#job;
		if (stub) {
			if (!job) return STUB_ERROR.notInMode;
			if (job.remaining > 0) return STUB_ERROR.notEnough;
			if (job.error !== 0) return job.error;
		}
		this.#job = undefined;
		return undefined;
	}

	#programInflated(job: Job, startMs: number): number {
		let plain = concatBytes(job.inflated);
		let atMs = startMs;
		while (
			plain.length >= Math.min(STUB_BUFFER_BYTES, job.remaining) &&
			plain.length > 0 &&
			job.remaining > 0
		) {
			atMs = this.#program(job, plain.subarray(0, STUB_BUFFER_BYTES), atMs);
			plain = plain.subarray(STUB_BUFFER_BYTES);
			if (plain.length > 0) this.#eraseNext(job, atMs);
		}
		job.inflated = plain.length > 0 ? [plain] : [];
		return atMs;
	}

	/** Erases as far as the bytes reach, programs them, and leaves out what is beyond the job: a last block's padding. */
	#program(job: Job, bytes: Uint8Array, startMs: number): number {
		const { flash, timing } = this;
		const fits = bytes.subarray(0, job.remaining);
		if (fits.length === 0) return startMs;
		const lastSector = Math.floor((job.at + fits.length) / SECTOR_BYTES);
		while (job.sectorsLeft > 0 && job.nextSector <= lastSector)
			this.#eraseNext(job, Math.max(startMs, this.#freeAtMs));
		if (job.at + fits.length > flash.sizeBytes) job.error = STUB_ERROR.spi;
		else flash.program(job.at, fits);
		const endMs = Math.max(startMs, this.#freeAtMs) + programMs(timing, job.at, fits.length);
		this.#freeAtMs = endMs;
		job.at += fits.length;
		job.remaining -= fits.length;
		return endMs;
	}

	/** Starts the next erase, of 64 KiB where it can; does not wait, and does nothing while the flash is busy. */
	#eraseNext(job: Job, atMs: number): void {
		const { flash, timing } = this;
		if (job.sectorsLeft === 0 || this.#freeAtMs > atMs) return;
		const block = job.sectorsLeft >= SECTORS_PER_BLOCK && job.nextSector % SECTORS_PER_BLOCK === 0;
		const sectors = block ? SECTORS_PER_BLOCK : 1;
		flash.erase(job.nextSector * SECTOR_BYTES, sectors * SECTOR_BYTES);
		this.#freeAtMs = atMs + (block ? timing.erase64kMs : timing.erase4kMs);
		job.nextSector += sectors;
		job.sectorsLeft -= sectors;
	}
}

import { concatBytes, utf8, type Clock } from '$lib/base';
import { md5 } from '@noble/hashes/legacy.js';
import { Inflate } from 'fflate';
import { CHIP_ID, type PracticeRegisters } from './practice-chip';
import { SlipDecoder, slipEncode } from './slip';
import { SECTOR_BYTES, type SparseFlash } from './sparse-flash';
import { eraseMs, programMs, type BoardTiming } from './timing';

/** Commands of Espressif's serial protocol (docs.espressif.com, esptool, "Serial Protocol"). */
const OP = {
	flashBegin: 0x02,
	flashData: 0x03,
	flashEnd: 0x04,
	memBegin: 0x05,
	memEnd: 0x06,
	memData: 0x07,
	sync: 0x08,
	writeReg: 0x09,
	readReg: 0x0a,
	spiSetParams: 0x0b,
	spiAttach: 0x0d,
	readFlashSlow: 0x0e,
	changeBaud: 0x0f,
	deflBegin: 0x10,
	deflData: 0x11,
	deflEnd: 0x12,
	md5: 0x13,
	securityInfo: 0x14,
	eraseFlash: 0xd0,
	eraseRegion: 0xd1,
	readFlash: 0xd2,
	runUserCode: 0xd3
} as const;

/** Errors of the ROM ("Serial Protocol", Error codes) and of the stub (esptool-legacy-flasher-stub, stub_flasher.h). */
const ROM_ERROR = {
	invalid: 0x05,
	failed: 0x06,
	crc: 0x07,
	flashWrite: 0x08,
	flashRead: 0x09,
	deflate: 0x0b
} as const;
const STUB_ERROR = {
	badLength: 0xc0,
	badChecksum: 0xc1,
	badBlockSize: 0xc2,
	invalid: 0xc3,
	spi: 0xc4,
	notInMode: 0xc6,
	inflate: 0xc7,
	notEnough: 0xc8,
	tooMuch: 0xc9,
	notImplemented: 0xff
} as const;

const CHECKSUM_SEED = 0xef;
const LONGEST_PACKET = 0x4000 + 8 + 16 + 64;
/** RAM of a C3 that the loader may fill: instruction RAM and data RAM. */
const RAM = [
	[0x4037_c000, 0x403e_0000],
	[0x3fc8_0000, 0x3fce_0000]
] as const;
const SYNC_REPLIES = 8;
/** The window that the stub inflates into (stub_write_flash.c, out_buf). */
const STUB_BUFFER_BYTES = 32_768;
const SECTORS_PER_BLOCK = 16;

export interface DownloadParts {
	readonly flash: SparseFlash;
	readonly registers: PracticeRegisters;
	readonly timing: BoardTiming;
	readonly clock: Clock;
	send(bytes: Uint8Array<ArrayBuffer>): void;
	setBaud(baud: number): void;
	/** The loader was told to go: the chip starts from its flash. */
	restart(): void;
}

/** One writing of a region: begin, blocks in order, end. */
interface Job {
	readonly kind: 'raw' | 'deflate';
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

interface Reading {
	readonly offset: number;
	readonly length: number;
	readonly blockBytes: number;
	readonly mostInFlight: number;
	sent: number;
	acknowledged: number;
}

/**
 * The chip waiting for a download: the boot ROM's loader and, once it was uploaded into RAM and started, the stub. The stub's
 * code cannot run here; whatever is loaded and started takes the stub's place, and speaks its protocol.
 */
export class DownloadMode {
	readonly #slip = new SlipDecoder(LONGEST_PACKET);
	#stub = false;
	#ended = false;
	#job: Job | undefined;
	#reading: Reading | undefined;
	/** Bytes of RAM that a MEM_BEGIN announced and MEM_DATA filled. */
	#ram: { at: number; end: number; nextBlock: number } | undefined;
	#loaded: { from: number; to: number }[] = [];
	/** When the loader can take its next command, and when the flash is done with what it has. */
	#freeAtMs = 0;
	#flashFreeAtMs = 0;

	constructor(private readonly parts: DownloadParts) {}

	get stubRunning(): boolean {
		return this.#stub;
	}

	/** Bytes that came on the line. Total: any bytes. */
	receive(bytes: Uint8Array): void {
		this.#slip.push(bytes, (packet) => {
			if (!this.#ended) this.#packet(packet);
		});
	}

	/** The chip is reset: nothing more is said. */
	end(): void {
		this.#ended = true;
	}

	#packet(packet: Uint8Array<ArrayBuffer>): void {
		if (this.#reading) return this.#acknowledge(packet);
		if (packet.length < 8 || packet[0] !== 0) return;
		const view = new DataView(packet.buffer);
		const op = packet[1]!;
		const data = packet.subarray(8);
		if (view.getUint16(2, true) !== data.length)
			return this.#refuse(op, this.#stub ? STUB_ERROR.badLength : ROM_ERROR.invalid);
		this.#command(op, data, view.getUint32(4, true));
	}

	#command(op: number, data: Uint8Array<ArrayBuffer>, check: number): void {
		const { registers, clock } = this.parts;
		const word = (i: number) =>
			4 * i + 4 <= data.length ? new DataView(data.buffer, data.byteOffset).getUint32(4 * i, true) : 0;
		switch (op) {
			case OP.sync:
				if (data.length < 36) return this.#refuse(op, ROM_ERROR.invalid);
				for (let i = 0; i < SYNC_REPLIES; i++) this.#reply(op, { value: this.#stub ? 0 : 0x2012_0707 });
				return;
			case OP.readReg:
				return this.#reply(op, { value: registers.read(word(0)) });
			case OP.writeReg:
				for (let i = 0; 16 * (i + 1) <= data.length; i++)
					registers.write(word(4 * i), word(4 * i + 1), word(4 * i + 2));
				return this.#reply(op);
			case OP.spiAttach:
			case OP.spiSetParams:
				return this.#reply(op);
			case OP.securityInfo:
				return this.#reply(op, { data: securityInfo() });
			case OP.memBegin:
				return this.#memBegin(op, word(0), word(3));
			case OP.memData:
				return this.#memData(op, word(1), data.subarray(16), word(0), check);
			case OP.memEnd:
				return this.#memEnd(op, word(0), word(1));
			case OP.flashBegin:
			case OP.deflBegin:
				return this.#begin(op, word(0), word(1), word(2), word(3));
			case OP.flashData:
			case OP.deflData:
				return this.#data(op, word(1), data.subarray(16), word(0), check);
			case OP.flashEnd:
			case OP.deflEnd:
				return this.#end(op, word(0) === 0);
			case OP.md5:
				return this.#md5(op, word(0), word(1));
			case OP.changeBaud:
				return this.#reply(op, { then: () => this.parts.setBaud(word(0)) });
			case OP.readFlashSlow:
				if (word(1) > 64) return this.#refuse(op, ROM_ERROR.invalid);
				return this.#reply(op, { data: this.parts.flash.read(word(0), word(1)) });
		}
		if (!this.#stub) return this.#refuse(op, ROM_ERROR.invalid);
		switch (op) {
			case OP.eraseFlash:
				this.parts.flash.erase(0, this.parts.flash.sizeBytes);
				return this.#reply(op, { costMs: this.parts.timing.eraseChipMs });
			case OP.eraseRegion:
				return this.#eraseRegion(op, word(0), word(1));
			case OP.readFlash:
				this.#reply(op);
				this.#reading = {
					offset: word(0),
					length: word(1),
					blockBytes: Math.max(1, word(2)),
					mostInFlight: Math.max(1, word(3)),
					sent: 0,
					acknowledged: 0
				};
				this.#at(this.#freeAtMs, () => this.#sendRead());
				return;
			case OP.runUserCode:
				return this.#at(Math.max(clock.now(), this.#flashFreeAtMs), () => this.parts.restart());
			default:
				return this.#refuse(op, STUB_ERROR.notImplemented);
		}
	}

	#memBegin(op: number, size: number, at: number): void {
		const fits = RAM.some(([from, to]) => at >= from && at + size <= to);
		if (!fits) return this.#refuse(op, ROM_ERROR.failed);
		this.#ram = { at, end: at + size, nextBlock: 0 };
		this.#loaded.push({ from: at, to: at + size });
		this.#reply(op);
	}

	#memData(op: number, block: number, bytes: Uint8Array, size: number, check: number): void {
		const ram = this.#ram;
		if (!ram || bytes.length !== size || block !== ram.nextBlock) return this.#refuse(op, ROM_ERROR.invalid);
		if (checksum(bytes) !== (check & 0xff)) return this.#refuse(op, ROM_ERROR.crc);
		if (ram.at + size > ram.end) return this.#refuse(op, ROM_ERROR.failed);
		ram.at += size;
		ram.nextBlock++;
		this.#reply(op);
	}

	#memEnd(op: number, stay: number, entry: number): void {
		const starts = stay === 0 && this.#loaded.some(({ from, to }) => entry >= from && entry < to);
		if (stay === 0 && !starts) return this.#refuse(op, ROM_ERROR.failed);
		this.#ram = undefined;
		this.#reply(op, {
			then: () => {
				if (!starts) return;
				this.#stub = true;
				this.parts.send(slipEncode(utf8('OHAI')));
			}
		});
	}

	#begin(op: number, totalBytes: number, blocks: number, blockSize: number, offset: number): void {
		const { flash, timing } = this.parts;
		if (blockSize > 0x4000 || (!this.#stub && blockSize === 0))
			return this.#refuse(op, this.#stub ? STUB_ERROR.badBlockSize : ROM_ERROR.invalid);
		if (!this.#stub && (offset % 4 !== 0 || offset + totalBytes > flash.sizeBytes))
			return this.#refuse(op, ROM_ERROR.failed);
		const firstSector = Math.floor(offset / SECTOR_BYTES);
		const sectors = Math.ceil((offset + totalBytes) / SECTOR_BYTES) - firstSector;
		const inflated: Uint8Array[] = [];
		const job: Job = {
			kind: op === OP.deflBegin ? 'deflate' : 'raw',
			blockSize,
			at: offset,
			remaining: totalBytes,
			nextSector: firstSector,
			sectorsLeft: this.#stub ? sectors : 0,
			nextBlock: 0,
			inflate: op === OP.deflBegin ? new Inflate((chunk) => void job.inflated.push(chunk)) : undefined,
			inflated,
			error: 0
		};
		this.#job = job;
		if (this.#stub) return this.#reply(op);
		// The ROM erases all of it before it answers; the stub as it comes to it.
		flash.erase(firstSector * SECTOR_BYTES, sectors * SECTOR_BYTES);
		this.#reply(op, { costMs: eraseMs(timing, firstSector * SECTOR_BYTES, sectors * SECTOR_BYTES) });
	}

	#data(op: number, block: number, bytes: Uint8Array<ArrayBuffer>, size: number, check: number): void {
		const job = this.#job;
		if (this.#stub) return this.#stubData(op, job, bytes, size, check);
		if (!job || (job.kind === 'deflate') !== (op === OP.deflData)) return this.#refuse(op, ROM_ERROR.invalid);
		if (bytes.length !== size || size > job.blockSize) return this.#refuse(op, ROM_ERROR.invalid);
		if (checksum(bytes) !== (check & 0xff)) return this.#refuse(op, ROM_ERROR.crc);
		if (block !== job.nextBlock) return this.#refuse(op, ROM_ERROR.invalid);
		job.nextBlock++;
		const startMs = Math.max(this.parts.clock.now(), this.#freeAtMs);
		const endMs = this.#write(job, bytes, startMs);
		if (job.error !== 0)
			return this.#refuse(op, job.error === STUB_ERROR.inflate ? ROM_ERROR.deflate : ROM_ERROR.failed);
		this.#reply(op, { costMs: endMs - startMs });
	}

	/**
	 * The stub looks at length and checksum, not at the number of a block: the same block sent twice is written twice, and in a
	 * zlib stream that is an error. It answers with what became of the blocks before, and then writes (stub_flasher.c, cmd_loop).
	 */
	#stubData(
		op: number,
		job: Job | undefined,
		bytes: Uint8Array<ArrayBuffer>,
		size: number,
		check: number
	): void {
		if (!job) return this.#refuse(op, STUB_ERROR.notInMode);
		if (checksum(bytes) !== check) return this.#refuse(op, STUB_ERROR.badChecksum);
		if (bytes.length !== size) return this.#refuse(op, STUB_ERROR.badLength);
		if (job.error !== 0) return this.#refuse(op, job.error);
		this.#reply(op);
		job.nextBlock++;
		this.#freeAtMs = this.#write(job, bytes, this.#freeAtMs);
	}

	/** Writes what a block holds, beginning at `startMs`; what fails is the job's error. @returns when it is done */
	#write(job: Job, bytes: Uint8Array<ArrayBuffer>, startMs: number): number {
		if (!job.inflate) return this.#program(job, bytes, startMs);
		if (job.remaining === 0) {
			// Four bytes more are zlib's checksum, which nobody looks at.
			if (bytes.length > 4) job.error = STUB_ERROR.tooMuch;
			return startMs;
		}
		// While it inflates, the flash erases: one sector or block, if it is free.
		this.#eraseNext(job, startMs);
		try {
			job.inflate.push(zlibBody(job, bytes), false);
		} catch {
			job.error = STUB_ERROR.inflate;
			return startMs;
		}
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
		const { flash, timing } = this.parts;
		const fits = bytes.subarray(0, job.remaining);
		if (fits.length === 0) return startMs;
		const lastSector = Math.floor((job.at + fits.length) / SECTOR_BYTES);
		while (job.sectorsLeft > 0 && job.nextSector <= lastSector)
			this.#eraseNext(job, Math.max(startMs, this.#flashFreeAtMs));
		if (job.at + fits.length > flash.sizeBytes) job.error = STUB_ERROR.spi;
		else flash.program(job.at, fits);
		const endMs = Math.max(startMs, this.#flashFreeAtMs) + programMs(timing, job.at, fits.length);
		this.#flashFreeAtMs = endMs;
		job.at += fits.length;
		job.remaining -= fits.length;
		return endMs;
	}

	/** Starts the next erase, of 64 KiB where it can; does not wait, and does nothing while the flash is busy. */
	#eraseNext(job: Job, atMs: number): void {
		const { flash, timing } = this.parts;
		if (job.sectorsLeft === 0 || this.#flashFreeAtMs > atMs) return;
		const block = job.sectorsLeft >= SECTORS_PER_BLOCK && job.nextSector % SECTORS_PER_BLOCK === 0;
		const sectors = block ? SECTORS_PER_BLOCK : 1;
		flash.erase(job.nextSector * SECTOR_BYTES, sectors * SECTOR_BYTES);
		this.#flashFreeAtMs = atMs + (block ? timing.erase64kMs : timing.erase4kMs);
		job.nextSector += sectors;
		job.sectorsLeft -= sectors;
	}

	#end(op: number, restart: boolean): void {
		const job = this.#job;
		if (this.#stub) {
			if (!job) return this.#refuse(op, STUB_ERROR.notInMode);
			if (job.remaining > 0) return this.#refuse(op, STUB_ERROR.notEnough);
			if (job.error !== 0) return this.#refuse(op, job.error);
		}
		this.#job = undefined;
		this.#reply(op, { then: () => restart && this.parts.restart() });
	}

	#md5(op: number, offset: number, length: number): void {
		const { flash, timing } = this.parts;
		if (offset + length > flash.sizeBytes)
			return this.#refuse(op, this.#stub ? STUB_ERROR.tooMuch : ROM_ERROR.flashRead);
		const digest = md5(flash.read(offset, length));
		const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
		const data = this.#stub ? Uint8Array.from(digest) : utf8(hex);
		this.#reply(op, { data, costMs: (length / 2 ** 20) * timing.md5PerMibMs });
	}

	#eraseRegion(op: number, offset: number, length: number): void {
		const { flash, timing } = this.parts;
		const aligned = offset % SECTOR_BYTES === 0 && length % SECTOR_BYTES === 0;
		if (!aligned || offset + length > flash.sizeBytes) return this.#refuse(op, STUB_ERROR.badLength);
		flash.erase(offset, length);
		this.#reply(op, { costMs: eraseMs(timing, offset, length) });
	}

	#sendRead(): void {
		const reading = this.#reading;
		if (!reading) return;
		const { offset, length, blockBytes, mostInFlight } = reading;
		while (reading.sent < length && reading.sent - reading.acknowledged < blockBytes * mostInFlight) {
			const size = Math.min(blockBytes, length - reading.sent);
			this.parts.send(slipEncode(this.parts.flash.read(offset + reading.sent, size)));
			reading.sent += size;
		}
		if (reading.acknowledged < length) return;
		this.#reading = undefined;
		this.parts.send(slipEncode(Uint8Array.from(md5(this.parts.flash.read(offset, length)))));
	}

	#acknowledge(packet: Uint8Array<ArrayBuffer>): void {
		const reading = this.#reading;
		if (!reading) return;
		if (packet.length !== 4) {
			this.#reading = undefined; // something else is said: the reader has given up
			return this.#packet(packet);
		}
		reading.acknowledged = Math.min(reading.sent, new DataView(packet.buffer).getUint32(0, true));
		this.#sendRead();
	}

	#refuse(op: number, error: number): void {
		// The ROM says that it failed, and why; the stub says why in the first byte (stub_flasher.c, cmd_loop).
		this.#send(op, 0, new Uint8Array(), this.#stub ? [error, 0] : [1, error], 0, () => {});
	}

	#reply(
		op: number,
		{
			value = 0,
			data = new Uint8Array(),
			costMs = 0,
			then = () => {}
		}: { value?: number; data?: Uint8Array; costMs?: number; then?: () => void } = {}
	): void {
		this.#send(op, value, data, [0, 0], costMs, then);
	}

	#send(
		op: number,
		value: number,
		data: Uint8Array,
		status: readonly [number, number],
		costMs: number,
		then: () => void
	): void {
		// The ROM of the ESP32 family ends an answer with four bytes of status, the stub with two.
		const tail = this.#stub ? [...status] : [...status, 0, 0];
		const packet = new Uint8Array(8 + data.length + tail.length);
		const view = new DataView(packet.buffer);
		packet[0] = 1;
		packet[1] = op;
		view.setUint16(2, data.length + tail.length, true);
		view.setUint32(4, value, true);
		packet.set(data, 8);
		packet.set(tail, 8 + data.length);
		this.#freeAtMs = Math.max(this.parts.clock.now(), this.#freeAtMs) + costMs;
		this.#at(this.#freeAtMs, () => {
			this.parts.send(slipEncode(packet));
			then();
		});
	}

	#at(timeMs: number, fn: () => void): void {
		const waitMs = timeMs - this.parts.clock.now();
		const run = () => {
			if (!this.#ended) fn();
		};
		if (waitMs <= 0) run();
		else this.parts.clock.after(waitMs, run);
	}
}

/** fflate's Inflate takes the bare stream: the two bytes of zlib's header are in the first block. */
function zlibBody(job: Job, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
	return job.nextBlock === 1 ? bytes.subarray(2) : bytes;
}

function securityInfo(): Uint8Array<ArrayBuffer> {
	const info = new Uint8Array(20);
	const view = new DataView(info.buffer);
	view.setUint32(12, CHIP_ID, true);
	view.setUint32(16, 3, true); // API version of the C3's ROM
	return info;
}

function checksum(bytes: Uint8Array): number {
	let sum = CHECKSUM_SEED;
	for (const byte of bytes) sum ^= byte;
	return sum;
}

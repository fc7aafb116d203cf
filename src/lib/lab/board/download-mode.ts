import { toHex, utf8, type Clock } from '$lib/base';
import { md5 } from '@noble/hashes/legacy.js';
import type { ChipRegisters } from './chip-registers';
import type { ChipMake } from './chips';
import { FlashReading } from './flash-reading';
import { FlashWriter } from './flash-writer';
import {
	answerPacket,
	LONGEST_PACKET,
	OP,
	readCommand,
	ROM_ERROR,
	STUB_ERROR,
	wordAt,
	type Command
} from './loader-protocol';
import { RamLoader } from './ram-loader';
import { SlipDecoder, slipEncode } from './slip';
import { SECTOR_BYTES, type SparseFlash } from './sparse-flash';
import { eraseMs, type BoardTiming } from './timing';

const SYNC_REPLIES = 8;
/** An unknown command of a ROM without it: what it answers names another one, and comes as often as an answer to SYNC. */
const NO_SUCH_COMMAND = { op: 0, times: 8 };

export interface DownloadParts {
	readonly chip: ChipMake;
	readonly flash: SparseFlash;
	readonly registers: ChipRegisters;
	readonly timing: BoardTiming;
	readonly clock: Clock;
	send(bytes: Uint8Array<ArrayBuffer>): void;
	setBaud(baud: number): void;
	/** The loader was told to go: the chip starts from its flash. */
	restart(): void;
	/** A block for the flash is about to be written; whoever hears it may end the loader here. */
	onBlock?(): void;
	/** What is wrong with this chip's RAM: a stub is not taken, or does not run. */
	stubFault?(): 'not-taken' | 'does-not-run' | undefined;
}

interface Answer {
	readonly value?: number;
	readonly data?: Uint8Array;
	readonly costMs?: number;
	readonly then?: () => void;
}

/**
 * The chip waiting for a download: the boot ROM's loader and, once it was uploaded into RAM and started, the stub. The stub's
 * code cannot run here; whatever is loaded and started takes the stub's place, and speaks its protocol.
 */
export class DownloadMode {
	readonly #slip = new SlipDecoder(LONGEST_PACKET);
	readonly #writer: FlashWriter;
	readonly #ram: RamLoader;
	#stub = false;
	#ended = false;
	#reading: FlashReading | undefined;
	/** When the loader can take its next command. */
	#freeAtMs = 0;

	constructor(private readonly parts: DownloadParts) {
		this.#writer = new FlashWriter(parts.flash, parts.timing);
		this.#ram = new RamLoader(parts.chip.ram);
	}

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
		if (this.#reading) {
			this.#reading.acknowledge(packet);
			return this.#goOnReading();
		}
		const command = readCommand(packet);
		if (!command) return;
		if (!command.whole)
			return this.#refuse(command.op, this.#stub ? STUB_ERROR.badLength : ROM_ERROR.invalid);
		if (!this.#common(command) && !(this.#stub && this.#ofStub(command))) this.#unknown(command.op);
	}

	/** What ROM and stub both know. @returns false: it is none of that */
	#common({ op, data, check }: Command): boolean {
		const { registers, chip, flash } = this.parts;
		const word = (i: number) => wordAt(data, i);
		switch (op) {
			case OP.sync:
				if (data.length < 36) this.#refuse(op, ROM_ERROR.invalid);
				else
					for (let i = 0; i < SYNC_REPLIES; i++) this.#reply(op, { value: this.#stub ? 0 : chip.syncValue });
				return true;
			case OP.readReg:
				this.#reply(op, { value: registers.read(word(0)) });
				return true;
			case OP.writeReg:
				for (let i = 0; 16 * (i + 1) <= data.length; i++)
					registers.write(word(4 * i), word(4 * i + 1), word(4 * i + 2));
				this.#reply(op);
				return true;
			case OP.spiAttach:
			case OP.spiSetParams:
				this.#reply(op);
				return true;
			case OP.securityInfo:
				if (chip.chipId === undefined) return false;
				this.#reply(op, { data: securityInfo(chip.chipId) });
				return true;
			case OP.memBegin:
				this.#answer(op, this.#ram.begin(word(0), word(3)));
				return true;
			case OP.memData: {
				const refused = this.parts.stubFault?.() === 'not-taken' ? ROM_ERROR.failed : undefined;
				this.#answer(op, refused ?? this.#ram.block(word(1), data.subarray(16), word(0), check));
				return true;
			}
			case OP.memEnd:
				this.#memEnd(op, word(0) === 0 ? word(1) : undefined);
				return true;
			case OP.flashBegin:
			case OP.deflBegin: {
				const packing = op === OP.deflBegin ? 'deflate' : 'raw';
				const wish = { packing, totalBytes: word(0), blockSize: word(2), offset: word(3) } as const;
				const begun = this.#writer.begin(wish, this.#stub);
				if ('error' in begun) this.#refuse(op, begun.error);
				else this.#reply(op, begun);
				return true;
			}
			case OP.flashData:
			case OP.deflData:
				this.#block(op, data, check);
				return true;
			case OP.flashEnd:
			case OP.deflEnd:
				this.#answer(op, this.#writer.end(this.#stub), () => {
					if (word(0) === 0) this.parts.restart();
				});
				return true;
			case OP.md5:
				this.#md5(op, word(0), word(1));
				return true;
			case OP.changeBaud:
				this.#reply(op, { then: () => this.parts.setBaud(word(0)) });
				return true;
			case OP.readFlashSlow:
				if (word(1) > 64) this.#refuse(op, ROM_ERROR.invalid);
				else this.#reply(op, { data: flash.read(word(0), word(1)) });
				return true;
			default:
				return false;
		}
	}

	/** What only the stub knows. @returns false: not even that */
	#ofStub({ op, data }: Command): boolean {
		const { flash, timing, clock } = this.parts;
		const word = (i: number) => wordAt(data, i);
		switch (op) {
			case OP.eraseFlash:
				flash.erase(0, flash.sizeBytes);
				this.#reply(op, { costMs: timing.eraseChipMs });
				return true;
			case OP.eraseRegion:
				this.#eraseRegion(op, word(0), word(1));
				return true;
			case OP.readFlash: {
				this.#reply(op);
				const wish = { offset: word(0), length: word(1), blockBytes: Math.max(1, word(2)) };
				this.#reading = new FlashReading(flash, { ...wish, windowBytes: Math.max(1, word(3)) }, (packet) =>
					this.parts.send(slipEncode(packet))
				);
				this.#at(this.#freeAtMs, () => this.#goOnReading());
				return true;
			}
			case OP.runUserCode:
				this.#at(Math.max(clock.now(), this.#writer.freeAtMs), () => this.parts.restart());
				return true;
			default:
				return false;
		}
	}

	#unknown(op: number): void {
		if (this.#stub) return this.#refuse(op, STUB_ERROR.notImplemented);
		if (op !== OP.securityInfo) return this.#refuse(op, ROM_ERROR.invalid);
		for (let i = 0; i < NO_SUCH_COMMAND.times; i++) this.#refuse(NO_SUCH_COMMAND.op, ROM_ERROR.invalid);
	}

	/** @param entry undefined: nothing is to be started */
	#memEnd(op: number, entry: number | undefined): void {
		this.#answer(op, this.#ram.end(entry), () => {
			if (entry === undefined) return;
			if (this.parts.stubFault?.() === 'does-not-run') return this.end(); // it runs into the void, until a reset
			this.#stub = true;
			this.parts.send(slipEncode(utf8('OHAI')));
		});
	}

	#block(op: number, data: Uint8Array<ArrayBuffer>, check: number): void {
		const packing = op === OP.deflData ? 'deflate' : 'raw';
		const bytes = data.subarray(16);
		const block = { packing, bytes, size: wordAt(data, 0), number: wordAt(data, 1), check } as const;
		const refused = this.#writer.refusal(block, this.#stub);
		if (refused !== undefined) return this.#refuse(op, refused);
		this.parts.onBlock?.();
		if (this.#ended) return;
		if (this.#stub) {
			this.#reply(op);
			this.#freeAtMs = this.#writer.write(bytes, this.#freeAtMs);
			return;
		}
		const startMs = Math.max(this.parts.clock.now(), this.#freeAtMs);
		const endMs = this.#writer.write(bytes, startMs);
		const { error } = this.#writer;
		if (error === 0) this.#reply(op, { costMs: endMs - startMs });
		else this.#refuse(op, error === STUB_ERROR.inflate ? ROM_ERROR.deflate : ROM_ERROR.failed);
	}

	#md5(op: number, offset: number, length: number): void {
		const { flash, timing } = this.parts;
		if (offset + length > flash.sizeBytes)
			return this.#refuse(op, this.#stub ? STUB_ERROR.tooMuch : ROM_ERROR.flashRead);
		const digest = Uint8Array.from(md5(flash.read(offset, length)));
		const data = this.#stub ? digest : utf8(toHex(digest));
		this.#reply(op, { data, costMs: (length / 2 ** 20) * timing.md5PerMibMs });
	}

	#eraseRegion(op: number, offset: number, length: number): void {
		const { flash, timing } = this.parts;
		const aligned = offset % SECTOR_BYTES === 0 && length % SECTOR_BYTES === 0;
		if (!aligned || offset + length > flash.sizeBytes) return this.#refuse(op, STUB_ERROR.badLength);
		flash.erase(offset, length);
		this.#reply(op, { costMs: eraseMs(timing, offset, length) });
	}

	#goOnReading(): void {
		if (this.#reading?.go()) this.#reading = undefined;
	}

	#answer(op: number, error: number | undefined, then: () => void = () => {}): void {
		if (error === undefined) this.#reply(op, { then });
		else this.#refuse(op, error);
	}

	#refuse(op: number, error: number): void {
		// The ROM says that it failed, and why; the stub says why in the first byte (stub_flasher.c, cmd_loop).
		this.#send(op, this.#stub ? [error, 0] : [1, error], {});
	}

	#reply(op: number, answer: Answer = {}): void {
		this.#send(op, [0, 0], answer);
	}

	#send(op: number, status: readonly [number, number], answer: Answer): void {
		const { value = 0, data = new Uint8Array(), costMs = 0, then } = answer;
		// The ROM of the ESP32 family ends an answer with four bytes of status, the stub with two.
		const packet = answerPacket(op, value, data, this.#stub ? status : [...status, 0, 0]);
		this.#freeAtMs = Math.max(this.parts.clock.now(), this.#freeAtMs) + costMs;
		this.#at(this.#freeAtMs, () => {
			this.parts.send(slipEncode(packet));
			then?.();
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

function securityInfo(chipId: number): Uint8Array<ArrayBuffer> {
	const info = new Uint8Array(20);
	const view = new DataView(info.buffer);
	view.setUint32(12, chipId, true);
	view.setUint32(16, 3, true); // API version of the ROM
	return info;
}

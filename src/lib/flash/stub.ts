import { md5 } from '@noble/hashes/legacy.js';
import { concatBytes, delay, err, ok, sameBytes, type Clock, type Result } from '$lib/base';
import type { LineFault, StubLine } from './stub-line';

/** Espressif's serial protocol, "Commands" (docs.espressif.com/projects/esptool, advanced topics). */
const OP = {
	sync: 0x08,
	readReg: 0x0a,
	flashBegin: 0x02,
	flashData: 0x03,
	changeBaud: 0x0f,
	deflBegin: 0x10,
	deflData: 0x11,
	md5: 0x13,
	eraseFlash: 0xd0,
	eraseRegion: 0xd1,
	readFlash: 0xd2
};
/** Answers begin so. */
const ANSWER = 1;
const HEADER_BYTES = 8;
/** Error and detail at the end of each of the stub's answers. */
const STATUS_BYTES = 2;
const CHECKSUM_SEED = 0xef;
const MD5_BYTES = 16;

/** Errors after which the stub has not taken the block: the same may be sent again. Source: the stub's `stub_flasher.h`. */
const NOT_TAKEN = new Set([0xc0 /* bad length */, 0xc1 /* bad checksum */]);
export const blockWasNotTaken = (fault: LineFault): boolean =>
	fault.kind === 'refused' && NOT_TAKEN.has(fault.code);

/** Timeouts are esptool's (`loader.py`), which were found with the slowest flashes there are. */
const SHORT_MS = 3000;
const ERASE_CHIP_MS = 120_000;
const ERASE_MS_PER_MB = 30_000;
const MD5_MS_PER_MB = 8000;
const WRITE_MS_PER_MB = 40_000;
const MB = 1e6;

/** The most that the stub sends at once; it refuses to read with larger blocks. Source: `handle_flash_read` in `stub_commands.c`. */
const READ_BLOCK_BYTES = 0x1000;
/**
 * How much may be unacknowledged, counted by the stub in bytes (esptool's 64 thus is one block). While it sends, acknowledgements wait
 * in the UART's 128 bytes: eight of at most ten.
 */
const READ_WINDOW_BYTES = 8 * READ_BLOCK_BYTES;
/** Between two blocks of a read the stub has nothing else to do: SPI gives a block in a millisecond. */
const READ_SILENCE_MS = 1000;

const RESYNC_TRIES = 8;
const RESYNC_MS = 250;
/** With nothing coming for so long, nothing late is on its way. */
const QUIET_MS = 60;

/** The flasher stub's commands. Every method rejects only with the signal's reason. */
export class Stub {
	constructor(
		readonly line: StubLine,
		private readonly clock: Clock
	) {}

	readReg(address: number, timeoutMs: number, signal: AbortSignal): Promise<Result<Uint8Array, LineFault>> {
		return this.#ask(OP.readReg, words(address), { timeoutMs }, signal);
	}

	/** The stub answers at the old rate and then changes. */
	changeBaud(baud: number, signal: AbortSignal): Promise<Result<Uint8Array, LineFault>> {
		return this.#ask(OP.changeBaud, words(baud, this.line.baud), { timeoutMs: SHORT_MS }, signal);
	}

	eraseChip(signal: AbortSignal): Promise<Result<Uint8Array, LineFault>> {
		return this.#ask(OP.eraseFlash, new Uint8Array(), { timeoutMs: ERASE_CHIP_MS }, signal);
	}

	/** Whole sectors; answered when they are erased. */
	eraseRegion(offset: number, length: number, signal: AbortSignal): Promise<Result<Uint8Array, LineFault>> {
		const timeoutMs = perMb(ERASE_MS_PER_MB, length);
		return this.#ask(OP.eraseRegion, words(offset, length), { timeoutMs }, signal);
	}

	/** Begins a zlib stream, or bytes as they are; what they will cover is erased, by sectors, as the writing goes. */
	begin(
		stretch: { offset: number; length: number; blocks: number; blockBytes: number; deflated: boolean },
		signal: AbortSignal
	): Promise<Result<Uint8Array, LineFault>> {
		const { offset, length, blocks, blockBytes, deflated } = stretch;
		const timeoutMs = perMb(WRITE_MS_PER_MB, 4 * blockBytes);
		return this.#ask(
			deflated ? OP.deflBegin : OP.flashBegin,
			words(length, blocks, blockBytes, offset),
			{ timeoutMs },
			signal
		);
	}

	/** The stub answers when it has the block, and inflates and programs it while the next is on the line. */
	block(
		{ data, sequence, deflated }: { data: Uint8Array; sequence: number; deflated: boolean },
		writesBytes: number,
		signal: AbortSignal
	): Promise<Result<Uint8Array, LineFault>> {
		let checksum = CHECKSUM_SEED;
		for (const byte of data) checksum ^= byte;
		const payload = concatBytes([words(data.length, sequence, 0, 0), data]);
		const timeoutMs = perMb(WRITE_MS_PER_MB, writesBytes);
		return this.#ask(deflated ? OP.deflData : OP.flashData, payload, { timeoutMs, checksum }, signal);
	}

	/** What the flash holds there, read back by the chip. Answered when all that was written before is in the flash. */
	md5(offset: number, length: number, signal: AbortSignal): Promise<Result<Uint8Array, LineFault>> {
		const timeoutMs = perMb(MD5_MS_PER_MB, length);
		return this.#ask(OP.md5, words(offset, length, 0, 0), { timeoutMs, bodyBytes: MD5_BYTES }, signal);
	}

	/**
	 * What the flash holds there, checked by the stub's digest of what it sent. Each block is acknowledged as it comes, while the next
	 * ones are on the line. After an error or a cancel the stub still waits for acknowledgements: `resync` ends that.
	 * @param length some hundred KiB at most: an error costs all of it
	 * @param onBytes told how many have come
	 */
	async readFlash(
		offset: number,
		length: number,
		signal: AbortSignal,
		onBytes: (bytes: number) => void = () => undefined
	): Promise<Result<Uint8Array<ArrayBuffer>, LineFault>> {
		const asking = words(offset, length, READ_BLOCK_BYTES, READ_WINDOW_BYTES);
		const asked = await this.#ask(OP.readFlash, asking, { timeoutMs: SHORT_MS }, signal);
		if (!asked.ok) return asked;
		const deadline = () => this.clock.now() + READ_SILENCE_MS + this.line.lineMs(2 * READ_BLOCK_BYTES);
		const bytes = new Uint8Array(length);
		const digest = md5.create();
		for (let at = 0; at < length;) {
			const packet = await this.line.next(deadline(), signal);
			if (!packet.ok) return packet;
			if (packet.value.length !== Math.min(READ_BLOCK_BYTES, length - at)) return err({ kind: 'silent' });
			bytes.set(packet.value, at);
			digest.update(packet.value);
			at += packet.value.length;
			onBytes(at);
			const told = await this.line.send(words(at), signal);
			if (!told.ok) return told;
		}
		const told = await this.line.next(deadline(), signal);
		if (!told.ok) return told;
		return sameBytes(digest.digest(), told.value) ? ok(bytes) : err({ kind: 'silent' });
	}

	/** Lets what is on its way arrive, and forgets it: at most what a read has in flight. */
	async drain(signal: AbortSignal): Promise<Result<undefined, LineFault>> {
		const untilMs = this.clock.now() + READ_SILENCE_MS + this.line.lineMs(2 * READ_WINDOW_BYTES);
		const gapMs = QUIET_MS + this.line.lineMs(2 * READ_BLOCK_BYTES);
		while (this.clock.now() < untilMs) {
			const packet = await this.line.next(this.clock.now() + gapMs, signal);
			if (!packet.ok && packet.error.kind === 'lost') return packet;
			if (!packet.ok) break;
		}
		this.line.discard();
		return ok(undefined);
	}

	/**
	 * Meets a stub again after something went wrong on the line. A lost END leaves it believing that the gap is the frame, so
	 * every other try leaves the first END out.
	 * @returns whether it answers, with nothing late left on the line
	 */
	async resync(signal: AbortSignal): Promise<Result<boolean, LineFault>> {
		const payload = new Uint8Array(36).fill(0x55);
		payload.set([0x07, 0x07, 0x12, 0x20]);
		for (let attempt = 0; attempt < RESYNC_TRIES; attempt++) {
			const opening = attempt % 2 === 0;
			const met = await this.#ask(OP.sync, payload, { timeoutMs: RESYNC_MS, opening }, signal);
			if (!met.ok && met.error.kind === 'lost') return met;
			if (!met.ok) continue;
			await delay(QUIET_MS, this.clock, signal);
			this.line.discard();
			return ok(true);
		}
		return ok(false);
	}

	async #ask(
		op: number,
		payload: Uint8Array,
		asked: { timeoutMs: number; checksum?: number; bodyBytes?: number; opening?: boolean },
		signal: AbortSignal
	): Promise<Result<Uint8Array, LineFault>> {
		const { timeoutMs, checksum = 0, bodyBytes = 0, opening = true } = asked;
		this.line.discard();
		const header = new Uint8Array(HEADER_BYTES);
		const view = new DataView(header.buffer);
		view.setUint8(1, op);
		view.setUint16(2, payload.length, true);
		view.setUint32(4, checksum, true);
		const packet = concatBytes([header, payload]);
		const deadline = this.clock.now() + timeoutMs + 2 * this.line.lineMs(packet.length);
		const sent = await this.line.send(packet, signal, { opening });
		if (!sent.ok) return sent;
		for (;;) {
			const got = await this.line.next(deadline, signal);
			if (!got.ok) return got;
			const answer = got.value;
			if (answer[0] !== ANSWER || answer[1] !== op) continue;
			const body = answer.subarray(HEADER_BYTES);
			if (body.length < STATUS_BYTES) continue;
			if (body.length < bodyBytes + STATUS_BYTES && body[0] === 0) continue;
			const code = body.length < bodyBytes + STATUS_BYTES ? body[0] : body[bodyBytes];
			return code === 0 ? ok(body.subarray(0, bodyBytes)) : err({ kind: 'refused', code: code! });
		}
	}
}

const perMb = (msPerMb: number, bytes: number): number => Math.max(SHORT_MS, (msPerMb * bytes) / MB);

function words(...values: readonly number[]): Uint8Array<ArrayBuffer> {
	const bytes = new Uint8Array(4 * values.length);
	const view = new DataView(bytes.buffer);
	values.forEach((value, i) => view.setUint32(4 * i, value, true));
	return bytes;
}

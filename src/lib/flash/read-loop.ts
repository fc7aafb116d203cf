import { md5 } from '@noble/hashes/legacy.js';
import { err, ok, sameBytes, type Clock, type Result } from '$lib/base';
import type { ChipSession } from './chip-session';
import type { FlashError } from './facts';
import { Recovery } from './recovery';
import { SpeedGauge, type Pace } from './speed';

/** A stretch of the flash, bytes from its start. */
export interface FlashRange {
	readonly offset: number;
	readonly length: number;
}

/** What the flash holds there, checked; `Flasher.read` without its progress. */
export type ReadRange = (range: FlashRange) => Promise<Result<Uint8Array, FlashError>>;

/** How far a read is. */
export interface ReadProgress extends Pace {
	readonly kind: 'reading' | 'comparing';
	readonly readBytes: number;
	readonly totalBytes: number;
	/** Stretches that had to be read again. */
	readonly retries: number;
}

/** What came of a read. */
export interface ReadReport {
	readonly durationMs: number;
	readonly totalBytes: number;
	readonly retries: number;
	/** Bits per second that the line was used at. */
	readonly baud: number;
}

/** Who reads, and how fast. */
export interface ReadParts {
	readonly session: ChipSession;
	readonly clock: Clock;
	readonly baud: number;
	readonly tell: (progress: ReadProgress) => void;
	/** Given each stretch in order, sound; awaited, so that a slow disk holds the line back. */
	readonly take: (bytes: Uint8Array<ArrayBuffer>) => Promise<void> | void;
}

/** What is read in one go: the most that one error on the line costs. Halved while the line fails, as far as one block. */
const STRETCH_BYTES = 0x40000;
const LEAST_STRETCH_BYTES = 0x1000;
/** How often it is tried to get over one place, with ever smaller stretches. */
const TRIES = 10;
/** What one digest covers at the end: a quarter of a second of the chip's time. */
const PIECE_BYTES = 0x100000;
/** How often one question for a digest is asked. */
const DIGEST_TRIES = 3;

interface Piece extends FlashRange {
	readonly digest: ReturnType<typeof md5.create>;
}

/**
 * Reads a range of the flash, stretch by stretch, each checked by the digest that follows it on the line. At the end the chip reads all
 * of it once more, and its MD5s must be those of what came: so there is a report only of bytes that the flash gave twice.
 * Rejects with the signal's reason, or with what `take` throws.
 */
export class ReadLoop {
	readonly #recovery: Recovery;
	readonly #pieces: Piece[] = [];
	#retries = 0;

	constructor(
		private readonly range: FlashRange,
		private readonly parts: ReadParts
	) {
		this.#recovery = new Recovery(parts.session, parts.baud);
	}

	async run(signal: AbortSignal): Promise<Result<ReadReport, FlashError>> {
		const { clock, session } = this.parts;
		const { length: totalBytes } = this.range;
		const startedMs = clock.now();
		const read = await this.#readAll(signal);
		if (!read.ok) return read;
		const proved = await this.#prove(signal);
		if (!proved.ok) return proved;
		return ok({
			durationMs: clock.now() - startedMs,
			totalBytes,
			retries: this.#retries,
			baud: session.baud
		});
	}

	async #readAll(signal: AbortSignal): Promise<Result<undefined, FlashError>> {
		const { offset, length: totalBytes } = this.range;
		const gauge = new SpeedGauge(this.parts.clock, totalBytes);
		let tries = 0;
		let size = STRETCH_BYTES;
		for (let at = 0; at < totalBytes;) {
			const told = (bytes: number) =>
				this.parts.tell({
					...{ kind: 'reading', readBytes: at + bytes, totalBytes, retries: this.#retries },
					...gauge.mark(at + bytes)
				});
			const length = Math.min(size, totalBytes - at);
			const read = await this.parts.session.stub?.readFlash(offset + at, length, signal, told);
			if (read?.ok) {
				this.#digested(at, read.value);
				await this.parts.take(read.value);
				at += length;
				tries = 0;
				this.#recovery.ease();
				size = Math.min(STRETCH_BYTES, 2 * size);
				continue;
			}
			this.#retries++;
			if (++tries === TRIES) return err({ kind: 'read-failed', offsetBytes: offset + at, attempts: tries });
			size = Math.max(
				LEAST_STRETCH_BYTES,
				Math.floor(length / 2 / LEAST_STRETCH_BYTES) * LEAST_STRETCH_BYTES
			);
			const { baud } = this.parts.session;
			const met = await this.#recovery.meetAgain(read?.error, signal);
			if (!met.ok) return met;
			if (this.parts.session.baud < baud) tries = 0; // a slower line has tries of its own
		}
		return ok(undefined);
	}

	/** Takes what came into the digests of its pieces. @param at from the range's start */
	#digested(at: number, bytes: Uint8Array): void {
		for (let done = 0; done < bytes.length;) {
			const inPiece = (at + done) % PIECE_BYTES;
			if (inPiece === 0) {
				const length = Math.min(PIECE_BYTES, this.range.length - at - done);
				this.#pieces.push({ offset: this.range.offset + at + done, length, digest: md5.create() });
			}
			const part = bytes.subarray(done, done + PIECE_BYTES - inPiece);
			this.#pieces.at(-1)?.digest.update(part);
			done += part.length;
		}
	}

	/** The chip's own digests of all that was read, with no reset from the first to the last. */
	async #prove(signal: AbortSignal): Promise<Result<undefined, FlashError>> {
		const { length: totalBytes } = this.range;
		const wanted = this.#pieces.map(({ offset, length, digest }) => ({
			offset,
			length,
			md5: digest.digest()
		}));
		for (;;) {
			const { beginnings } = this.#recovery;
			this.parts.tell({ kind: 'comparing', readBytes: totalBytes, totalBytes, retries: this.#retries });
			for (const piece of wanted) {
				const found = await this.#digest(piece, signal);
				if (!found.ok) return found;
				if (!sameBytes(found.value, piece.md5))
					return err({ kind: 'read-unsteady', offsetBytes: piece.offset });
			}
			if (beginnings === this.#recovery.beginnings) return ok(undefined);
		}
	}

	async #digest(
		{ offset, length }: FlashRange,
		signal: AbortSignal
	): Promise<Result<Uint8Array, FlashError>> {
		const { session } = this.parts;
		for (let tries = 1; ; tries++) {
			const found = await session.stub?.md5(offset, length, signal);
			if (found?.ok) return found;
			if (tries === DIGEST_TRIES) return err(session.errorOf(found?.error ?? { kind: 'silent' }));
			this.#retries++;
			const met = await this.#recovery.meetAgain(found?.error, signal);
			if (!met.ok) return met;
		}
	}
}

import { err, ok, sameBytes, type Clock, type Result } from '$lib/base';
import type { ChipSession } from './chip-session';
import type { Compressor } from './compressor';
import type { FlashError, FlashReport, FlashState, PlanRegion, WritePlan } from './facts';
import { SpeedGauge } from './speed';
import { stretchesOf, type Stretch } from './stretches';
import { blockWasNotTaken } from './stub';
import type { LineFault } from './stub-line';

/** How often one block, and how often one stretch, is sent. */
const BLOCK_TRIES = 3;
const STRETCH_TRIES = 4;
/** A chip that answers no more is reset and its stub loaded anew, so often in one write. */
const NEW_BEGINNINGS = 3;

interface Writing {
	readonly session: ChipSession;
	readonly clock: Clock;
	readonly compress: Compressor;
	readonly baud: number;
	readonly tell: (state: FlashState) => void;
}

/**
 * Writes a plan: stretch by stretch, block by block, then the MD5 of each region as the chip reads it back. There is no way to a
 * report but through every digest. Rejects with the signal's reason.
 */
export class WriteLoop {
	readonly #gauge: SpeedGauge;
	readonly #totalBytes: number;
	#retries = 0;
	#beginnings = 0;
	#wroteAnything = false;

	constructor(
		private readonly plan: WritePlan,
		private readonly parts: Writing
	) {
		this.#totalBytes = plan.regions.reduce((sum, region) => sum + region.length, 0);
		this.#gauge = new SpeedGauge(parts.clock, this.#totalBytes);
	}

	/** Something in the flash may differ from what it was. */
	get wroteAnything(): boolean {
		return this.#wroteAnything;
	}

	async run(signal: AbortSignal): Promise<Result<FlashReport, FlashError>> {
		const { clock, session } = this.parts;
		const startedMs = clock.now();
		const erased = this.plan.eraseAll ? await this.#eraseAll(signal) : ok(undefined);
		if (!erased.ok) return erased;
		let before = 0;
		for (const [index, region] of this.plan.regions.entries()) {
			const written = await this.#region(index, region, before, signal);
			if (!written.ok) return written;
			before += region.length;
		}
		return ok({
			durationMs: clock.now() - startedMs,
			totalBytes: this.#totalBytes,
			retries: this.#retries,
			baud: session.baud
		});
	}

	async #eraseAll(signal: AbortSignal): Promise<Result<undefined, FlashError>> {
		this.parts.tell({ kind: 'erasing' });
		for (;;) {
			this.#wroteAnything = true;
			const erased = await this.parts.session.stub?.eraseChip(signal);
			if (erased?.ok) return ok(undefined);
			const met = await this.#meetAgain(erased?.error, signal);
			if (!met.ok) return met;
			if (++this.#retries >= STRETCH_TRIES) return err({ kind: 'no-answer', heard: 'nothing' });
		}
	}

	async #region(
		index: number,
		region: PlanRegion,
		before: number,
		signal: AbortSignal
	): Promise<Result<undefined, FlashError>> {
		const { compress, tell } = this.parts;
		// Made while the line is busy with the region itself.
		const wanted = compress.md5(region.bytes, signal);
		wanted.catch(() => undefined); // told when it is awaited below
		for await (const stretch of stretchesOf(region, compress, signal)) {
			const at = before + stretch.offset - region.offset;
			const sent = await this.#stretch(stretch, (bytes) => this.#tellWriting(index, at + bytes), signal);
			if (!sent.ok) return sent;
		}
		tell({ kind: 'verifying', region: index });
		const found = await this.#digest(region, signal);
		if (!found.ok) return found;
		return sameBytes(found.value, await wanted)
			? ok(undefined)
			: err({ kind: 'verify-failed', offsetBytes: region.offset });
	}

	/** @param told uncompressed bytes of this stretch whose blocks are acknowledged */
	async #stretch(
		stretch: Stretch,
		told: (bytes: number) => void,
		signal: AbortSignal
	): Promise<Result<undefined, FlashError>> {
		let offsetBytes = stretch.offset;
		for (let attempt = 1; attempt <= STRETCH_TRIES; attempt++) {
			told(0);
			const sent = await this.#sendOnce(
				stretch,
				(bytes) => {
					offsetBytes = stretch.offset + bytes;
					told(bytes);
				},
				signal
			);
			if (sent.ok) return sent;
			this.#retries++;
			if (attempt < STRETCH_TRIES) {
				const met = await this.#meetAgain(sent.error, signal);
				if (!met.ok) return met;
			}
		}
		return err({ kind: 'block-failed', offsetBytes, attempts: STRETCH_TRIES });
	}

	async #sendOnce(
		{ offset, length, compressed }: Stretch,
		told: (bytes: number) => void,
		signal: AbortSignal
	): Promise<Result<undefined, LineFault | undefined>> {
		const { stub, blockBytes } = this.parts.session;
		if (!stub) return err(undefined);
		const blocks = Math.ceil(compressed.length / blockBytes);
		this.#wroteAnything = true;
		const begun = await stub.begin({ offset, length, blocks, blockBytes }, signal);
		if (!begun.ok) return begun;
		for (let sequence = 0; sequence < blocks; sequence++) {
			const data = compressed.subarray(sequence * blockBytes, (sequence + 1) * blockBytes);
			let answer = await stub.block(data, sequence, length, signal);
			for (let tries = 1; tries < BLOCK_TRIES && !answer.ok && blockWasNotTaken(answer.error); tries++) {
				this.#retries++;
				answer = await stub.block(data, sequence, length, signal);
			}
			if (!answer.ok) return answer;
			told(
				Math.floor((length * Math.min(compressed.length, (sequence + 1) * blockBytes)) / compressed.length)
			);
		}
		return ok(undefined);
	}

	async #digest(region: PlanRegion, signal: AbortSignal): Promise<Result<Uint8Array, FlashError>> {
		const { session } = this.parts;
		for (let tries = 1; ; tries++) {
			const found = await session.stub?.md5(region.offset, region.length, signal);
			if (found?.ok) return found;
			if (tries === BLOCK_TRIES) return err(session.errorOf(found?.error ?? { kind: 'silent' }));
			this.#retries++;
			const met = await this.#meetAgain(found?.error, signal);
			if (!met.ok) return met;
		}
	}

	/** After a fault: the same stub where it still answers, else the chip from its reset on. */
	async #meetAgain(
		fault: LineFault | undefined,
		signal: AbortSignal
	): Promise<Result<undefined, FlashError>> {
		const { session, baud } = this.parts;
		if (fault?.kind === 'lost') return err(session.errorOf(fault));
		const met = await session.stub?.resync(signal);
		if (met?.ok && met.value) return ok(undefined);
		if (met && !met.ok) return err(session.errorOf(met.error));
		if (++this.#beginnings > NEW_BEGINNINGS) return err({ kind: 'no-answer', heard: 'nothing' });
		const begun = await session.begin(() => undefined, signal);
		if (!begun.ok) return begun;
		const fast = await session.speedUp(baud, signal);
		return fast.ok ? ok(undefined) : fast;
	}

	#tellWriting(region: number, writtenBytes: number): void {
		this.parts.tell({
			kind: 'writing',
			region,
			writtenBytes,
			totalBytes: this.#totalBytes,
			retries: this.#retries,
			...this.#gauge.mark(writtenBytes)
		});
	}
}

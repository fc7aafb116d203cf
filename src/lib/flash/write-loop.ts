import { err, ok, sameBytes, toHex, type Clock, type Result } from '$lib/base';
import { changesIn, cutAt, unlikeIn, type Piece } from './changes';
import type { ChipSession } from './chip-session';
import { erase } from './clearing';
import type { Compressor } from './compressor';
import type { FlashError, FlashReport, FlashState } from './facts';
import type { WritePlan } from './plan-facts';
import { Recovery } from './recovery';
import { SpeedGauge } from './speed';
import { SHORT_STRETCH_BYTES, STRETCH_BYTES, stretchesOf, stretchOf, type Stretch } from './stretches';
import { blockWasNotTaken } from './stub';
import type { LineFault } from './stub-line';

/** How often one block, and how often one stretch, is sent. */
const BLOCK_TRIES = 3;
const STRETCH_TRIES = 4;
/** How often what the chip does not read back as it should is written: once, and twice again. */
const ROUNDS = 3;

interface Writing {
	readonly session: ChipSession;
	readonly clock: Clock;
	readonly compress: Compressor;
	readonly baud: number;
	readonly tell: (state: FlashState) => void;
}

/**
 * Writes what of a plan differs from what the chip holds: stretch by stretch, block by block. There is no way to a report but
 * through the MD5 of each region as the chip reads it back, with nothing written after the first of them was asked. Rejects with the
 * signal's reason.
 */
export class WriteLoop {
	readonly #regions: readonly Piece[];
	readonly #totalBytes: number;
	#unchangedBytes = 0;
	#retries = 0;
	readonly #recovery: Recovery;
	#wroteAnything = false;
	#stretchBytes = STRETCH_BYTES;
	/** Of the first region, deflated while the chip is asked what it holds. */
	#first: Promise<Stretch> | undefined;
	/** Of the regions that were found right, by place: hex. */
	readonly #digests = new Map<number, string>();

	constructor(
		private readonly plan: WritePlan,
		private readonly parts: Writing
	) {
		this.#regions = plan.regions.map(({ offset, bytes }, region) => ({ region, offset, bytes }));
		this.#totalBytes = bytesIn(this.#regions);
		this.#recovery = new Recovery(parts.session, parts.baud);
	}

	/** Something in the flash may differ from what it was. */
	get wroteAnything(): boolean {
		return this.#wroteAnything;
	}

	async run(signal: AbortSignal): Promise<Result<FlashReport, FlashError>> {
		const { clock, session } = this.parts;
		const startedMs = clock.now();
		this.#deflateFirst(signal);
		const erased = await this.#erase(signal);
		if (!erased.ok) return erased;
		let due = this.plan.eraseAll ? ok(this.#regions) : await this.#due('comparing', signal);
		if (due.ok) this.#unchangedBytes = this.#totalBytes - bytesIn(due.value);
		for (let round = 1; ; round++) {
			if (!due.ok) return due;
			const [wrong] = due.value;
			if (!wrong) break;
			if (round > ROUNDS)
				return err({ kind: 'verify-failed', offsetBytes: this.plan.regions[wrong.region]!.offset });
			const written = await this.#write(due.value, signal);
			if (!written.ok) return written;
			due = await this.#due('verifying', signal);
		}
		return ok({
			durationMs: clock.now() - startedMs,
			totalBytes: this.#totalBytes,
			unchangedBytes: this.#unchangedBytes,
			retries: this.#retries,
			baud: session.baud,
			...(session.slowedFrom !== undefined && { slowedFrom: session.slowedFrom }),
			digests: this.#regions.map(({ region }) => this.#digests.get(region) ?? '')
		});
	}

	/** What is to be written, of all regions: none only where the MD5 of each is right. */
	async #due(
		kind: 'comparing' | 'verifying',
		signal: AbortSignal
	): Promise<Result<readonly Piece[], FlashError>> {
		const differing = kind === 'comparing' ? changesIn : unlikeIn;
		for (;;) {
			const beginnings = this.#recovery.beginnings;
			const due: Piece[] = [];
			for (const region of this.#regions) {
				this.parts.tell({ kind, region: region.region });
				const found = await differing(region, (piece) => this.#matches(piece, signal));
				if (!found.ok) return found;
				due.push(...found.value);
			}
			// A chip that was reset meanwhile may have run its program, and that writes too: its earlier answers prove nothing.
			if (due.length > 0 || beginnings === this.#recovery.beginnings) return ok(due);
		}
	}

	async #matches(piece: Piece, signal: AbortSignal): Promise<Result<boolean, FlashError>> {
		const { region, offset, bytes } = piece;
		const wanted = this.parts.compress.md5(bytes, signal); // made while the chip makes its own
		wanted.catch(() => undefined); // told when it is awaited below
		const found = await this.#digest(offset, bytes.length, signal);
		if (!found.ok) return found;
		const same = sameBytes(found.value, await wanted);
		if (same && piece === this.#regions[region]) this.#digests.set(region, toHex(found.value));
		return ok(same);
	}

	async #write(pieces: readonly Piece[], signal: AbortSignal): Promise<Result<undefined, FlashError>> {
		const { clock, compress } = this.parts;
		this.#unchangedBytes = Math.min(this.#unchangedBytes, this.#totalBytes - bytesIn(pieces));
		const wantedBytes = this.#totalBytes - this.#unchangedBytes;
		const gauge = new SpeedGauge(clock, wantedBytes);
		let writtenBytes = wantedBytes - bytesIn(pieces);
		const stretches = stretchesOf(
			pieces,
			{ compress, mostBytes: () => this.#stretchBytes, first: this.#first },
			signal
		);
		this.#first = undefined;
		for await (const stretch of stretches) {
			const { region, offset, bytes } = stretch.piece;
			const before = bytesIn(this.#regions.slice(0, region)) + offset - this.plan.regions[region]!.offset;
			const tell = (sentBytes: number) =>
				this.parts.tell({
					kind: 'writing',
					region,
					reachedBytes: before + sentBytes,
					writtenBytes: writtenBytes + sentBytes,
					unchangedBytes: this.#unchangedBytes,
					totalBytes: this.#totalBytes,
					retries: this.#retries,
					...gauge.mark(writtenBytes + sentBytes)
				});
			const sent = await this.#stretch(stretch, tell, signal);
			if (!sent.ok) return sent;
			writtenBytes += bytes.length;
		}
		return ok(undefined);
	}

	#erase(signal: AbortSignal): Promise<Result<undefined, FlashError>> {
		const asking = async (erased: Promise<Result<unknown, LineFault>> | undefined) => {
			this.#wroteAnything = true;
			const answer = await erased;
			if (answer?.ok) return ok(true);
			this.#retries++;
			const met = await this.#recovery.meetAgain(answer?.error, signal);
			return met.ok ? ok(false) : met;
		};
		const { session, tell } = this.parts;
		return erase(
			this.plan,
			{
				holds: (offset, bytes) => this.#matches({ region: -1, offset, bytes }, signal),
				erase: (offset, length) => asking(session.stub?.eraseRegion(offset, length, signal)),
				eraseChip: () => asking(session.stub?.eraseChip(signal))
			},
			tell
		);
	}

	#deflateFirst(signal: AbortSignal): void {
		const [region] = this.#regions;
		const piece = region && cutAt(region, this.#stretchBytes)[0];
		this.#first = piece && stretchOf(piece, this.parts.compress, signal);
		this.#first?.catch(() => undefined); // told when it is awaited; where nothing is to be written, nobody comes for it
	}

	/**
	 * What failed as a long stretch is sent again as short ones, and so is all that follows.
	 * @param told uncompressed bytes of this stretch whose blocks are acknowledged
	 */
	async #stretch(
		stretch: Stretch,
		told: (bytes: number) => void,
		signal: AbortSignal
	): Promise<Result<undefined, FlashError>> {
		if (stretch.piece.bytes.length <= SHORT_STRETCH_BYTES) return this.#shortStretch(stretch, told, signal);
		told(0);
		const sent = await this.#sendOnce(stretch, told, signal);
		if (sent.ok) return sent;
		this.#retries++;
		this.#stretchBytes = SHORT_STRETCH_BYTES;
		const met = await this.#recovery.meetAgain(sent.error, signal);
		if (!met.ok) return met;
		let before = 0;
		for (const piece of cutAt(stretch.piece, SHORT_STRETCH_BYTES)) {
			const short = await stretchOf(piece, this.parts.compress, signal);
			const again = await this.#shortStretch(short, (bytes) => told(before + bytes), signal);
			if (!again.ok) return again;
			before += piece.bytes.length;
		}
		return ok(undefined);
	}

	async #shortStretch(
		stretch: Stretch,
		told: (bytes: number) => void,
		signal: AbortSignal
	): Promise<Result<undefined, FlashError>> {
		let offsetBytes = stretch.piece.offset;
		for (let attempt = 1; attempt <= STRETCH_TRIES; attempt++) {
			told(0);
			const sent = await this.#sendOnce(
				stretch,
				(bytes) => {
					offsetBytes = stretch.piece.offset + bytes;
					told(bytes);
				},
				signal
			);
			if (sent.ok) return sent;
			this.#retries++;
			if (attempt < STRETCH_TRIES) {
				const { baud } = this.parts.session;
				const met = await this.#recovery.meetAgain(sent.error, signal);
				if (!met.ok) return met;
				if (this.parts.session.baud < baud) attempt = 0; // a slower line has tries of its own
			}
		}
		return err({ kind: 'block-failed', offsetBytes, attempts: STRETCH_TRIES });
	}

	async #sendOnce(
		{ piece, body, deflated }: Stretch,
		told: (bytes: number) => void,
		signal: AbortSignal
	): Promise<Result<undefined, LineFault | undefined>> {
		const { stub, blockBytes } = this.parts.session;
		if (!stub) return err(undefined);
		const { offset } = piece;
		const { length } = piece.bytes;
		const blocks = Math.ceil(body.length / blockBytes);
		this.#wroteAnything = true;
		const begun = await stub.begin({ offset, length, blocks, blockBytes, deflated }, signal);
		if (!begun.ok) return begun;
		for (let sequence = 0; sequence < blocks; sequence++) {
			const data = body.subarray(sequence * blockBytes, (sequence + 1) * blockBytes);
			const block = { data, sequence, deflated };
			let answer = await stub.block(block, length, signal);
			for (let tries = 1; tries < BLOCK_TRIES && !answer.ok && blockWasNotTaken(answer.error); tries++) {
				this.#retries++;
				this.#recovery.fault();
				answer = await stub.block(block, length, signal);
			}
			if (!answer.ok) return answer;
			told(Math.floor((length * Math.min(body.length, (sequence + 1) * blockBytes)) / body.length));
		}
		this.#recovery.ease();
		return ok(undefined);
	}

	async #digest(
		offset: number,
		length: number,
		signal: AbortSignal
	): Promise<Result<Uint8Array, FlashError>> {
		const { session } = this.parts;
		for (let tries = 1; ; tries++) {
			const found = await session.stub?.md5(offset, length, signal);
			if (found?.ok) return found;
			if (tries === BLOCK_TRIES) return err(session.errorOf(found?.error ?? { kind: 'silent' }));
			this.#retries++;
			const met = await this.#recovery.meetAgain(found?.error, signal);
			if (!met.ok) return met;
		}
	}
}

const bytesIn = (pieces: readonly Piece[]): number =>
	pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);

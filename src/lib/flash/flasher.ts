import { assert, err, ok, type Clock, type Result } from '$lib/base';
import type { FlashLease } from '$lib/link';
import { ChipSession } from './chip-session';
import type { Compressor } from './compressor';
import { openChip, type ChipOpener } from './esptool-adapter';
import type { BoardFacts, FlashError, FlashReport, FlashState } from './facts';
import type { WritePlan } from './plan-facts';
import { ReadLoop, type FlashRange, type ReadParts, type ReadProgress, type ReadReport } from './read-loop';
import { WriteLoop } from './write-loop';

/** A change of rate takes as long as these at the ROM's. */
const WORTH_SPEED_BYTES = 0x1000;

export interface FlasherParts {
	readonly clock: Clock;
	readonly compress: Compressor;
	/** One line for those who want details. */
	readonly log: (line: string) => void;
	/** From a port to a running stub; esptool-js unless a test has its own. */
	readonly open?: ChipOpener;
}

export interface WriteOptions {
	/** Bits per second to try first; slower ones follow by themselves. */
	readonly baud: number;
	/** Told each state, the last being `done`, `cancelled` or `failed`. */
	readonly onState: (state: FlashState) => void;
}

export interface ReadOptions extends Pick<ReadParts, 'take' | 'tell'> {
	/** Bits per second to try first; slower ones follow by themselves. */
	readonly baud: number;
	/** Of the board that is meant. */
	readonly mac: string;
}

/** One board in download mode, from the first reset to the last. One act at a time. */
export class Flasher {
	readonly #session: ChipSession;

	constructor(
		private readonly lease: FlashLease,
		private readonly parts: FlasherParts
	) {
		const { clock, log, open = openChip } = parts;
		this.#session = new ChipSession(lease, { clock, log, open });
	}

	/** The slower rate that the line was found to keep, where a faster one failed. */
	get slowedTo(): number | undefined {
		return this.#session.slowedTo;
	}

	/**
	 * Resets the chip into download mode, starts the stub and asks who it is. Rejects only with the signal's reason. Where it
	 * fails or is cancelled, the port is closed.
	 */
	async connect(
		signal: AbortSignal,
		onAttempt: (attempt: number) => void = () => undefined
	): Promise<Result<BoardFacts, FlashError>> {
		let connected = false;
		try {
			const begun = await this.#orUnplugged(this.#session.begin(onAttempt, this.#until(signal)), signal);
			connected = begun.ok;
			return begun.ok ? ok(begun.value.board) : begun;
		} finally {
			if (!connected) await this.#session.end();
		}
	}

	/** What the flash holds there, in one piece: see `readOut`. @param onBytes told how many have come */
	async read(
		range: FlashRange,
		onBytes: (bytes: number) => void,
		options: Pick<ReadOptions, 'baud' | 'mac'>,
		signal: AbortSignal
	): Promise<Result<Uint8Array<ArrayBuffer>, FlashError>> {
		const bytes = new Uint8Array(range.length);
		let at = 0;
		const take = (stretch: Uint8Array) => {
			bytes.set(stretch, at);
			at += stretch.length;
		};
		const tell = ({ readBytes }: ReadProgress) => onBytes(readBytes);
		const read = await this.readOut(range, { ...options, take, tell }, signal);
		return read.ok ? ok(bytes) : read;
	}

	/**
	 * Reads a range, handing it out stretch by stretch; connects first where it is not. The stub stays, also after a cancel or an
	 * error: a read under way is ended, or the chip is restarted into its program. Rejects with the signal's reason, or with what
	 * `take` throws.
	 */
	async readOut(
		range: FlashRange,
		{ baud, mac, ...out }: ReadOptions,
		signal: AbortSignal
	): Promise<Result<ReadReport, FlashError>> {
		const session = this.#session;
		const loop = new ReadLoop(range, { session, clock: this.parts.clock, baud, ...out });
		const act = async (until: AbortSignal): Promise<Result<ReadReport, FlashError>> => {
			const met = await this.#metBoard(mac, () => undefined, until);
			if (!met.ok) return met;
			if (range.length > WORTH_SPEED_BYTES) {
				const fast = await session.speedUp(baud, until);
				if (!fast.ok) return fast;
			}
			return loop.run(until);
		};
		let read: Result<ReadReport, FlashError> | undefined;
		try {
			read = await this.#orUnplugged(act(this.#until(signal)), signal);
			return read;
		} finally {
			if (!read?.ok) await this.#settle();
		}
	}

	/**
	 * Writes and verifies; ends with a reset pulse and a closed port, whatever came of it. Connects first where it is not.
	 * Rejects only with the signal's reason.
	 */
	async write(
		plan: WritePlan,
		{ baud, onState }: WriteOptions,
		signal: AbortSignal
	): Promise<Result<FlashReport, FlashError>> {
		assert(
			!plan.problems.some((problem) => problem.blocking),
			'a plan with a blocking problem is not written'
		);
		const { clock, compress } = this.parts;
		const session = this.#session;
		const loop = new WriteLoop(plan, { session, clock, compress, baud, tell: onState });
		let written: Result<FlashReport, FlashError> | undefined;
		try {
			written = await this.#orUnplugged(
				this.#prepared(plan, baud, loop, onState, this.#until(signal)),
				signal
			);
			return written;
		} finally {
			if (written?.ok) onState({ kind: 'resetting' });
			const board = session.board;
			await session.end();
			onState(outcome(written, board, loop.wroteAnything, signal.aborted));
		}
	}

	/** Resets the board into its program and closes the port, where nothing is to be written. Never rejects. */
	leave(): Promise<void> {
		return this.#session.end();
	}

	async #prepared(
		plan: WritePlan,
		baud: number,
		loop: WriteLoop,
		onState: (state: FlashState) => void,
		signal: AbortSignal
	): Promise<Result<FlashReport, FlashError>> {
		const met = await this.#metBoard(plan.mac, (attempt) => onState({ kind: 'connecting', attempt }), signal);
		if (!met.ok) return met;
		const fast = await this.#session.speedUp(baud, signal);
		return fast.ok ? loop.run(signal) : fast;
	}

	/** A stub that runs on the board that is meant. */
	async #metBoard(
		mac: string,
		onAttempt: (attempt: number) => void,
		signal: AbortSignal
	): Promise<Result<undefined, FlashError>> {
		if (!this.#session.stub) {
			const begun = await this.#session.begin(onAttempt, signal);
			if (!begun.ok) return begun;
		}
		// The port is known by its bridge, and bridges are alike: another board may hang on it now.
		const found = this.#session.board?.mac ?? '';
		return found === mac ? ok(undefined) : err({ kind: 'other-board', expected: mac, found });
	}

	/** After a read that was cut short: the stub is met again, or the chip goes into its program. Never rejects. */
	async #settle(): Promise<void> {
		const { signal } = this.lease;
		try {
			const quiet = await this.#session.stub?.drain(signal);
			const met = quiet?.ok ? await this.#session.stub?.resync(signal) : undefined;
			if (met?.ok && met.value) return;
		} catch {
			// the port went away: there is nobody to meet, and the end below closes it
		}
		await this.#session.end();
	}

	/** Both who asked and the port can end an act. */
	#until(signal: AbortSignal): AbortSignal {
		return AbortSignal.any([signal, this.lease.signal]);
	}

	/** A port that went away is a result; a cancel is a rejection. */
	async #orUnplugged<T>(
		act: Promise<Result<T, FlashError>>,
		signal: AbortSignal
	): Promise<Result<T, FlashError>> {
		try {
			const result = await act;
			return !result.ok && this.lease.signal.aborted ? err(this.#session.gone) : result;
		} catch (cause) {
			signal.throwIfAborted();
			if (this.lease.signal.aborted) return err(this.#session.gone);
			throw cause;
		}
	}
}

function outcome(
	written: Result<FlashReport, FlashError> | undefined,
	board: BoardFacts | undefined,
	wroteAnything: boolean,
	cancelled: boolean
): FlashState {
	if (!written && cancelled) return { kind: 'cancelled', wroteAnything };
	if (!written) return { kind: 'failed', error: { kind: 'failed', cause: 'broken off' }, wroteAnything }; // and it throws
	if (!written.ok) return { kind: 'failed', error: written.error, wroteAnything };
	assert(board, 'what was written was written to a board');
	return { kind: 'done', ...written.value, board };
}

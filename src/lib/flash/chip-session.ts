import { delay, err, ok, type Clock, type Result } from '$lib/base';
import { isNativeUsb, openFault, type FlashLease, type SerialPortLike } from '$lib/link';
import { slowerThan } from './baud-ladder';
import { PORT_BUFFER_BYTES, ROM_BAUD, type ChipOpener, type OpenChip } from './esptool-adapter';
import type { BoardFacts, FlashError } from './facts';
import { Ears, type Heard } from './heard';
import { intoProgram } from './reset';
import { Stub } from './stub';
import { StubLine, type LineFault } from './stub-line';

/** A bridge needs a moment after its port was opened. Source: esptool-js and esptool wait the same. */
const SETTLE_MS = 50;
const NEVER = new AbortController().signal;
const PROBE_MS = 500;
const PROBES = 2;
/** Every chip has a readable register here. */
const PROBE_ADDRESS = 0x40001000;

export interface SessionParts {
	readonly clock: Clock;
	readonly log: (line: string) => void;
	readonly open: ChipOpener;
}

/** A chip with its stub running, through changes of rate and new beginnings. */
export class ChipSession {
	#chip: OpenChip | undefined;
	#stub: Stub | undefined;
	/** The port that the stub was met on: it may have gone and come back as another before anybody looks. */
	#metOn: SerialPortLike | undefined;
	/** Nothing was begun since the chip was last let go: there is nobody to reset. */
	#idle = true;
	/** This rate and those above it have failed on this cable. */
	#failedBaud = Infinity;
	#fastestFailed: number | undefined;
	#slowedTo: number | undefined;
	#beginnings = 0;
	readonly #ears = new Ears();

	constructor(
		private readonly lease: FlashLease,
		private readonly parts: SessionParts
	) {}

	get board(): BoardFacts | undefined {
		return this.#chip?.board;
	}

	get stub(): Stub | undefined {
		return this.#stub;
	}

	get blockBytes(): number {
		return this.#chip?.blockBytes ?? 0;
	}

	get baud(): number {
		return this.#stub?.line.baud ?? ROM_BAUD;
	}

	/** How often the chip was reset: its program may have run each time. */
	get beginnings(): number {
		return this.#beginnings;
	}

	/** The fastest rate that was tried and did not work, where there is one. */
	get slowedFrom(): number | undefined {
		return this.#fastestFailed;
	}

	/** The rate that worked after one that did not. */
	get slowedTo(): number | undefined {
		return this.#slowedTo;
	}

	/** From a reset to a stub that listens, at the ROM's rate. Rejects with the signal's reason. */
	async begin(
		onAttempt: (attempt: number) => void,
		signal: AbortSignal
	): Promise<Result<OpenChip, FlashError>> {
		await this.#close();
		this.#idle = false;
		this.#beginnings++;
		const { clock, log, open } = this.parts;
		const opened = await open(this.lease, { clock, log }, onAttempt, signal);
		if (!opened.ok) return opened;
		const before = this.#chip?.board.mac;
		if (before !== undefined && before !== opened.value.board.mac)
			return err({ kind: 'failed', cause: `another board answers: ${opened.value.board.mac}` });
		this.#chip = opened.value;
		return this.#listen(opened.value.baud) ?? ok(opened.value);
	}

	/** The port went away: a chip with its own USB may have restarted. @returns whether it is there again, to be begun with anew */
	async comesBack(signal: AbortSignal): Promise<boolean> {
		const device = this.#metOn ?? this.lease.device;
		if (!isNativeUsb(device)) return false;
		this.parts.log('The board left the USB: waiting for it to come back…');
		return this.lease.back(device, signal);
	}

	/** To `wished` bits per second, or to the next slower rate that works. A chip's own USB has one speed, whatever is asked. */
	async speedUp(wished: number, signal: AbortSignal): Promise<Result<number, FlashError>> {
		if (isNativeUsb(this.lease.device)) return ok(this.baud);
		for (const baud of [wished, ...slowerThan(wished)].filter((rate) => rate < this.#failedBaud)) {
			if (!this.#stub || this.baud === baud) break;
			const changed = await this.#changeTo(baud, signal);
			if (changed.ok && changed.value) {
				this.parts.log(`The line works at ${baud} baud.`);
				this.#worked(baud);
				return ok(baud);
			}
			if (!changed.ok && this.lease.signal.aborted) return err(this.gone);
			this.parts.log(`The line does not work at ${baud} baud.`);
			this.#failed(baud);
			const again = await this.begin(() => undefined, signal);
			if (!again.ok) return again;
		}
		return ok(this.baud);
	}

	/**
	 * To a slower rate than the line has, because too much goes wrong at this one.
	 * @returns false where there is none
	 */
	async slowDown(signal: AbortSignal): Promise<Result<boolean, FlashError>> {
		const from = this.baud;
		const [next] = slowerThan(from);
		if (next === undefined || isNativeUsb(this.lease.device)) return ok(false);
		this.parts.log(`Too much goes wrong at ${from} baud: on with ${next}.`);
		this.#failed(from);
		const changed = await this.#changeTo(next, signal);
		if (changed.ok && changed.value) {
			this.#worked(next);
			return ok(true);
		}
		if (!changed.ok && this.lease.signal.aborted) return err(this.gone);
		const again = await this.begin(() => undefined, signal);
		if (!again.ok) return again;
		const fast = await this.speedUp(next, signal);
		return fast.ok ? ok(true) : fast;
	}

	/** Whatever state the board is in: the chip restarts into its program, and the port is closed. Never rejects. */
	async end(): Promise<void> {
		if (this.#idle) return;
		this.#idle = true;
		const { clock, log } = this.parts;
		await this.#stub?.line.stop();
		this.#stub = undefined;
		try {
			await intoProgram(this.lease.device, clock, NEVER); // a pulse that has begun is ended: a chip must not stay in reset
		} catch (cause) {
			// Gone, or never opened. A chip's own USB goes with the reset, before the pulse is over.
			if (!isNativeUsb(this.lease.device))
				log(`No reset pulse: ${cause instanceof Error ? cause.message : String(cause)}`);
		}
		await this.#close();
	}

	/** The port is no longer ours: what that is for this kind of cable. */
	get gone(): FlashError {
		return { kind: isNativeUsb(this.lease.device) ? 'not-back' : 'unplugged' };
	}

	/** Why a stub may have fallen silent. Of a line that carries packets, only what a ROM or a program says in words counts. */
	get heard(): Heard {
		const { verdict } = this.#ears;
		return verdict === 'noise' || verdict === 'boot-log' ? 'nothing' : verdict;
	}

	/** What a fault of the line means to who holds the board. */
	errorOf(fault: LineFault): FlashError {
		if (this.lease.signal.aborted) return this.gone;
		switch (fault.kind) {
			case 'lost':
				return fault.error.kind === 'unplugged' ? this.gone : fault.error;
			case 'refused':
				return { kind: 'stub-failed', cause: `error 0x${fault.code.toString(16)}` };
			case 'silent':
				return { kind: 'no-answer', heard: this.heard };
		}
	}

	#failed(baud: number): void {
		this.#failedBaud = Math.min(this.#failedBaud, baud);
		this.#fastestFailed ??= baud;
	}

	#worked(baud: number): void {
		if (this.#fastestFailed !== undefined) this.#slowedTo = baud;
	}

	async #changeTo(baud: number, signal: AbortSignal): Promise<Result<boolean, FlashError>> {
		const asked = await this.#stub?.changeBaud(baud, signal);
		if (!asked?.ok) return ok(false);
		await this.#close();
		await delay(SETTLE_MS, this.parts.clock, signal);
		try {
			await this.lease.device.open({ baudRate: baud, bufferSize: PORT_BUFFER_BYTES });
		} catch (cause) {
			return err(openFault(cause));
		}
		const deaf = this.#listen(baud);
		if (deaf) return deaf;
		await delay(SETTLE_MS, this.parts.clock, signal);
		for (let probe = 0; probe < PROBES; probe++) {
			const answered = await this.#stub?.readReg(PROBE_ADDRESS, PROBE_MS, signal);
			if (answered?.ok) return ok(true);
		}
		return ok(false);
	}

	/** @returns why it cannot listen */
	#listen(baud: number): { readonly ok: false; readonly error: FlashError } | undefined {
		this.#metOn = this.lease.device;
		try {
			this.#stub = new Stub(
				new StubLine(this.lease.device, baud, this.parts.clock, (bytes) => this.#ears.hear(bytes)),
				this.parts.clock
			);
			return undefined;
		} catch (cause) {
			return err(openFault(cause));
		}
	}

	async #close(): Promise<void> {
		await this.#stub?.line.stop();
		this.#stub = undefined;
		await this.lease.device.close().catch(() => undefined); // not open, or gone: closed either way
	}
}

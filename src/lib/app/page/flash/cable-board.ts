import { type Clock, err, ok, systemClock, type Result } from '$lib/base';
import {
	type BaudMemory,
	type BoardFacts,
	type Compressor,
	type FirmwareSource,
	type FlashError,
	Flasher,
	type FlashState,
	planWrite,
	type PlanWishes,
	type WritePlan
} from '$lib/flash';
import type { PartitionTable } from '$lib/formats';
import {
	BoardPort,
	isNativeUsb,
	type FlashLease,
	type LineLease,
	type PortError,
	type SerialLike,
	type SerialLine,
	type SerialPortLike
} from '$lib/link';
import { Setup, type SetupParts } from '$lib/provision';
import { AdapterRate } from './adapter-rate';
import { CableTurns } from './cable-turns';
import { KnownFlash } from './known-flash';
import type { BoardAtWork, OfferedBroker } from './works';

/** What ESP-IDF's console and our firmware speak at. */
const LINE_BAUD = 115_200;
const NEVER = new AbortController().signal;

export interface CableBoardParts {
	readonly serial?: SerialLike;
	/** The system's, where a test has none of its own. */
	readonly clock?: Clock;
	/** Makes one for each write; it may be a worker. */
	readonly compressor: () => Compressor & { close(): void };
	readonly log: (line: string) => void;
	/** Without one, every write begins at the default. */
	readonly bauds?: BaudMemory;
	readonly firstMessage: SetupParts['firstMessage'];
	readonly brokers: (
		practice: boolean,
		signal: AbortSignal
	) => Promise<Result<readonly OfferedBroker[], string>>;
}

type ReadBoard<T> = (
	flasher: Flasher,
	options: { readonly baud: number; readonly mac: string },
	signal: AbortSignal
) => Promise<Result<T, FlashError>>;

/** A board on a port: one lease at a time, for the flasher or for its running program's line. */
export class CableBoard implements BoardAtWork {
	readonly #port: BoardPort;
	readonly #clock: Clock;
	#flasher: Flasher | undefined;
	#lease: FlashLease | LineLease | undefined;
	#board: BoardFacts | undefined;
	#writing = false;
	readonly #rate: AdapterRate;
	readonly #known = new KnownFlash();
	readonly #turns = new CableTurns();
	/** The flasher let the chip go: its program began while the port was still open for the stub, or closed. */
	#begunUnheard = false;

	constructor(
		port: SerialPortLike,
		private readonly parts: CableBoardParts
	) {
		this.#clock = parts.clock ?? systemClock;
		const serial = port.bus ?? parts.serial;
		this.#port = new BoardPort(port, { clock: this.#clock, ...(serial && { serial }) });
		this.#rate = new AdapterRate(this.#port, parts.bauds);
	}

	get info(): BoardPort['info'] {
		return this.#port.info;
	}

	get table(): PartitionTable | undefined {
		return this.#known.table;
	}

	get tableOffset(): number | undefined {
		return this.#known.tableOffset;
	}

	get known(): boolean {
		return this.#known.fresh;
	}

	get baud(): number | undefined {
		return isNativeUsb(this.#port) ? undefined : this.#rate.first;
	}

	beginAt(baud: number): void {
		this.#rate.beginAt(baud);
	}

	connect(
		onAttempt: (attempt: number) => void,
		signal: AbortSignal
	): Promise<Result<BoardFacts, FlashError>> {
		return this.#turns.takeOver('flash', () => this.#connectNow(onAttempt, signal), signal);
	}

	async #connectNow(
		onAttempt: (attempt: number) => void,
		signal: AbortSignal
	): Promise<Result<BoardFacts, FlashError>> {
		await this.#releaseNow();
		const taken = await this.#take(signal);
		if (!taken.ok) return taken;
		const flasher = taken.value;
		this.#flasher = flasher;
		try {
			const found = await flasher.connect(signal, onAttempt);
			if (!found.ok) {
				await this.#releaseNow();
				return found;
			}
			this.#board = found.value;
			this.#known.met(found.value.mac);
			await this.#lookNow(signal); // a board that cannot be read now can still be flashed: its plan asks more
			return found;
		} catch (cause) {
			await this.#releaseNow();
			throw cause;
		}
	}

	plan(firmware: FirmwareSource, wishes: PlanWishes): WritePlan {
		if (!this.#board) throw new Error('a plan needs a board that has answered');
		const { present } = this.#known;
		return planWrite(this.#board, firmware, { ...wishes, ...(present && { present }) });
	}

	look: BoardAtWork['look'] = (signal) => this.#turns.read((until) => this.#lookNow(until), signal);

	lookAt: BoardAtWork['lookAt'] = (offset, signal) =>
		this.#turns.read((until) => {
			this.#known.seekAt(offset);
			return this.#lookNow(until);
		}, signal);

	read: BoardAtWork['read'] = (range, onBytes, signal) =>
		this.#reading((flasher, options, until) => flasher.read(range, onBytes, options, until), signal);

	readOut: BoardAtWork['readOut'] = (range, out, signal) =>
		this.#reading((flasher, options, until) => flasher.readOut(range, { ...options, ...out }, until), signal);

	#reading<T>(read: ReadBoard<T>, signal: AbortSignal): Promise<Result<T, FlashError>> {
		return this.#turns.read((until) => this.#readNow(read, until), signal);
	}

	#lookNow(signal: AbortSignal): Promise<Result<undefined, FlashError>> {
		return this.#known.look((range) =>
			this.#readNow((flasher, options) => flasher.read(range, () => undefined, options, signal), signal)
		);
	}

	/** The board stays connected, unless it went away. */
	async #readNow<T>(read: ReadBoard<T>, signal: AbortSignal): Promise<Result<T, FlashError>> {
		signal.throwIfAborted();
		if (!this.#board) throw new Error('a board is read after it has answered');
		if (!this.#flasher) {
			await this.#releaseNow();
			const taken = await this.#take(signal);
			if (!taken.ok) return taken;
			this.#flasher = taken.value;
		}
		const flasher = this.#flasher;
		try {
			const result = await read(flasher, { baud: this.#rate.first, mac: this.#board.mac }, signal);
			if (!result.ok && (result.error.kind === 'unplugged' || result.error.kind === 'other-board'))
				await this.#releaseNow();
			return result;
		} finally {
			this.#rate.slowed(flasher);
		}
	}

	async write(plan: WritePlan, onState: (state: FlashState) => void, signal: AbortSignal): Promise<void> {
		let told = false;
		const tell = (state: FlashState) => {
			told = 'wroteAnything' in state;
			this.#known.wrote(plan, state);
			onState(state);
		};
		try {
			await this.#turns.takeOver('flash', () => this.#writeNow(plan, tell, signal), signal);
		} catch (cause) {
			if (!signal.aborted) throw cause;
			if (!told) tell({ kind: 'cancelled', wroteAnything: false }); // it never got the port
		}
	}

	async #writeNow(plan: WritePlan, tell: (state: FlashState) => void, signal: AbortSignal): Promise<void> {
		this.#writing = true;
		try {
			if (!this.#flasher) {
				// Its program ran meanwhile, or the cable was out: the port is taken anew, and the chip must answer again.
				await this.#releaseNow();
				const taken = await this.#take(signal);
				if (!taken.ok) return tell({ kind: 'failed', error: taken.error, wroteAnything: false });
				this.#flasher = taken.value;
			}
			const flasher = this.#flasher;
			const baud = this.#rate.first;
			const written = await flasher.write(plan, { baud, onState: tell }, signal).finally(() => {
				this.#rate.slowed(flasher);
			});
			if (written.ok) this.#rate.wrote(written.value);
		} finally {
			this.#writing = false;
			await this.#releaseNow();
		}
	}

	async listen(
		onText: (bytes: Uint8Array) => void,
		signal: AbortSignal,
		baud = LINE_BAUD
	): Promise<Result<SerialLine, PortError>> {
		try {
			return await this.#turns.takeOver('line', () => this.#listenNow(onText, signal, baud), signal);
		} catch (cause) {
			if (!signal.aborted) throw cause;
			return err({ kind: 'held', by: 'line' }); // nobody listens any more
		}
	}

	async #listenNow(
		onText: (bytes: Uint8Array) => void,
		signal: AbortSignal,
		baud: number
	): Promise<Result<SerialLine, PortError>> {
		await this.#releaseNow();
		this.#known.ran();
		const lease = await this.#port.lease('line', signal);
		if (!lease.ok) return lease;
		this.#lease = lease.value;
		signal.addEventListener('abort', () => void lease.value.release(), { once: true });
		const line = await lease.value.open(baud);
		if (!line.ok) {
			await lease.value.release();
			return line;
		}
		line.value.onText(onText, signal);
		if (this.#begunUnheard) {
			this.#begunUnheard = false;
			if (isNativeUsb(this.#port)) return line; // a reset would take it off the bus again, and its log with it
			await line.value.reset(); // so that the log begins where the chip does; a line that ended says so itself
		}
		return line;
	}

	setUp(line: SerialLine, signal: AbortSignal, improvWaitS?: number): Setup {
		const { firstMessage } = this.parts;
		const wait = improvWaitS === undefined ? {} : { improvWaitS };
		return new Setup({ line, clock: this.#clock, firstMessage, ...wait }, signal);
	}

	brokers(signal: AbortSignal): Promise<Result<readonly OfferedBroker[], string>> {
		return this.parts.brokers(this.#board?.practice ?? false, signal);
	}

	/** A write is broken off; what is being read ends first. */
	release(): Promise<void> {
		if (this.#writing) return this.#releaseNow();
		return this.#turns.takeOver('flash', () => this.#releaseNow(), NEVER);
	}

	async #releaseNow(): Promise<void> {
		const [flasher, lease] = [this.#flasher, this.#lease];
		this.#flasher = undefined;
		this.#lease = undefined;
		if (flasher) {
			this.#begunUnheard = true;
			this.#known.ran();
		}
		await flasher?.leave();
		await lease?.release();
	}

	/** @param signal ends the waiting for the port; what is held then outlives whoever asked first */
	async #take(signal: AbortSignal): Promise<Result<Flasher, PortError>> {
		signal.throwIfAborted();
		const waiting = new AbortController();
		const stop = () => waiting.abort(signal.reason);
		signal.addEventListener('abort', stop, { once: true });
		const lease = await this.#port.lease('flash', waiting.signal).finally(() => {
			signal.removeEventListener('abort', stop);
		});
		if (!lease.ok) return lease;
		this.#lease = lease.value;
		const compress = this.parts.compressor();
		lease.value.signal.addEventListener('abort', () => compress.close(), { once: true });
		return ok(new Flasher(lease.value, { clock: this.#clock, compress, log: this.parts.log }));
	}
}

import { type Clock, ok, systemClock, type Result } from '$lib/base';
import {
	adapterOf,
	type BaudMemory,
	type BoardFacts,
	type Compressor,
	type FirmwareSource,
	firstBaud,
	type FlashError,
	Flasher,
	type FlashReport,
	type FlashState,
	keptAfter,
	type KeptBaud,
	planWrite,
	type PlanWishes,
	type PresentFlash,
	presentAfter,
	readPresent,
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
import type { BoardAtWork, OfferedBroker } from './works';

/** What ESP-IDF's console and our firmware speak at. */
const LINE_BAUD = 115_200;

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
	options: { readonly baud: number; readonly mac: string }
) => Promise<Result<T, FlashError>>;

/** A board on a port: one lease at a time, for the flasher or for its running program's line. */
export class CableBoard implements BoardAtWork {
	readonly #port: BoardPort;
	readonly #clock: Clock;
	#flasher: Flasher | undefined;
	#lease: FlashLease | LineLease | undefined;
	#board: BoardFacts | undefined;
	/** Nothing where the board has no table, or none that could be read. */
	#present: PresentFlash | undefined;
	#lastRead: Promise<void> = Promise.resolve();
	/** The flasher let the chip go: its program began while the port was still open for the stub, or closed. */
	#begunUnheard = false;

	constructor(
		port: SerialPortLike,
		private readonly parts: CableBoardParts
	) {
		this.#clock = parts.clock ?? systemClock;
		const serial = port.bus ?? parts.serial;
		this.#port = new BoardPort(port, { clock: this.#clock, ...(serial && { serial }) });
	}

	get info(): BoardPort['info'] {
		return this.#port.info;
	}

	get table(): PartitionTable | undefined {
		return this.#present?.table;
	}

	get baud(): number | undefined {
		return isNativeUsb(this.#port) ? undefined : firstBaud(this.#kept);
	}

	beginAt(baud: number): void {
		const adapter = adapterOf(this.#port);
		if (adapter !== undefined) this.parts.bauds?.keep(adapter, { baud, cleanWrites: 0 });
	}

	get #kept(): KeptBaud | undefined {
		const adapter = adapterOf(this.#port);
		return adapter === undefined ? undefined : this.parts.bauds?.recall(adapter);
	}

	async connect(
		onAttempt: (attempt: number) => void,
		signal: AbortSignal
	): Promise<Result<BoardFacts, FlashError>> {
		await this.release();
		const taken = await this.#take(signal);
		if (!taken.ok) return taken;
		const flasher = taken.value;
		this.#flasher = flasher;
		try {
			const found = await flasher.connect(signal, onAttempt);
			if (!found.ok) {
				await this.release();
				return found;
			}
			this.#board = found.value;
			// A board without a table, or one that cannot be read now, is still a board that can be flashed.
			const table = await flasher.readPartitionTable(signal);
			this.#present =
				table.ok && table.value
					? await readPresent(table.value, (range) => this.read(range, () => undefined, signal))
					: undefined;
			return found;
		} catch (cause) {
			await this.release();
			throw cause;
		}
	}

	plan(firmware: FirmwareSource, wishes: PlanWishes): WritePlan {
		if (!this.#board) throw new Error('a plan needs a board that has answered');
		return planWrite(this.#board, firmware, {
			...wishes,
			...(this.#present && { present: this.#present })
		});
	}

	read: BoardAtWork['read'] = (range, onBytes, signal) =>
		this.#reading((flasher, options) => flasher.read(range, onBytes, options, signal), signal);

	readOut: BoardAtWork['readOut'] = (range, out, signal) =>
		this.#reading((flasher, options) => flasher.readOut(range, { ...options, ...out }, signal), signal);

	/** One read after another, whoever asks. */
	#reading<T>(read: ReadBoard<T>, signal: AbortSignal): Promise<Result<T, FlashError>> {
		const turn = this.#lastRead.then(() => this.#readNow(read, signal));
		this.#lastRead = turn.then(
			() => undefined,
			() => undefined // told to who asked
		);
		return turn;
	}

	/** The board stays connected, unless it went away. */
	async #readNow<T>(read: ReadBoard<T>, signal: AbortSignal): Promise<Result<T, FlashError>> {
		signal.throwIfAborted();
		if (!this.#board) throw new Error('a board is read after it has answered');
		if (!this.#flasher) {
			await this.release();
			const taken = await this.#take(signal);
			if (!taken.ok) return taken;
			this.#flasher = taken.value;
		}
		const result = await read(this.#flasher, { baud: firstBaud(this.#kept), mac: this.#board.mac });
		if (!result.ok && (result.error.kind === 'unplugged' || result.error.kind === 'other-board'))
			await this.release();
		return result;
	}

	async write(plan: WritePlan, onState: (state: FlashState) => void, signal: AbortSignal): Promise<void> {
		try {
			if (!this.#flasher) {
				// Its program ran meanwhile, or the cable was out: the port is taken anew, and the chip must answer again.
				const taken = await this.#take(signal);
				if (!taken.ok) return onState({ kind: 'failed', error: taken.error, wroteAnything: false });
				this.#flasher = taken.value;
			}
			const baud = firstBaud(this.#kept);
			const written = await this.#flasher.write(plan, { baud, onState }, signal);
			if (written.ok) this.#keep(written.value);
			this.#present = written.ok ? presentAfter(plan, this.#present) : undefined; // after a failure nobody knows
		} catch (cause) {
			this.#present = undefined; // half of it may be another's
			if (!signal.aborted) throw cause;
		} finally {
			await this.release();
		}
	}

	async listen(
		onText: (bytes: Uint8Array) => void,
		signal: AbortSignal,
		baud = LINE_BAUD
	): Promise<Result<SerialLine, PortError>> {
		await this.release();
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

	async release(): Promise<void> {
		const [flasher, lease] = [this.#flasher, this.#lease];
		this.#flasher = undefined;
		this.#lease = undefined;
		if (flasher) this.#begunUnheard = true;
		await flasher?.leave();
		await lease?.release();
	}

	/** What the write tells of its adapter; a chip's own USB has no rate. */
	#keep(report: FlashReport): void {
		const adapter = adapterOf(this.#port);
		if (adapter === undefined || isNativeUsb(this.#port)) return;
		this.parts.bauds?.keep(adapter, keptAfter(this.#kept, report));
	}

	async #take(signal: AbortSignal): Promise<Result<Flasher, PortError>> {
		const lease = await this.#port.lease('flash', signal);
		if (!lease.ok) return lease;
		this.#lease = lease.value;
		const compress = this.parts.compressor();
		lease.value.signal.addEventListener('abort', () => compress.close(), { once: true });
		return ok(new Flasher(lease.value, { clock: this.#clock, compress, log: this.parts.log }));
	}
}

import { Counters, delay, done, err, ok, untilAborted, type Clock, type Result } from '$lib/base';
import { encodeFrame } from './api-frame';
import { Listeners } from './listeners';
import type { ImprovPacket, LineFault, ReceiveFault, SerialLine } from './lease';
import { LineSplitter } from './line-splitter';
import { PortLost, type PortError, type SerialPortLike, type SerialSignals } from './port';
import { resetPulse } from './reset-pulse';
import { lineFault, openFault, receiveFault } from './port-fault';

/** Chromium's own is 255 B, which a log at 921,600 baud fills while the page draws a frame. */
const BUFFER_BYTES = 64 * 1024;

export interface LineParts {
	readonly clock: Clock;
	/** Waits for a board whose own USB left the bus; undefined where it does not come back. */
	readonly back: (lost: SerialPortLike, signal: AbortSignal) => Promise<SerialPortLike | undefined>;
	readonly onLost: () => void;
}

/**
 * An open port with a running firmware at the other end: the one reader and the one writer of it. A chip's own USB that is away
 * while the chip restarts is waited for, and the line goes on. It ends by `close`, or when the device is gone; then `onLost` is called, once.
 */
export class OpenLine implements SerialLine {
	readonly dropped = new Counters<LineFault>();
	readonly faults = new Counters<ReceiveFault>();
	readonly #text = new Listeners<Uint8Array>();
	readonly #improv = new Listeners<ImprovPacket>();
	readonly #frames = new Listeners<Uint8Array>();
	readonly #ended = new AbortController();
	readonly #splitter = new LineSplitter({
		text: (bytes) => this.#text.tell(bytes),
		improv: (packet) => this.#improv.tell(packet),
		frame: (json) => this.#frames.tell(json),
		fault: (kind) => this.dropped.add(kind)
	});
	#baud: number;
	#signals: SerialSignals = {};
	#reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
	#reading: Promise<void> = Promise.resolve();
	#stopping = false;
	/** Settles when the port is there again, or given up. */
	#away: Promise<void> | undefined;
	/** Settles when all acts asked so far are through: writes and baud changes go one after another. */
	#tail: Promise<unknown> = Promise.resolve();
	/** Settles when a write that was given up has left the stream, and the port has a new one. */
	#dropping: Promise<void> = Promise.resolve();
	#closed: Promise<void> | undefined;

	private constructor(
		private port: SerialPortLike,
		baud: number,
		private readonly parts: LineParts
	) {
		this.#baud = baud;
	}

	static async open(
		port: SerialPortLike,
		baud: number,
		parts: LineParts
	): Promise<Result<OpenLine, PortError>> {
		try {
			await port.open({ baudRate: baud, bufferSize: BUFFER_BYTES });
		} catch (cause) {
			return err(openFault(cause));
		}
		const line = new OpenLine(port, baud, parts);
		line.#reading = line.#read();
		return ok(line);
	}

	get signal(): AbortSignal {
		return this.#ended.signal;
	}

	get baud(): number {
		return this.#baud;
	}

	onText(fn: (bytes: Uint8Array) => void, signal: AbortSignal): void {
		this.#text.add(fn, signal);
	}

	onImprov(fn: (packet: ImprovPacket) => void, signal: AbortSignal): void {
		this.#improv.add(fn, signal);
	}

	onFrame(fn: (json: Uint8Array) => void, signal: AbortSignal): void {
		this.#frames.add(fn, signal);
	}

	sendFrame(json: Uint8Array, signal: AbortSignal): Promise<Result<void, PortError>> {
		return this.write(encodeFrame(json), signal);
	}

	write(bytes: Uint8Array, signal: AbortSignal): Promise<Result<void, PortError>> {
		if (signal.aborted) return Promise.reject(signal.reason as Error);
		return untilAborted(
			this.#next(() => this.#write(bytes, signal)),
			signal
		);
	}

	get signals(): SerialSignals {
		return this.#signals;
	}

	setSignals(signals: SerialSignals): Promise<Result<void, PortError>> {
		return this.#signal(async (port) => {
			await port.setSignals(signals);
			this.#signals = { ...this.#signals, ...signals };
		});
	}

	reset(into: 'program' | 'download' = 'program'): Promise<Result<void, PortError>> {
		return this.#signal(async (port) => {
			for (const { dtr, rts, holdMs } of resetPulse(port, into)) {
				await port.setSignals({ dataTerminalReady: dtr, requestToSend: rts });
				if (holdMs > 0) await delay(holdMs, this.parts.clock, this.#ended.signal);
			}
			this.#signals = { dataTerminalReady: false, requestToSend: false };
		});
	}

	async #signal(act: (port: SerialPortLike) => Promise<void>): Promise<Result<void, PortError>> {
		const { port } = this;
		try {
			await act(port);
			return done;
		} catch (cause) {
			await this.#away; // a chip's own USB goes with the reset, before the pulse is over
			if (this.port !== port && !this.#ended.signal.aborted) return done;
			return err(this.#ended.signal.aborted ? { kind: 'unplugged' } : lineFault(cause));
		}
	}

	setBaud(baud: number): Promise<Result<void, PortError>> {
		return this.#next(() => this.#reopen(baud));
	}

	close(): Promise<void> {
		return this.end('released');
	}

	/** Closes it, and tells whoever uses it why. */
	end(why: PortLost['why']): Promise<void> {
		this.#ended.abort(new PortLost(why)); // the first reason stays
		this.#closed ??= this.#shut();
		return this.#closed;
	}

	#next<T>(act: () => Promise<T>): Promise<T> {
		const turn = this.#tail.then(act);
		this.#tail = turn.catch(() => undefined); // its own caller hears of it
		return turn;
	}

	async #write(bytes: Uint8Array, signal: AbortSignal): Promise<Result<void, PortError>> {
		signal.throwIfAborted();
		const stop = AbortSignal.any([signal, this.#ended.signal]);
		await untilAborted(this.#dropping, stop).catch(() => signal.throwIfAborted());
		if (this.#away) await untilAborted(this.#away, stop).catch(() => signal.throwIfAborted());
		const stream = this.port.writable;
		if (this.#ended.signal.aborted || !stream) return err({ kind: 'unplugged' });
		const writer = stream.getWriter();
		const drop = () => {
			// What is not sent yet is thrown away. The port has no stream to write to until what is being sent is out.
			this.#dropping = writer.abort(stop.reason).catch(() => undefined);
		};
		stop.addEventListener('abort', drop, { once: true });
		try {
			await untilAborted(writer.write(bytes), stop);
			return done;
		} catch (cause) {
			signal.throwIfAborted();
			return err(this.#ended.signal.aborted ? { kind: 'unplugged' } : lineFault(cause));
		} finally {
			stop.removeEventListener('abort', drop);
			writer.releaseLock();
		}
	}

	/** Web Serial has no other way to change the speed. The adapter may move DTR and RTS meanwhile, which can restart the board. */
	async #reopen(baud: number): Promise<Result<void, PortError>> {
		if (this.#ended.signal.aborted) return err({ kind: 'unplugged' });
		try {
			await this.#stopReading();
			await this.port.close();
			await this.port.open({ baudRate: baud, bufferSize: BUFFER_BYTES });
		} catch (cause) {
			this.#lost();
			return err(openFault(cause));
		}
		if (this.#ended.signal.aborted) {
			await this.#closePort(); // it was closed while it was opened again
			return err({ kind: 'unplugged' });
		}
		this.#baud = baud;
		this.#signals = {};
		this.#stopping = false;
		this.#reading = this.#read();
		return done;
	}

	async #read(): Promise<void> {
		let last: ReadableStream<Uint8Array> | undefined;
		while (!this.#stopping && this.port.readable && this.port.readable !== last) {
			last = this.port.readable;
			if (!(await this.#readStream(last))) break;
		}
		this.#splitter.end();
		if (!this.#stopping) await (this.#away = this.#return());
	}

	/** Goes on where the board comes back, else ends the line. */
	async #return(): Promise<void> {
		const port = await this.parts.back(this.port, this.#ended.signal).catch(() => undefined); // closed meanwhile
		if (!port || this.#stopping) return this.#lost();
		try {
			await port.open({ baudRate: this.#baud, bufferSize: BUFFER_BYTES });
		} catch {
			return this.#lost();
		}
		this.port = port;
		this.#away = undefined;
		if (this.#stopping) return this.#closePort();
		this.#reading = this.#read();
	}

	/** @returns true where the port goes on with a new stream */
	async #readStream(stream: ReadableStream<Uint8Array>): Promise<boolean> {
		const reader = (this.#reader = stream.getReader());
		try {
			for (;;) {
				const { value, done: ended } = await reader.read();
				if (ended) return false;
				this.#splitter.push(value);
			}
		} catch (cause) {
			const fault = receiveFault(cause);
			if (fault) this.faults.add(fault);
			return fault !== undefined;
		} finally {
			this.#reader = undefined;
			reader.releaseLock();
		}
	}

	async #stopReading(): Promise<void> {
		this.#stopping = true;
		await this.#reader?.cancel().catch(() => undefined); // a stream that broke has nothing to cancel
		await this.#reading;
	}

	async #shut(): Promise<void> {
		await this.#tail;
		await this.#stopReading();
		await this.#closePort();
	}

	async #closePort(): Promise<void> {
		try {
			await this.port.close();
		} catch {
			// closed already, or gone: there is nothing left to close
		}
	}

	#lost(): void {
		if (this.#ended.signal.aborted) return;
		void this.end('unplugged');
		this.parts.onLost();
	}
}

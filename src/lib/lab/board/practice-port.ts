import type { SerialLike, SerialPortLike } from '$lib/link';
import type { BoardUsb } from './chips';

/** The host's end of a cable, here or in the lab's worker. */
export interface CableDoor {
	/** `busy`: another tab has it. The callbacks are called until close(). */
	open(
		baud: number,
		events: { bytes(bytes: Uint8Array): void; lost(): void }
	): Promise<'ok' | 'busy' | 'unplugged'>;
	write(bytes: Uint8Array): Promise<void>;
	setSignals(signals: { dataTerminalReady?: boolean; requestToSend?: boolean }): Promise<void>;
	close(): Promise<void>;
	/** Calls `fn` when the board is on the bus (again), until `signal` aborts. */
	whenPlugged(fn: () => void, signal: AbortSignal): void;
}

/** A Silicon Labs CP2102, and Espressif's own USB serial and JTAG. */
const IDENTITY = {
	bridge: { usbVendorId: 0x10c4, usbProductId: 0xea60 },
	native: { usbVendorId: 0x303a, usbProductId: 0x1001 }
} as const;

/** Tells of a board's ports that come back, as `navigator.serial` does: the event's target is the port. */
export class PracticeBus extends EventTarget implements SerialLike {
	connected(port: PracticePort): void {
		const event = new Event('connect');
		Object.defineProperty(event, 'target', { value: port }); // in a browser it bubbles up from there
		this.dispatchEvent(event);
	}
}

const lost = () => new DOMException('The device has been lost.', 'NetworkError');

/**
 * A practice board's cable with the interface and the manners of a Web Serial port (wicg.github.io/serial): streams are null
 * while it is closed, a stream that was cancelled or aborted is replaced while it is open, and what is unplugged errors both. A bridge
 * comes back as the same object; a chip's own USB, which leaves the bus with every reset, as a new one.
 */
export class PracticePort extends EventTarget implements SerialPortLike {
	readable: ReadableStream<Uint8Array> | null = null;
	writable: WritableStream<Uint8Array> | null = null;
	#state: 'closed' | 'opening' | 'open' = 'closed';
	#source: ReadableStreamDefaultController<Uint8Array> | undefined;
	#sink: WritableStreamDefaultController | undefined;

	/** @param bus where it is told that the board came back */
	constructor(
		private readonly door: CableDoor,
		private readonly usb: BoardUsb = 'bridge',
		readonly bus = new PracticeBus()
	) {
		super();
	}

	getInfo(): { usbVendorId: number; usbProductId: number } {
		return IDENTITY[this.usb];
	}

	async open({ baudRate }: { baudRate: number }): Promise<void> {
		if (this.#state !== 'closed') throw new DOMException('The port is already open.', 'InvalidStateError');
		this.#state = 'opening';
		const answer = await this.door
			.open(baudRate, {
				bytes: (bytes) => this.#source?.enqueue(bytes),
				lost: () => this.#lose()
			})
			.catch(() => 'busy' as const);
		if (answer !== 'ok') {
			this.#state = 'closed';
			throw new DOMException('Failed to open serial port.', 'NetworkError');
		}
		this.#state = 'open';
		this.#openReadable();
		this.#openWritable();
	}

	async close(): Promise<void> {
		if (this.#state !== 'open') throw new DOMException('The port is already closed.', 'InvalidStateError');
		if (this.readable?.locked || this.writable?.locked)
			throw new TypeError('Cannot close a port whose streams are locked.');
		this.#drop();
		await this.door.close();
	}

	async setSignals(signals: { dataTerminalReady?: boolean; requestToSend?: boolean }): Promise<void> {
		if (this.#state !== 'open') throw new DOMException('The port is not open.', 'InvalidStateError');
		await this.door.setSignals(signals);
	}

	#lose(): void {
		if (this.#state !== 'open') return;
		const [source, sink] = [this.#source, this.#sink];
		this.#drop();
		source?.error(lost());
		sink?.error(lost());
		const back = new AbortController();
		this.door.whenPlugged(() => {
			if (back.signal.aborted) return;
			back.abort();
			if (this.usb === 'native') return this.bus.connected(new PracticePort(this.door, this.usb, this.bus));
			this.dispatchEvent(new Event('connect'));
			this.bus.connected(this);
		}, back.signal);
		this.dispatchEvent(new Event('disconnect'));
	}

	#drop(): void {
		this.#state = 'closed';
		this.readable = this.writable = null;
		this.#source = this.#sink = undefined;
	}

	#openReadable(): void {
		this.readable = new ReadableStream<Uint8Array>({
			start: (controller) => void (this.#source = controller),
			cancel: () => {
				if (this.#state === 'open') this.#openReadable();
			}
		});
	}

	#openWritable(): void {
		const renew = () => {
			if (this.#state === 'open') this.#openWritable();
		};
		this.writable = new WritableStream<Uint8Array>({
			start: (controller) => void (this.#sink = controller),
			write: (bytes) => this.door.write(bytes),
			close: renew,
			abort: renew
		});
	}
}

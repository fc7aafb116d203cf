import { err, ok, type Clock, type Result } from '$lib/base';
import { lineFault, receiveFault, type PortError, type SerialPortLike } from '$lib/link';
import { SlipReader, slipFrame } from './slip';

/** Why an exchange with the stub came to nothing. */
export type LineFault =
	/** Nothing that makes sense came in time. */
	| { readonly kind: 'silent' }
	/** The stub answered with an error. */
	| { readonly kind: 'refused'; readonly code: number }
	| { readonly kind: 'lost'; readonly error: PortError };

/** Packets that nobody asked for, kept for the next who asks. */
const MOST_PACKETS = 64;
/** Start bit, eight of data, stop bit. */
const BITS_PER_BYTE = 10;

/**
 * Packets over an open port, both ways. Reads as bytes come, with no timers in between: a block's acknowledgement is seen in
 * the turn in which it arrives, and the next block goes out in the same.
 */
export class StubLine {
	readonly #slip = new SlipReader((packet) => this.#arrived(packet));
	readonly #packets: Uint8Array<ArrayBuffer>[] = [];
	readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
	readonly #pumping: Promise<void>;
	#reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
	#wake: (() => void) | undefined;
	#lost: PortError | undefined;
	#stopped = false;

	/**
	 * @param device open at `baud`, with both streams free
	 * @param hear takes all that arrives: a chip that restarts tells why in the open
	 */
	constructor(
		private readonly device: SerialPortLike,
		readonly baud: number,
		private readonly clock: Clock,
		private readonly hear: (bytes: Uint8Array) => void = () => undefined
	) {
		const { writable } = device;
		if (!writable) throw new DOMException('the port is not open', 'InvalidStateError');
		this.#writer = writable.getWriter();
		this.#pumping = this.#pump();
	}

	/** How long these bytes are on the line, in ms. */
	lineMs(bytes: number): number {
		return (1000 * BITS_PER_BYTE * bytes) / this.baud;
	}

	/** Forgets what has arrived. */
	discard(): void {
		this.#packets.length = 0;
		this.#slip.reset();
	}

	/**
	 * Sends one packet; resolves as soon as the port has taken it.
	 * @param options.opening see {@link slipFrame}
	 */
	async send(
		packet: Uint8Array,
		signal: AbortSignal,
		options: { readonly opening?: boolean } = {}
	): Promise<Result<void, LineFault>> {
		const wire = slipFrame(packet, options);
		let sent = false;
		const write = this.#writer.write(wire).then(
			() => void (sent = true),
			(cause: unknown) => this.#lose(lineFault(cause))
		);
		void write.then(() => this.#wake?.());
		const deadline = this.clock.now() + 2 * this.lineMs(wire.length) + 2000;
		while (!sent) {
			if (this.#lost) return err({ kind: 'lost', error: this.#lost });
			if (this.clock.now() >= deadline) return err({ kind: 'silent' });
			await this.#untilSomething(deadline, signal);
		}
		return ok(undefined);
	}

	/** The next packet, in the order of arrival. @param deadlineMs by the clock */
	async next(deadlineMs: number, signal: AbortSignal): Promise<Result<Uint8Array<ArrayBuffer>, LineFault>> {
		for (;;) {
			const packet = this.#packets.shift();
			if (packet) return ok(packet);
			if (this.#lost) return err({ kind: 'lost', error: this.#lost });
			if (this.clock.now() >= deadlineMs) return err({ kind: 'silent' });
			await this.#untilSomething(deadlineMs, signal);
		}
	}

	/** Ends reading and writing; the port stays open, with its streams free. What was not sent is not sent. */
	async stop(): Promise<void> {
		this.#stopped = true;
		this.#reader?.releaseLock(); // the read under way rejects, and the stream stays as it is for who comes next
		await this.#pumping;
		// What a broken or half-sent stream rejects with was told as `lost` before, or nobody waits for it any more.
		await this.#writer.abort().catch(() => undefined);
		this.#writer.releaseLock();
	}

	async #pump(): Promise<void> {
		while (!this.#stopped && this.device.readable) {
			const reader = this.device.readable.getReader();
			this.#reader = reader;
			try {
				for (;;) {
					const { value, done } = await reader.read();
					if (done) break;
					this.hear(value);
					this.#slip.push(value);
				}
				break;
			} catch (cause) {
				this.#slip.reset();
				if (this.#stopped) break;
				if (!receiveFault(cause)) {
					this.#lose(lineFault(cause));
					break;
				}
			} finally {
				reader.releaseLock();
			}
		}
		if (!this.#stopped) this.#lose({ kind: 'unplugged' });
	}

	#arrived(packet: Uint8Array<ArrayBuffer>): void {
		if (this.#packets.length === MOST_PACKETS) this.#packets.shift();
		this.#packets.push(packet);
		this.#wake?.();
	}

	#lose(error: PortError): void {
		this.#lost ??= error;
		this.#wake?.();
	}

	#untilSomething(deadlineMs: number, signal: AbortSignal): Promise<void> {
		return new Promise((resolve, reject) => {
			if (signal.aborted) return reject(signal.reason as Error);
			const end = () => {
				cancel();
				signal.removeEventListener('abort', stop);
				this.#wake = undefined;
			};
			const stop = () => {
				end();
				reject(signal.reason as Error);
			};
			const cancel = this.clock.after(Math.max(0, deadlineMs - this.clock.now()), () => this.#wake?.());
			this.#wake = () => {
				end();
				resolve();
			};
			signal.addEventListener('abort', stop, { once: true });
		});
	}
}

import type { Clock } from '$lib/base';
import { lineMs, type BoardTiming } from './timing';

export interface UartParts {
	readonly timing: BoardTiming;
	readonly clock: Clock;
	/** Bytes arrive at the chip, and at the host. */
	onChip(bytes: Uint8Array<ArrayBuffer>): void;
	onHost(bytes: Uint8Array<ArrayBuffer>): void;
}

/** How late a timer may be and still be made up for: beyond, the machine was away, and time has passed. */
const LARGEST_LAG_MS = 25;

/** One direction: bytes keep their order and take their time. */
class Direction {
	/** When the line is free again, on a clock that timers' lateness does not move. */
	#freeAtMs = 0;
	/** How much later than it should the last delivery was. */
	#lagMs = 0;
	#cut = 0;

	constructor(
		private readonly clock: Clock,
		private readonly deliver: (bytes: Uint8Array<ArrayBuffer>) => void
	) {}

	/** @returns resolves when the last byte has left */
	send(bytes: Uint8Array<ArrayBuffer>, takesMs: number): Promise<void> {
		const startMs = Math.max(this.#freeAtMs, this.clock.now() - this.#lagMs);
		const endMs = startMs + takesMs;
		this.#freeAtMs = endMs;
		const cut = this.#cut;
		return new Promise((resolve) => {
			const arrive = () => {
				this.#lagMs = Math.min(LARGEST_LAG_MS, Math.max(0, this.clock.now() - endMs));
				resolve();
				if (cut === this.#cut) this.deliver(bytes);
			};
			const waitMs = endMs - this.clock.now();
			// Without time there is no timer either: a line that takes none delivers at once, in order.
			if (takesMs === 0 && waitMs <= 0) arrive();
			else this.clock.after(Math.max(0, waitMs), arrive);
		});
	}

	/** What is on the way is lost. */
	cut(): void {
		this.#cut++;
		this.#freeAtMs = 0;
		this.#lagMs = 0;
	}
}

/**
 * The two wires between the USB bridge and the chip. Each end has its own speed; where they differ, what arrives is noise. A
 * chunk arrives when its last byte has; timers that fire late are made up for, so that a long job takes the time it should.
 */
export class UartLine {
	readonly #up: Direction;
	readonly #down: Direction;
	/** `chip`: the host's end has no speed of its own, as a socket has none. */
	hostBaud: number | 'chip' = 115_200;
	chipBaud = 115_200;

	constructor(private readonly parts: UartParts) {
		this.#down = new Direction(parts.clock, (bytes) => parts.onChip(bytes));
		this.#up = new Direction(parts.clock, (bytes) => parts.onHost(bytes));
	}

	get #hostBaud(): number {
		return this.hostBaud === 'chip' ? this.chipBaud : this.hostBaud;
	}

	/** From the host. Resolves when the line has taken it all. */
	toChip(bytes: Uint8Array): Promise<void> {
		return this.#down.send(this.#received(bytes), this.#takes(bytes, this.#hostBaud));
	}

	/** From the chip. */
	toHost(bytes: Uint8Array): Promise<void> {
		return this.#up.send(this.#received(bytes), this.#takes(bytes, this.chipBaud));
	}

	/** Nobody at the host listens any more: what is on the way there is lost. */
	cutToHost(): void {
		this.#up.cut();
	}

	/** Unplugged: nothing that is on the way arrives. */
	cut(): void {
		this.#up.cut();
		this.#down.cut();
	}

	#takes(bytes: Uint8Array, baud: number): number {
		const { timing } = this.parts;
		return lineMs(timing, bytes.length, baud) + timing.bridgeMs;
	}

	/** UARTs forgive some 3 %; beyond, bits are sampled in the wrong places. */
	#received(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
		const off = Math.abs(this.#hostBaud - this.chipBaud) / this.chipBaud;
		if (off <= 0.03) return bytes.slice();
		return Uint8Array.from(bytes, (byte, i) => ((byte * 0x9d) ^ (byte >> 3) ^ (i * 0x35)) & 0xff);
	}
}

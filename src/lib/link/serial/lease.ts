import type { Counters, Result } from '$lib/base';
import type { PortError, PortUse, SerialPortLike, SerialSignals } from './port';

/** The right to one port, for one use. Whoever holds it is the only one who may open, read or write. */
export interface PortLease<U extends PortUse> {
	readonly use: U;
	/** Aborts when the port is unplugged or this lease has ended; the reason is a PortLost. */
	readonly signal: AbortSignal;
	/**
	 * Ends this lease and begins another on the same port, with nobody in between. What this one had open is closed first.
	 * An unplugged port gives a lease whose signal has aborted already.
	 */
	handTo<V extends PortUse>(use: V): Promise<LeaseOf<V>>;
	/** Idempotent. Resolves when the port is closed and free. */
	release(): Promise<void>;
}

/** Only a flash lease gives the raw port: esptool-js opens, reads, writes and closes it itself. */
export interface FlashLease extends PortLease<'flash'> {
	/** Another one after the board came back. */
	readonly device: SerialPortLike;
	/**
	 * A chip's own USB leaves the bus when the chip restarts, and comes back as another port: this waits for it, for a bounded time.
	 * @param lost the `device` that went away
	 * @returns false at once for a bridge; and where it did not go away, does not come back, or the lease ends
	 */
	back(lost: SerialPortLike, signal: AbortSignal): Promise<boolean>;
}

/** A running firmware's line: log text, Improv packets and Device API frames share it, and one reader takes them apart. */
export interface LineLease extends PortLease<'line'> {
	/** @param baud bits per second, both ways, 8N1 */
	open(baud: number): Promise<Result<SerialLine, PortError>>;
}

export type LeaseOf<U extends PortUse> = { flash: FlashLease; line: LineLease }[U];

/** One Improv packet (improv-wifi.com/serial), checked: its type byte and its data. */
export interface ImprovPacket {
	readonly type: number;
	readonly data: Uint8Array;
}

/** What the splitter could not take for what it began like; the bytes themselves are given on as text. */
export type LineFault = 'bad-frame' | 'bad-improv' | 'too-long';

/** What the UART of the adapter reported; the bytes concerned are lost, the line goes on. */
export type ReceiveFault = 'break' | 'framing' | 'parity' | 'overrun';

export interface SerialLine {
	readonly baud: number;
	/** Aborts when the line has ended; the reason is a PortLost where the board was unplugged or the lease ended. */
	readonly signal: AbortSignal;
	/** Bytes that are neither an Improv packet nor an API frame, in order, as they arrive. */
	onText(fn: (bytes: Uint8Array) => void, signal: AbortSignal): void;
	onImprov(fn: (packet: ImprovPacket) => void, signal: AbortSignal): void;
	/** The JSON of each Device API frame whose CRC is right. */
	onFrame(fn: (json: Uint8Array) => void, signal: AbortSignal): void;
	readonly dropped: Counters<LineFault>;
	readonly faults: Counters<ReceiveFault>;
	/** Resolves when the adapter has taken the bytes. Writes go out in the order asked. Rejects only with the signal's reason. */
	write(bytes: Uint8Array, signal: AbortSignal): Promise<Result<void, PortError>>;
	/** Sends one Device API frame (docs/protocol.md §8). */
	sendFrame(json: Uint8Array, signal: AbortSignal): Promise<Result<void, PortError>>;
	/** Restarts the chip, into its program unless told otherwise. */
	reset(into?: 'program' | 'download'): Promise<Result<void, PortError>>;
	/** What this page last asked of DTR and RTS; empty where it asked nothing since the port was opened. */
	readonly signals: SerialSignals;
	/** On most boards DTR alone pulls IO0 and RTS alone holds the chip in reset. */
	setSignals(signals: SerialSignals): Promise<Result<void, PortError>>;
	/** Listeners stay. */
	setBaud(baud: number): Promise<Result<void, PortError>>;
	/** Idempotent; resolves when the port is closed. The lease stays held. */
	close(): Promise<void>;
}

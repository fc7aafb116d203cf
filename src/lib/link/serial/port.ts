/** Signals of the cable that a page may drive; on a dev board they lead to EN and IO0 through two transistors. */
export interface SerialSignals {
	dataTerminalReady?: boolean;
	requestToSend?: boolean;
	break?: boolean;
}

/** The part of Web Serial's SerialPort that we use (wicg.github.io/serial); a practice board has the same. */
export interface SerialPortLike {
	readonly readable: ReadableStream<Uint8Array> | null;
	readonly writable: WritableStream<Uint8Array> | null;
	open(options: { baudRate: number; bufferSize?: number }): Promise<void>;
	close(): Promise<void>;
	setSignals(signals: SerialSignals): Promise<void>;
	getInfo(): { usbVendorId?: number; usbProductId?: number };
	/** Who tells that it came back, where that is not `navigator.serial`. */
	readonly bus?: SerialLike;
	forget?(): Promise<void>;
	addEventListener(type: 'connect' | 'disconnect', fn: (event: Event) => void): void;
	removeEventListener(type: 'connect' | 'disconnect', fn: (event: Event) => void): void;
}

/** The part of `navigator.serial` that tells of ports coming back: the event's target is the port. */
export interface SerialLike {
	addEventListener(type: 'connect', fn: (event: Event) => void): void;
	removeEventListener(type: 'connect', fn: (event: Event) => void): void;
}

/** What a port is held for: the flasher's own dialogue with the ROM, or the line of a running firmware. */
export type PortUse = 'flash' | 'line';

export type PortState =
	| { readonly kind: 'free' }
	| { readonly kind: 'held'; readonly use: PortUse }
	| { readonly kind: 'unplugged' };

export type PortError =
	/** Another tab or another program has it. */
	| { kind: 'port-busy'; cause: string }
	/** This page has it. */
	| { kind: 'held'; by: PortUse }
	| { kind: 'unplugged' }
	/** The browser or the system does not let this page open it. */
	| { kind: 'permission'; cause: string }
	| { kind: 'failed'; cause: string };

/** The reason of a lease's signal: why the port is no longer the holder's. */
export class PortLost extends Error {
	override readonly name = 'PortLost';

	constructor(readonly why: 'unplugged' | 'released' | 'handed-on') {
		super(`The port was lost: ${why}`);
	}
}

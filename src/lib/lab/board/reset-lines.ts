import type { BoardUsb } from './chips';

export interface HostSignals {
	readonly dataTerminalReady?: boolean;
	readonly requestToSend?: boolean;
}

/** What DTR and RTS do to a chip: `hold` pulls EN down, `release` lets it go, `reset` is both at once. */
export type LineAct = 'hold' | 'release' | 'reset' | undefined;

/** The host's two lines as they reach the chip. */
export interface ResetLines {
	/** A reset now would end in download mode. */
	readonly download: boolean;
	set(signals: HostSignals): LineAct;
	/** The cable or the port is gone: both lines fall. */
	fall(): LineAct;
}

export const resetLines = (usb: BoardUsb): ResetLines =>
	usb === 'native' ? new UsbSerialJtagLines() : new TwoTransistors();

/** The usual board: RTS alone pulls EN, DTR alone pulls IO0, both together nothing. */
class TwoTransistors implements ResetLines {
	#dtr = false;
	#rts = false;
	#held = false;

	get download(): boolean {
		return this.#dtr && !this.#rts;
	}

	set({ dataTerminalReady = this.#dtr, requestToSend = this.#rts }: HostSignals): LineAct {
		[this.#dtr, this.#rts] = [dataTerminalReady, requestToSend];
		const held = this.#rts && !this.#dtr;
		if (held === this.#held) return undefined;
		this.#held = held;
		return held ? 'hold' : 'release';
	}

	fall(): LineAct {
		return this.set({ dataTerminalReady: false, requestToSend: false });
	}
}

/**
 * The chip's own USB takes the lines for requests: neither forgets, DTR alone remembers that a download is wanted, RTS alone resets,
 * both together do nothing (ESP32-C3 TRM, "USB Serial/JTAG Controller", reset via the CDC-ACM interface).
 */
class UsbSerialJtagLines implements ResetLines {
	#dtr = false;
	#rts = false;
	download = false;

	set({ dataTerminalReady = this.#dtr, requestToSend = this.#rts }: HostSignals): LineAct {
		const same = dataTerminalReady === this.#dtr && requestToSend === this.#rts;
		[this.#dtr, this.#rts] = [dataTerminalReady, requestToSend];
		if (!this.#rts) this.download = this.#dtr;
		return this.#rts && !this.#dtr && !same ? 'reset' : undefined;
	}

	fall(): LineAct {
		return this.set({ dataTerminalReady: false, requestToSend: false });
	}
}

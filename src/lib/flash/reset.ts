import { delay, type Clock } from '$lib/base';
import { usbKindOf, type SerialPortLike } from '$lib/link';

/** Lines as [DTR, RTS] and how long they stay, ms. */
type Pulse = readonly (readonly [dtr: boolean, rts: boolean, holdMs: number])[];

/**
 * Into download mode through the usual two transistors: RTS alone pulls EN, DTR alone pulls IO0. `slow` is for boards with a large
 * capacitor at EN. Both lines are set in one call, so that no state in between resets the chip. Source: esptool's `reset.py`.
 */
const CLASSIC: Pulse = [
	[false, true, 100],
	[true, false, 50],
	[false, false, 0]
];
const SLOW: Pulse = [
	[false, true, 100],
	[true, false, 550],
	[false, false, 0]
];
/** Through the chip's own USB, which takes these for a request. Source: the same. */
const USB_JTAG: Pulse = [
	[false, false, 100],
	[true, false, 100],
	[true, true, 0],
	[false, true, 100],
	[false, false, 0]
];
const RUN: Pulse = [
	[false, true, 100],
	[false, false, 0]
];

export type ResetKind = 'classic' | 'slow' | 'usb-jtag' | 'none';
const INTO_DOWNLOAD: Record<ResetKind, Pulse> = {
	classic: CLASSIC,
	slow: SLOW,
	'usb-jtag': USB_JTAG,
	none: []
};

/** What is tried, in this order, until the ROM answers. `none` is for a board that was brought there by hand. */
export function resetLadder(port: SerialPortLike): readonly ResetKind[] {
	return usbKindOf(port) === 'serial-jtag'
		? ['usb-jtag', 'usb-jtag', 'none', 'classic', 'usb-jtag']
		: ['classic', 'slow', 'none', 'classic', 'slow'];
}

/** Rejects with the signal's reason, or as `setSignals` does. */
export function intoDownload(
	port: SerialPortLike,
	kind: ResetKind,
	clock: Clock,
	signal: AbortSignal
): Promise<void> {
	return play(port, INTO_DOWNLOAD[kind], clock, signal);
}

/** The chip restarts into its program. esptool-js's own hard reset gives no pulse. */
export function intoProgram(port: SerialPortLike, clock: Clock, signal: AbortSignal): Promise<void> {
	return play(port, RUN, clock, signal);
}

async function play(port: SerialPortLike, pulse: Pulse, clock: Clock, signal: AbortSignal): Promise<void> {
	for (const [dataTerminalReady, requestToSend, holdMs] of pulse) {
		await port.setSignals({ dataTerminalReady, requestToSend });
		if (holdMs > 0) await delay(holdMs, clock, signal);
	}
}

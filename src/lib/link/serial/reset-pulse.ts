import type { SerialPortLike } from './port';
import { usbKindOf } from './usb-kind';

/** DTR and RTS, set in one call so that no state in between resets the chip, and how long they stay. */
export interface SignalStep {
	readonly dtr: boolean;
	readonly rts: boolean;
	readonly holdMs: number;
}

const step = (dtr: boolean, rts: boolean, holdMs: number): SignalStep => ({ dtr, rts, holdMs });
const IDLE = step(false, false, 0);

/** RTS alone pulls EN. How long: esptool's reset sequence has 0.1 s, and a board's RC at EN needs some of it. */
const PROGRAM = [step(false, true, 100), IDLE];
/** DTR alone pulls IO0, and still does when EN is let go. Source: esptool's `reset.py`. */
const DOWNLOAD = [step(false, true, 100), step(true, false, 50), IDLE];
/** The chip's own USB takes these for a request; it has no pins to pull. Source: the same. */
const DOWNLOAD_JTAG = [
	step(false, false, 100),
	step(true, false, 100),
	step(true, true, 0),
	step(false, true, 100),
	IDLE
];
/** What restarts the chip at this port, by way of the usual two transistors or the chip's own USB. */
export function resetPulse(port: SerialPortLike, into: 'program' | 'download'): readonly SignalStep[] {
	if (into === 'program') return PROGRAM;
	return usbKindOf(port) === 'serial-jtag' ? DOWNLOAD_JTAG : DOWNLOAD;
}

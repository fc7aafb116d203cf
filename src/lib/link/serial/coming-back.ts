import { untilAborted, type Clock } from '$lib/base';
import type { SerialPortLike } from './port';

/**
 * How long a board's own USB may be off the bus while its chip restarts, and still be taken for itself when it comes back as another
 * product of the same maker: Windows may take some seconds to set up a new device.
 */
export const REENUMERATION_MS = 10_000;
/** Streams break before the browser tells that the device is gone: until then nobody knows why. */
const NOTICE_MS = 500;

/** A board that left the bus and is expected back. */
export class Absence {
	readonly #returned: Promise<SerialPortLike | undefined>;
	#settle: (port: SerialPortLike | undefined) => void = () => undefined;
	readonly #cancel: () => void;

	/** @param onOver it stayed away too long */
	constructor(clock: Clock, onOver: () => void) {
		this.#returned = new Promise((resolve) => (this.#settle = resolve));
		this.#cancel = clock.after(REENUMERATION_MS, () => {
			this.end(undefined);
			onOver();
		});
	}

	/** @param port that it came back on; undefined: nobody waits for it any more */
	end(port: SerialPortLike | undefined): void {
		this.#cancel();
		this.#settle(port);
	}

	/** Rejects with the signal's reason. */
	over(signal: AbortSignal): Promise<SerialPortLike | undefined> {
		return untilAborted(this.#returned, signal);
	}
}

/** Waits for the browser's word that a device is gone, after its streams broke. Rejects with the signal's reason. */
export function noticed(
	clock: Clock,
	onVanished: (fn: () => void) => () => void,
	signal: AbortSignal
): Promise<void> {
	const told = new Promise<void>((resolve) => {
		const end = () => {
			forget();
			cancel();
			resolve();
		};
		const cancel = clock.after(NOTICE_MS, end);
		const forget = onVanished(end);
	});
	return untilAborted(told, signal);
}

import { assert, err, ok, untilAborted, type Clock, type Result } from '$lib/base';
import { HeldFlashLease, HeldLineLease, type HeldLease, type LeaseGiver } from './held-lease';
import type { LeaseOf } from './lease';
import type { PortError, PortLost, PortState, PortUse, SerialLike, SerialPortLike } from './port';

/**
 * How long after it vanished a board may come back as another product of the same maker and still be taken for itself: a chip
 * with native USB does so when it goes from its ROM to its program. Windows may take some seconds to set up a new device.
 */
export const REENUMERATION_MS = 10_000;

/**
 * One board's port, for as long as the page knows it. Gives one lease at a time. Unplugging ends the lease; a port that comes
 * back with the same maker and product, or soon after with the same maker, is the same board, and can be leased again without
 * the picker.
 */
export class BoardPort {
	readonly #clock: Clock;
	readonly #serial: SerialLike | undefined;
	readonly #watchers = new Set<(state: PortState) => void>();
	readonly #giver: LeaseGiver;
	#port: SerialPortLike;
	#state: PortState = { kind: 'free' };
	#holder: HeldLease | undefined;
	/** Settles when the last holder's port is closed. */
	#closing: Promise<void> = Promise.resolve();
	#lostAtMs: number | undefined;

	/** @param parts.serial `navigator.serial`, which tells of a port that came back as a new object */
	constructor(port: SerialPortLike, { clock, serial }: { clock: Clock; serial?: SerialLike }) {
		this.#port = port;
		this.#clock = clock;
		this.#serial = serial;
		this.#giver = {
			clock,
			handOn: (from, use) => this.#handOn(from, use),
			release: (from, why) => this.#release(from, why)
		};
		this.#attach(port);
		serial?.addEventListener('connect', this.#appeared);
	}

	get state(): PortState {
		return this.#state;
	}

	get info(): { vendorId?: number; productId?: number } {
		const { usbVendorId, usbProductId } = this.#port.getInfo();
		return {
			...(usbVendorId === undefined ? {} : { vendorId: usbVendorId }),
			...(usbProductId === undefined ? {} : { productId: usbProductId })
		};
	}

	/** As the port says it itself. */
	getInfo(): ReturnType<SerialPortLike['getInfo']> {
		return this.#port.getInfo();
	}

	/** Whether `port` is the one this board is on now. */
	isOn(port: SerialPortLike): boolean {
		return this.#port === port;
	}

	/** Tells each new state, until `signal` aborts. */
	watch(fn: (state: PortState) => void, signal: AbortSignal): void {
		if (signal.aborted) return;
		this.#watchers.add(fn);
		signal.addEventListener('abort', () => this.#watchers.delete(fn), { once: true });
	}

	/**
	 * Waits only for a port that is being closed. Rejects with the signal's reason where it aborts before.
	 * @param signal ends the lease too
	 */
	async lease<U extends PortUse>(use: U, signal: AbortSignal): Promise<Result<LeaseOf<U>, PortError>> {
		await untilAborted(this.#closing, signal);
		if (this.#state.kind === 'unplugged') return err({ kind: 'unplugged' });
		if (this.#holder) return err({ kind: 'held', by: this.#holder.use });
		const lease = this.#begin(use);
		const stop = () => void lease.release();
		signal.addEventListener('abort', stop, { once: true });
		lease.signal.addEventListener('abort', () => signal.removeEventListener('abort', stop), { once: true });
		return ok(lease);
	}

	/** The page forgets the board: what is held ends, and nothing is followed any more. */
	async leave(): Promise<void> {
		this.#serial?.removeEventListener('connect', this.#appeared);
		this.#detach(this.#port);
		if (this.#holder) await this.#release(this.#holder, 'released');
	}

	#begin<U extends PortUse>(use: U): LeaseOf<U> {
		const lease = LEASES[use](this.#giver, this.#port);
		this.#holder = lease;
		this.#become({ kind: 'held', use });
		return lease;
	}

	async #handOn<V extends PortUse>(from: HeldLease, use: V): Promise<LeaseOf<V>> {
		assert(this.#holder === from || from.signal.aborted, 'only who holds the port hands it on');
		const held = this.#holder === from;
		const closed = from.end('handed-on'); // still the holder meanwhile: nobody comes between
		this.#closing = closed;
		await closed;
		if (held && this.#holder === from) return this.#begin(use);
		const lost = LEASES[use](this.#giver, this.#port);
		await lost.end('unplugged');
		return lost;
	}

	async #release(lease: HeldLease, why: PortLost['why']): Promise<void> {
		const closed = lease.end(why);
		if (this.#holder === lease) {
			this.#holder = undefined;
			this.#closing = closed.then(() => {
				if (this.#state.kind === 'held') this.#become({ kind: 'free' });
			});
			await this.#closing;
		}
		await closed;
	}

	readonly #vanished = () => {
		this.#lostAtMs = this.#clock.now();
		const holder = this.#holder;
		this.#holder = undefined;
		if (holder) this.#closing = holder.end('unplugged');
		this.#become({ kind: 'unplugged' });
	};

	readonly #appeared = (event: Event) => {
		const port = portOf(event);
		if (port && (port === this.#port || this.#isSame(port))) this.#cameBack(port);
	};

	readonly #returned = () => this.#cameBack(this.#port);

	#cameBack(port: SerialPortLike): void {
		if (this.#state.kind !== 'unplugged') return;
		if (port !== this.#port) {
			this.#detach(this.#port);
			this.#port = port;
			this.#attach(port);
		}
		this.#become({ kind: 'free' });
	}

	#isSame(port: SerialPortLike): boolean {
		const { usbVendorId, usbProductId } = port.getInfo();
		const { vendorId, productId } = this.info;
		if (vendorId === undefined || usbVendorId !== vendorId) return false;
		const agoMs = this.#clock.now() - (this.#lostAtMs ?? -Infinity);
		return usbProductId === productId || agoMs <= REENUMERATION_MS;
	}

	#attach(port: SerialPortLike): void {
		port.addEventListener('disconnect', this.#vanished);
		port.addEventListener('connect', this.#returned);
	}

	#detach(port: SerialPortLike): void {
		port.removeEventListener('disconnect', this.#vanished);
		port.removeEventListener('connect', this.#returned);
	}

	#become(state: PortState): void {
		this.#state = state;
		for (const fn of [...this.#watchers]) fn(state);
	}
}

const LEASES: {
	readonly [U in PortUse]: (giver: LeaseGiver, port: SerialPortLike) => LeaseOf<U> & HeldLease;
} = {
	flash: (giver, port) => new HeldFlashLease(giver, port),
	line: (giver, port) => new HeldLineLease(giver, port)
};

/** The event of `navigator.serial` bubbled up from the port it is about. */
function portOf(event: Event): SerialPortLike | undefined {
	const target: unknown = event.target;
	return typeof target === 'object' && target !== null && 'getInfo' in target && 'readable' in target
		? (target as SerialPortLike)
		: undefined;
}

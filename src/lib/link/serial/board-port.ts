import { assert, err, ok, untilAborted, type Clock, type Result } from '$lib/base';
import { Absence, noticed, REENUMERATION_MS } from './coming-back';
import { HeldFlashLease, HeldLineLease, type HeldLease, type LeaseGiver } from './held-lease';
import type { LeaseOf } from './lease';
import type { PortError, PortLost, PortState, PortUse, SerialLike, SerialPortLike } from './port';
import { isNativeUsb } from './usb-kind';

export { REENUMERATION_MS } from './coming-back';

/**
 * One board's port, for as long as the page knows it. Gives one lease at a time. Unplugging ends the lease; a port that comes
 * back with the same maker and product, or soon after with the same maker, is the same board, and can be leased again without
 * the picker. A chip's own USB, which is away while its chip restarts, keeps its lease meanwhile.
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
	/** Its own USB is away, and may come back. */
	#absence: Absence | undefined;
	readonly #onVanished = new Set<() => void>();

	/** @param parts.serial `navigator.serial`, which tells of a port that came back as a new object */
	constructor(port: SerialPortLike, { clock, serial }: { clock: Clock; serial?: SerialLike }) {
		this.#port = port;
		this.#clock = clock;
		this.#serial = serial;
		this.#giver = {
			clock,
			handOn: (from, use) => this.#handOn(from, use),
			release: (from, why) => this.#release(from, why),
			back: (from, lost, signal) => this.#back(from, lost, signal)
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
	 * Waits for a port that is being closed, and for a chip's own USB that is away while its chip restarts. Rejects with the signal's reason where it aborts before.
	 * @param signal ends the lease too
	 */
	async lease<U extends PortUse>(use: U, signal: AbortSignal): Promise<Result<LeaseOf<U>, PortError>> {
		await untilAborted(this.#closing, signal);
		if (!this.#holder) await this.#absence?.over(signal);
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
		this.#absence?.end(undefined);
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
		await this.#absence?.over(new AbortController().signal); // bounded by itself
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
				if (this.#state.kind === 'held') this.#become({ kind: this.#absence ? 'unplugged' : 'free' });
			});
			await this.#closing;
		}
		await closed;
	}

	readonly #vanished = () => {
		this.#lostAtMs = this.#clock.now();
		for (const fn of [...this.#onVanished]) fn();
		if (isNativeUsb(this.#port)) {
			this.#absence?.end(undefined);
			this.#absence = new Absence(this.#clock, this.#stayedAway);
			if (!this.#holder) this.#become({ kind: 'unplugged' });
		} else this.#unplugged();
	};

	readonly #stayedAway = () => {
		this.#absence = undefined;
		this.#unplugged();
	};

	#unplugged(): void {
		const holder = this.#holder;
		this.#holder = undefined;
		if (holder) this.#closing = holder.end('unplugged');
		this.#become({ kind: 'unplugged' });
	}

	/** See FlashLease.back. Rejects with the signal's reason. */
	async #back(
		from: HeldLease,
		lost: SerialPortLike,
		signal: AbortSignal
	): Promise<SerialPortLike | undefined> {
		if (!isNativeUsb(lost)) return undefined;
		const until = AbortSignal.any([signal, from.signal]);
		const told = (fn: () => void) => {
			this.#onVanished.add(fn);
			return () => void this.#onVanished.delete(fn);
		};
		try {
			if (this.#port === lost && !this.#absence) await noticed(this.#clock, told, until);
			await this.#absence?.over(until);
		} catch (cause) {
			signal.throwIfAborted();
			if (!from.signal.aborted) throw cause;
		}
		return this.#holder === from && this.#port !== lost ? this.#port : undefined;
	}

	readonly #appeared = (event: Event) => {
		const port = portOf(event);
		if (port && (port === this.#port || this.#isSame(port))) this.#cameBack(port);
	};

	readonly #returned = () => this.#cameBack(this.#port);

	#cameBack(port: SerialPortLike): void {
		const absence = this.#absence;
		if (this.#state.kind !== 'unplugged' && !absence) return;
		this.#absence = undefined;
		if (port !== this.#port) {
			this.#detach(this.#port);
			this.#port = port;
			this.#attach(port);
		}
		if (this.#holder) this.#holder.moved(port);
		else this.#become({ kind: 'free' });
		absence?.end(port);
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

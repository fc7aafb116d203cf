import type { SerialLike, SerialPortLike } from '$lib/link';

/** The part of `navigator.serial` that a page with a person in front of it uses (wicg.github.io/serial). */
export interface SerialDoor extends SerialLike {
	/** Shows the browser's picker. Rejects with NotFoundError when nothing is chosen. */
	requestPort(): Promise<SerialPortLike>;
	/** The ports chosen before that are plugged in now. */
	getPorts(): Promise<SerialPortLike[]>;
	addEventListener(type: 'connect' | 'disconnect', fn: (event: Event) => void): void;
	removeEventListener(type: 'connect' | 'disconnect', fn: (event: Event) => void): void;
}

declare global {
	interface Navigator {
		/** Absent where the browser has no Web Serial; TypeScript's own library does not name it. */
		readonly serial?: SerialDoor;
	}
}

export type SerialSupport = 'here' | 'insecure' | 'missing';

/** A port of this computer that this page may use. */
export interface GrantedPort {
	/** For lists: the same port keeps it while the page lives. */
	readonly id: string;
	readonly port: SerialPortLike;
	readonly info: { readonly vendorId?: number; readonly productId?: number };
}

/** The ports that a person let this page use, as they come and go. */
export class SerialPorts {
	#granted = $state.raw<readonly GrantedPort[]>([]);
	readonly #ids = new WeakMap<SerialPortLike, string>();
	#made = 0;

	constructor(private readonly door: SerialDoor | undefined) {}

	get support(): SerialSupport {
		if (this.door) return 'here';
		return globalThis.isSecureContext ? 'missing' : 'insecure';
	}

	get granted(): readonly GrantedPort[] {
		return this.#granted;
	}

	/** Looks now and at every plugging, until `signal` aborts. */
	follow(signal: AbortSignal): void {
		const { door } = this;
		if (!door) return;
		const look = () => void this.#look(signal);
		for (const type of ['connect', 'disconnect'] as const) {
			door.addEventListener(type, look);
			signal.addEventListener('abort', () => door.removeEventListener(type, look), { once: true });
		}
		look();
	}

	/** Needs a press of a button just before. @returns undefined where nothing was chosen */
	async choose(): Promise<GrantedPort | undefined> {
		if (!this.door) return undefined;
		try {
			return this.#known(await this.door.requestPort());
		} catch (cause) {
			if (cause instanceof DOMException && cause.name === 'NotFoundError') return undefined;
			throw cause;
		}
	}

	async #look(signal: AbortSignal): Promise<void> {
		const ports = await this.door?.getPorts();
		if (ports && !signal.aborted) this.#granted = ports.map((port) => this.#known(port));
	}

	#known(port: SerialPortLike): GrantedPort {
		let id = this.#ids.get(port);
		if (id === undefined) {
			id = `port-${++this.#made}`;
			this.#ids.set(port, id);
		}
		const { usbVendorId, usbProductId } = port.getInfo();
		return {
			id,
			port,
			info: {
				...(usbVendorId !== undefined && { vendorId: usbVendorId }),
				...(usbProductId !== undefined && { productId: usbProductId })
			}
		};
	}
}

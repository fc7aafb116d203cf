import { Counters, done, err, type Clock, type Result } from '$lib/base';
import type { LoopbackMessage } from './loopback-messages';
import type { LinkMessage, MessageLink, PublishError } from './message-link';

/** The part of a MessagePort that the loopback needs; a relay over another channel fits too. */
export interface LoopbackPort {
	postMessage(message: LoopbackMessage): void;
	onmessage: ((event: MessageEvent<unknown>) => void) | null;
	/** Where the browser tells that the other end is gone (the HTML standard's `close` event of MessagePort). */
	addEventListener?(type: 'close', listener: () => void): void;
	close(): void;
}

/** A message that the broker is to have too. */
export interface RelayedMessage {
	readonly topic: string;
	readonly payload: Uint8Array;
	readonly retain: boolean;
	readonly qos: 0 | 1;
}

export interface RelayListener {
	/** After the loopback's own listeners have heard it. */
	published(message: RelayedMessage): void;
	/** It was removed: nothing of it is to stay behind. */
	removed(device: string): void;
}

/** Retained values the loopback keeps, as a broker would: 2 topics for each of the devices a page can host, and room. */
const MAX_RETAINED = 4096;

/**
 * The link to this page's own virtual devices. The lab worker holds the devices, we play the broker: what is retained is given
 * to listeners that come later. One lab at a time: a new port takes the place of the old one.
 */
export class LoopbackLink implements MessageLink {
	readonly kind = 'loopback';
	readonly name = 'this page';
	readonly refused = new Counters<'not-loopback' | 'retained-full'>();
	#port: LoopbackPort | undefined;
	#onLost: () => void = () => {};
	readonly #retained = new Map<string, Uint8Array>();
	readonly #listeners = new Set<(message: LinkMessage) => void>();
	/** What is to go on to the broker; one relay at most. */
	relay: RelayListener | undefined;

	constructor(private readonly clock: Clock) {}

	get up(): boolean {
		return this.#port !== undefined;
	}

	/**
	 * Takes ownership of `port`.
	 * @param onLost called once when this port's lab is gone, with its devices: by itself, or because another took its place
	 * @returns says that it is gone, where the port cannot tell by itself
	 */
	attach(port: LoopbackPort, onLost: () => void = () => {}): () => void {
		this.detach();
		this.#port = port;
		this.#onLost = onLost;
		const gone = () => {
			if (this.#port === port) this.detach();
		};
		port.addEventListener?.('close', gone);
		port.onmessage = (event) => {
			const message = parseLoopbackMessage(event.data);
			if (!message) return this.refused.add('not-loopback');
			if (message.type === 'unrelay') return this.relay?.removed(message.device);
			this.#published(message.topic, message.payload, message.retain);
			if (message.relay) this.relay?.published({ ...message, qos: message.qos ?? 0 });
		};
		return gone;
	}

	detach(): void {
		if (!this.#port) return;
		this.#port.onmessage = null;
		this.#port.close();
		this.#port = undefined;
		this.#retained.clear(); // of devices that are no more
		this.#onLost();
	}

	listen(fn: (message: LinkMessage) => void, signal: AbortSignal): void {
		if (signal.aborted) return;
		this.#listeners.add(fn);
		signal.addEventListener('abort', () => this.#listeners.delete(fn), { once: true });
		const receivedMs = this.clock.now();
		for (const [topic, payload] of this.#retained) fn({ topic, payload, retained: true, receivedMs });
	}

	publish(topic: string, payload: Uint8Array): Promise<Result<void, PublishError>> {
		if (!this.#port) return Promise.resolve(err({ kind: 'not-connected' }));
		this.#port.postMessage({ type: 'deliver', topic, payload });
		return Promise.resolve(done);
	}

	#published(topic: string, payload: Uint8Array, retain: boolean): void {
		if (retain) this.#keep(topic, payload);
		const message: LinkMessage = { topic, payload, retained: false, receivedMs: this.clock.now() };
		for (const listener of this.#listeners) listener(message);
	}

	#keep(topic: string, payload: Uint8Array): void {
		if (payload.length === 0) this.#retained.delete(topic);
		else if (this.#retained.has(topic) || this.#retained.size < MAX_RETAINED)
			this.#retained.set(topic, payload);
		else this.refused.add('retained-full');
	}
}

function parseLoopbackMessage(data: unknown): Exclude<LoopbackMessage, { type: 'deliver' }> | undefined {
	if (typeof data !== 'object' || data === null) return undefined;
	const { type, topic, payload, retain, qos, relay, device } = data as Record<string, unknown>;
	if (type === 'unrelay') return typeof device === 'string' ? { type, device } : undefined;
	if (type !== 'publish' || typeof topic !== 'string' || typeof retain !== 'boolean') return undefined;
	if (!(payload instanceof Uint8Array)) return undefined;
	const more = relay === true ? ({ relay, qos: qos === 1 ? 1 : 0 } as const) : {};
	return { type, topic, payload, retain, ...more };
}

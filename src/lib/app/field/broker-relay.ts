import { utf8, type Clock } from '$lib/base';
import type { LoopbackLink, MqttSession, RelayedMessage } from '$lib/link';
import { parseDeviceId, type DeviceId } from '$lib/model';

export interface BrokerRelayParts {
	readonly clock: Clock;
	readonly session: Pick<MqttSession, 'up' | 'targetId' | 'publish' | 'subscribe' | 'listen' | 'watch'>;
	readonly loopback: Pick<LoopbackLink, 'publish' | 'relay'>;
	readonly onChange: () => void;
}

/** What became of the messages that were to go on to the broker, since the worker started. */
export interface RelayReport {
	/** Virtual devices that the broker is to know. */
	readonly devices: number;
	readonly passedOn: number;
	/** The broker refused them, or did not confirm them. What is said while no session stands is not meant here. */
	readonly notPassedOn: number;
	/** The broker does not let this account hear what some of them are told. */
	readonly deaf: boolean;
}

interface Relayed {
	/** Ends the subscription. */
	readonly hearing: AbortController;
	/** What a broker keeps of it, by topic: said again at each connection. */
	readonly retained: Map<string, Uint8Array>;
}

/** What a device listens to: from the broker to it, and never the other way. */
const TOLD = ['command', 'shadow/desired'];
const PREFIX = 'iot/node/';
/** docs/protocol.md §3.2: what a device's own session would leave as its last will. */
const WILL = utf8('{"state":"offline","sim":true}');
/** Messages that the broker has not confirmed; some 20 s of 20 devices. What comes beyond is not passed on. */
const MAX_UNCONFIRMED = 256;
/** Time for a goodbye before a session is ended. */
const GOODBYE_MS = 1000;

/**
 * Lets virtual devices speak MQTT over the page's own session: what they publish on the loopback goes on to the broker, and what
 * the broker has for them comes in. The broker is told of them as by their own session, as far as one session can:
 *
 * - retained status and shadow are said again at each connection;
 * - a device that is lost with its lab is told offline, and one that is removed leaves nothing behind;
 * - when the whole browser dies nobody is left to say so: MQTT has one will a session, and that is the page's.
 */
export class BrokerRelay {
	readonly #devices = new Map<DeviceId, Relayed>();
	/** Last words of devices that are gone, by topic, for the broker that was away then: no other is to hear of them. */
	readonly #owed = new Map<string, { readonly to: string; readonly payload: Uint8Array }>();
	/** The broker that was told of the devices last. */
	#toldBroker: string | undefined;
	#unconfirmed = 0;
	#passedOn = 0;
	#notPassedOn = 0;
	#deaf = false;

	constructor(
		private readonly parts: BrokerRelayParts,
		private readonly signal: AbortSignal
	) {
		const { loopback, session } = parts;
		loopback.relay = {
			published: (message) => this.#published(message),
			removed: (device) => this.#removed(device)
		};
		session.listen(({ topic, payload }) => {
			const address = addressOf(topic);
			if (address && TOLD.includes(address.kind) && this.#devices.has(address.device))
				void loopback.publish(topic, payload); // a lab that has just gone: as to a device that is off
		}, signal);
		session.watch((state) => {
			if (state.kind === 'live') this.#greet();
		}, signal);
		signal.addEventListener('abort', () => (loopback.relay = undefined), { once: true });
	}

	/** Whether the device is one of those the broker is told of. */
	has(device: DeviceId): boolean {
		return this.#devices.has(device);
	}

	report(): RelayReport {
		return {
			devices: this.#devices.size,
			passedOn: this.#passedOn,
			notPassedOn: this.#notPassedOn,
			deaf: this.#deaf
		};
	}

	/** The lab is gone, and the devices with it. */
	lost(): void {
		for (const [device, { hearing }] of this.#devices) {
			hearing.abort();
			this.#owe(statusTopic(device), WILL);
		}
		this.#devices.clear();
	}

	/** Says that they are offline, because the session is about to be ended; they are still there for the next one. */
	async farewell(): Promise<void> {
		if (!this.parts.session.up || this.#devices.size === 0) return;
		const said = [...this.#devices.keys()].map((device) => this.#send(statusTopic(device), WILL, 1, true));
		await Promise.race([
			Promise.all(said),
			new Promise<void>((resolve) => this.parts.clock.after(GOODBYE_MS, resolve))
		]);
	}

	#published({ topic, payload, retain, qos }: RelayedMessage): void {
		const address = addressOf(topic);
		if (!address || TOLD.includes(address.kind)) return;
		const { retained } = this.#devices.get(address.device) ?? this.#begin(address.device);
		if (retain) {
			retained.set(topic, payload);
			this.#owed.delete(topic);
		}
		void this.#send(topic, payload, qos, retain);
	}

	#begin(device: DeviceId): Relayed {
		const relayed: Relayed = { hearing: new AbortController(), retained: new Map() };
		this.#devices.set(device, relayed);
		this.parts.session.subscribe(
			TOLD.map((kind) => `${PREFIX}${device}/${kind}`),
			relayed.hearing.signal,
			() => {
				this.#deaf = true;
				this.parts.onChange();
			}
		);
		return relayed;
	}

	/** Whoever watches hears that it is offline; for those who come later it never was. */
	#removed(id: string): void {
		const parsed = parseDeviceId(id);
		const relayed = parsed.ok ? this.#devices.get(parsed.value) : undefined;
		if (!parsed.ok || !relayed) return;
		this.#devices.delete(parsed.value);
		relayed.hearing.abort();
		for (const topic of relayed.retained.keys()) this.#owe(topic, new Uint8Array());
		if (this.parts.session.up) void this.#send(statusTopic(parsed.value), WILL, 1, false);
	}

	#owe(topic: string, payload: Uint8Array): void {
		const to = this.#toldBroker;
		if (this.parts.session.up) void this.#send(topic, payload, 1, true);
		else if (to !== undefined) this.#owed.set(topic, { to, payload });
	}

	/** A session came to stand: what a broker keeps of each device, as it is now. */
	#greet(): void {
		this.#toldBroker = this.parts.session.targetId;
		for (const [topic, { to, payload }] of [...this.#owed]) {
			if (to !== this.#toldBroker) continue;
			this.#owed.delete(topic);
			void this.#send(topic, payload, 1, true);
		}
		for (const { retained } of this.#devices.values())
			for (const [topic, payload] of retained) void this.#send(topic, payload, 1, true);
	}

	async #send(topic: string, payload: Uint8Array, qos: 0 | 1, retain: boolean): Promise<void> {
		const { session } = this.parts;
		if (!session.up || this.signal.aborted) return;
		if (this.#unconfirmed >= MAX_UNCONFIRMED) return this.#count(false);
		this.#unconfirmed++;
		try {
			const sent = await session.publish(topic, payload, { qos, retain }, this.signal);
			this.#count(sent.ok);
		} catch {
			// Only our own end throws here: then there is nobody to tell.
		} finally {
			this.#unconfirmed--;
		}
	}

	#count(passedOn: boolean): void {
		if (passedOn) this.#passedOn++;
		else this.#notPassedOn++;
		this.parts.onChange();
	}
}

const statusTopic = (device: DeviceId): string => `${PREFIX}${device}/status`;

/** Of a simulated device's topic; undefined for every other. */
export function addressOf(topic: string): { device: DeviceId; kind: string } | undefined {
	if (!topic.startsWith(`${PREFIX}sim-`)) return undefined;
	const slash = topic.indexOf('/', PREFIX.length);
	if (slash < 0) return undefined;
	const id = parseDeviceId(topic.slice(PREFIX.length, slash));
	return id.ok ? { device: id.value, kind: topic.slice(slash + 1) } : undefined;
}

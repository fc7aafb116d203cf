import { utf8, type Clock } from '$lib/base';
import type { MqttConnector, MqttWire, WireEnd } from '$lib/link';
import type { DevicePublish } from '../firmware-instance';

type Fault = 'bad-uri' | 'name-not-found' | 'unreachable' | 'not-authorised' | 'refused' | 'tls' | 'timeout';
interface Report {
	readonly state: 'off' | 'connecting' | 'connected' | 'failed';
	readonly fault?: Fault;
}
interface Settings {
	readonly uri: string;
	readonly username: string;
	readonly password: string;
	readonly clientId: string;
	readonly will: { readonly topic: string; readonly payload: string };
}

export interface SimSessionParts {
	readonly connector: MqttConnector;
	/** The address this world dials for a broker's; undefined where it has no way there, which a line of log explains. */
	readonly dial: (uri: string) => Dial;
	readonly routed: () => boolean;
	readonly clock: Clock;
	readonly message: (topic: string, payload: Uint8Array) => void;
	readonly changed: () => void;
	/** A line for the cable, of what is so only because the board is virtual. */
	readonly note: (line: string) => void;
}

export type Dial = { kind: 'url'; url: string; note?: string } | { kind: 'none'; note: string };

/** A way that does not exist is not noticed at once. */
const NO_ROUTE_MS = 1500;
/** RFC 6761 §6.4: no name server knows such a name. A browser does not tell of any other that it was not found. */
const NO_SUCH_NAME = /(?:^|\.)invalid\.?$/iu;
const KEEPALIVE_S = 30;
const NOWHERE = { protocol: '', hostname: '' };
const SCHEMES = ['mqtt:', 'mqtts:', 'ws:', 'wss:'];
/** As URL writes a host name in its normal form, IPv4 in IPv6 included. */
const LOOPBACK =
	/^(?:(?:.+\.)?localhost\.?|127(?:\.\d+){1,3}|0\.0\.0\.0|\[::1?\]|\[::ffff:(?:7f[0-9a-f]{2}:[0-9a-f]+|0:0)\])$/iu;

/** A board's own session with a broker: one try at a time, ended by itself never tried again, which is the firmware's to do. */
export class SimBrokerSession {
	#report: Report = { state: 'off' };
	#wire: MqttWire | undefined;
	#will: Settings['will'] | undefined;
	/** Names the try: what an older one still says is not heard. */
	#round = 0;
	#cancelTimer: () => void = () => {};

	constructor(private readonly parts: SimSessionParts) {}

	state(): Report {
		return this.#report;
	}

	open(settings: Settings): void {
		this.close();
		const round = this.#round;
		const { protocol, hostname } = URL.canParse(settings.uri) ? new URL(settings.uri) : NOWHERE;
		if (!SCHEMES.includes(protocol) || hostname === '')
			return this.#become({ state: 'failed', fault: 'bad-uri' });
		const way: Dial = LOOPBACK.test(hostname)
			? { kind: 'none', note: `${hostname} is this board itself, and no broker runs on it` }
			: this.parts.dial(settings.uri);
		if (way.note) this.parts.note(way.note);
		const routed = this.parts.routed();
		const unknown = routed && NO_SUCH_NAME.test(hostname);
		if (way.kind === 'none' || unknown || !routed) {
			this.#become({ state: 'connecting' });
			this.#cancelTimer = this.parts.clock.after(NO_ROUTE_MS, () =>
				this.#become({ state: 'failed', fault: unknown ? 'name-not-found' : 'unreachable' })
			);
			return;
		}
		this.#will = settings.will;
		this.#become({ state: 'connecting' });
		const ours = () => round === this.#round;
		let up = false;
		void this.parts
			.connector(
				{
					url: way.url,
					protocolVersion: 4,
					clientId: settings.clientId,
					username: settings.username,
					password: settings.username === '' ? undefined : settings.password,
					keepaliveS: KEEPALIVE_S,
					persistentSession: false,
					will: { topic: settings.will.topic, payload: utf8(settings.will.payload), retain: true }
				},
				{
					connected: () => {
						up = true;
						if (ours() && this.#wire) this.#become({ state: 'connected' });
					},
					message: (topic, payload) => ours() && this.parts.message(topic, payload),
					ended: (end) => {
						if (!ours()) return;
						this.#wire = undefined;
						this.#round++;
						this.#become({ state: 'failed', fault: faultOf(end) });
					}
				}
			)
			.then(
				(wire) => {
					if (!ours()) return void wire.close();
					this.#wire = wire;
					if (up) this.#become({ state: 'connected' });
				},
				() => ours() && this.#become({ state: 'failed', fault: 'unreachable' }) // the library's chunk did not load
			);
	}

	close(): void {
		this.#cancelTimer();
		this.#round++;
		void this.#wire?.close();
		this.#wire = undefined;
		this.#report = { state: 'off' };
	}

	subscribe(topic: string): void {
		void this.#wire?.subscribe([topic]);
	}

	/** @returns whether it was put on the way */
	publish({ topic, payload, qos, retain }: DevicePublish): boolean {
		if (!this.#wire || this.#report.state !== 'connected') return false;
		void this.#wire.publish(topic, payload, { qos, retain });
		return true;
	}

	/**
	 * The power is gone, or the chip was reset: nobody says goodbye. A page has no way to cut a WebSocket without its closing
	 * handshake, and a broker that hears DISCONNECT drops the last will (MQTT 3.1.1, 3.14.4); so it is spoken from here, at once,
	 * where a broker would have waited one and a half keep-alives.
	 */
	end(): void {
		if (this.#wire && this.#will && this.#report.state === 'connected') {
			const { topic, payload } = this.#will;
			void this.#wire.publish(topic, utf8(payload), { qos: 1, retain: true });
		}
		this.close();
	}

	#become(report: Report): void {
		this.#report = report;
		this.parts.changed();
	}
}

/** CONNACK codes of MQTT 3.1.1, 3.2.2.3: 4 bad user name or password, 5 not authorised. */
function faultOf(end: WireEnd): Fault {
	switch (end.kind) {
		case 'refused':
			return end.code === 4 || end.code === 5 ? 'not-authorised' : 'refused';
		case 'disconnected':
			return 'refused';
		case 'keepalive-timeout':
			return 'timeout';
		case 'no-answer':
			return 'timeout';
		case 'closed':
			return 'unreachable';
	}
}

import { randomId } from '$lib/base';
import type { BrokerProfile } from '../field/messages';

/** A broker that the page's own server says it runs beside it. */
export interface LocalBroker {
	readonly name: string;
	/** For this page: MQTT over WebSocket. */
	readonly url: string;
	/** For boards, by each address of the server's machine on its networks. */
	readonly lan: readonly LanAddress[];
}

export interface LanAddress {
	readonly mqtt: string;
	readonly ws: string;
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Total: what is not as `npm start` writes it is left out. */
export function parseLocalBrokers(json: unknown): readonly LocalBroker[] {
	if (typeof json !== 'object' || json === null || !('brokers' in json) || !Array.isArray(json.brokers))
		return [];
	return json.brokers.flatMap((entry: unknown) => {
		if (typeof entry !== 'object' || entry === null) return [];
		const { name, url, lan } = entry as { name?: unknown; url?: unknown; lan?: unknown };
		return typeof name === 'string' && typeof url === 'string' && URL.canParse(url)
			? [{ name, url, lan: parseLan(lan) }]
			: [];
	});
}

function parseLan(list: unknown): readonly LanAddress[] {
	if (!Array.isArray(list)) return [];
	return list.flatMap((entry: unknown) => {
		if (typeof entry !== 'object' || entry === null) return [];
		const { mqtt, ws } = entry as { mqtt?: unknown; ws?: unknown };
		const fits = typeof mqtt === 'string' && typeof ws === 'string' && URL.canParse(mqtt) && URL.canParse(ws);
		return fits ? [{ mqtt, ws }] : [];
	});
}

/** "localhost" means the server's machine: a phone that has the page over the LAN must ask there, not at itself. */
export function asSeenFrom(broker: LocalBroker, pageHost: string): LocalBroker {
	const url = new URL(broker.url);
	if (LOOPBACK.has(url.hostname) && !LOOPBACK.has(pageHost)) url.hostname = pageHost;
	return { ...broker, url: url.href.replace(/\/$/u, '') };
}

/** Asks the page's server which brokers it runs; none where there is no server, or another one. */
export async function findLocalBrokers(base: string, signal: AbortSignal): Promise<readonly LocalBroker[]> {
	try {
		const response = await fetch(`${base}/local-broker.json`, { signal, cache: 'no-store' });
		if (!response.ok) return [];
		const json: unknown = await response.json();
		return parseLocalBrokers(json).map((broker) => asSeenFrom(broker, location.hostname));
	} catch (cause) {
		if (signal.aborted) throw cause;
		return []; // offline, or a host that answers with its own page: then nothing is offered
	}
}

/** Whether two addresses are the same, however they are written: a slash at the end is the same as none. */
export function sameAddress(a: string, b: string): boolean {
	return URL.canParse(a) && URL.canParse(b) ? new URL(a).href === new URL(b).href : a === b;
}

/** A profile as a person would have filled it in. */
export function profileFor(broker: LocalBroker): BrokerProfile {
	return { ...blankProfile(), name: broker.name, url: broker.url, local: true };
}

export function blankProfile(): BrokerProfile {
	return {
		id: randomId(),
		name: '',
		url: '',
		username: '',
		hasPassword: false,
		protocol: 'auto',
		keepaliveS: 30,
		persistentSession: false,
		local: false
	};
}

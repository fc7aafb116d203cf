import { textOf, utf8 } from '$lib/base';

/** One access point that a board hears. */
export interface HeardNetwork {
	readonly ssid: string;
	readonly rssiDbm: number;
	readonly secured: boolean;
}

export type NetworkFault = 'not-found' | 'wrong-password' | 'timeout' | 'lost';
export type BrokerFault =
	'bad-uri' | 'name-not-found' | 'unreachable' | 'not-authorised' | 'refused' | 'tls' | 'timeout';

export interface BoardNetworkState {
	readonly state: 'off' | 'joining' | 'joined' | 'failed';
	readonly fault?: NetworkFault;
	/** At most 64 bytes. */
	readonly ip?: string;
}

export interface BoardBrokerState {
	readonly state: 'off' | 'connecting' | 'connected' | 'failed';
	readonly fault?: BrokerFault;
}

/** What a board opens its session with. */
export interface BoardSessionSettings {
	readonly uri: string;
	readonly username: string;
	readonly password: string;
	readonly clientId: string;
	readonly will: { readonly topic: string; readonly payload: string };
}

/**
 * The cable, the network and the broker session of a board, docs/firmware.md §3. Acts begin and return at once; the firmware
 * polls how they ended. None may call the instance.
 */
export interface BoardBody {
	/** One whole message; false: not taken. */
	serialOut(bytes: Uint8Array<ArrayBuffer>): boolean;
	readonly network: {
		scan(): void;
		/** Strongest first; undefined while the scan goes on. */
		scanned(): readonly HeardNetwork[] | undefined;
		join(ssid: string, password: string): void;
		leave(): void;
		state(): BoardNetworkState;
		rssiDbm(): number;
	};
	readonly mqtt: {
		open(settings: BoardSessionSettings): void;
		close(): void;
		subscribe(topic: string, qos: 0 | 1): void;
		state(): BoardBrokerState;
	};
}

const NETWORK_STATES = { off: 0, joining: 1, joined: 2, failed: 3 } as const;
const NETWORK_FAULTS = { 'not-found': 1, 'wrong-password': 2, timeout: 3, lost: 4 } as const;
const BROKER_STATES = { off: 0, connecting: 1, connected: 2, failed: 3 } as const;
const BROKER_FAULTS = {
	'bad-uri': 1,
	'name-not-found': 2,
	unreachable: 3,
	'not-authorised': 4,
	refused: 5,
	tls: 6,
	timeout: 7
} as const;
const NOT_READY = -1;
const NO_MORE = -2;

/** Where the imports read and write: the module's memory, and whose device a handle is. */
export interface BoardImportsHost {
	readonly board: (handle: number) => BoardBody | undefined;
	readonly bytes: (at: number, size: number) => Uint8Array;
}

/** The imports of ABI 2 that only a board's firmware calls. */
export function boardImports({ board, bytes }: BoardImportsHost) {
	const text = (at: number, size: number) => textOf(bytes(at, size)) ?? '';
	/** Writes what fits whole; the length of all. */
	const put = (value: string, out: number, capacity: number) => {
		const encoded = utf8(value);
		if (encoded.length <= capacity >>> 0) bytes(out, encoded.length).set(encoded);
		return encoded.length;
	};
	return {
		serial_write: (h: number, p: number, n: number) =>
			board(h)?.serialOut(new Uint8Array(bytes(p, n))) ? 1 : 0,
		net_scan: (h: number) => board(h)?.network.scan(),
		net_scanned(h: number, index: number, out: number, capacity: number) {
			const all = board(h)?.network.scanned();
			if (!all) return NOT_READY;
			const one = all[index >>> 0];
			if (!one) return NO_MORE;
			return put(`${Math.round(one.rssiDbm)} ${one.secured ? 1 : 0} ${one.ssid}`, out, capacity);
		},
		net_join: (h: number, s: number, sn: number, p: number, pn: number) =>
			board(h)?.network.join(text(s, sn), text(p, pn)),
		net_leave: (h: number) => board(h)?.network.leave(),
		net_state(h: number, out: number, capacity: number) {
			const seen = board(h)?.network.state();
			if (!seen) return NETWORK_STATES.off;
			const size = seen.ip === undefined ? 0 : put(seen.ip, out, capacity);
			const ipSize = size > capacity >>> 0 ? 0 : size;
			return (
				NETWORK_STATES[seen.state] | ((seen.fault ? NETWORK_FAULTS[seen.fault] : 0) << 8) | (ipSize << 16)
			);
		},
		net_rssi: (h: number) => Math.round(board(h)?.network.rssiDbm() ?? 0),
		mqtt_open: (h: number, p: number, n: number) =>
			// The firmware's own writer made it.
			board(h)?.mqtt.open(JSON.parse(text(p, n)) as BoardSessionSettings),
		mqtt_close: (h: number) => board(h)?.mqtt.close(),
		mqtt_subscribe: (h: number, t: number, tn: number, qos: number) =>
			board(h)?.mqtt.subscribe(text(t, tn), qos === 0 ? 0 : 1),
		mqtt_state(h: number) {
			const seen = board(h)?.mqtt.state();
			if (!seen) return BROKER_STATES.off;
			return BROKER_STATES[seen.state] | ((seen.fault ? BROKER_FAULTS[seen.fault] : 0) << 8);
		}
	};
}

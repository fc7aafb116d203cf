import type { Clock } from '$lib/base';

/** An access point of a board's world. */
export interface AccessPoint {
	readonly ssid: string;
	/** null: open. */
	readonly password: string | null;
	readonly rssiDbm: number;
	/** Whether brokers can be reached through it. */
	readonly routed: boolean;
}

/** The network that people practise with; its password is no secret. */
export const PRACTICE_NETWORK = { ssid: 'Fieldbench Practice', password: 'practice-wifi' } as const;

export const PRACTICE_AIR: readonly AccessPoint[] = [
	{ ...PRACTICE_NETWORK, rssiDbm: -48, routed: true },
	{ ssid: 'Neighbour 2.4', password: 'not known to anybody here', rssiDbm: -71, routed: true },
	{ ssid: 'Café Guest', password: null, rssiDbm: -80, routed: false }
];

/** What joining and looking take on a real radio: 13 channels at about 110 ms, and a handshake with DHCP. */
export const RADIO_TIMES = { scanMs: 1500, joinMs: 2000 };

interface Report {
	readonly state: 'off' | 'joining' | 'joined' | 'failed';
	readonly fault?: 'not-found' | 'wrong-password' | 'timeout' | 'lost';
	readonly ip?: string;
}

/** A board's Wi-Fi in a made-up air. Calls `changed` whenever the firmware should look again. */
export class SimNetwork {
	#heard: readonly AccessPoint[] | undefined = [];
	#report: Report = { state: 'off' };
	#joined: AccessPoint | undefined;
	#cancelScan: () => void = () => {};
	#cancelJoin: () => void = () => {};

	constructor(
		private readonly parts: {
			readonly air: readonly AccessPoint[];
			readonly times: typeof RADIO_TIMES;
			readonly clock: Clock;
			readonly random: () => number;
			readonly changed: () => void;
		}
	) {}

	/** Whether a broker can be reached now. */
	get routed(): boolean {
		return this.#report.state === 'joined' && (this.#joined?.routed ?? false);
	}

	scan(): void {
		this.#cancelScan();
		this.#heard = undefined;
		this.#cancelScan = this.parts.clock.after(this.parts.times.scanMs, () => {
			this.#heard = [...this.parts.air].sort((a, b) => b.rssiDbm - a.rssiDbm);
			this.parts.changed();
		});
	}

	scanned(): readonly { ssid: string; rssiDbm: number; secured: boolean }[] | undefined {
		return this.#heard?.map(({ ssid, rssiDbm, password }) => ({
			ssid,
			rssiDbm: this.#wander(rssiDbm),
			secured: password !== null
		}));
	}

	join(ssid: string, password: string): void {
		this.#cancelJoin();
		this.#joined = undefined;
		this.#report = { state: 'joining' };
		this.#cancelJoin = this.parts.clock.after(this.parts.times.joinMs, () => {
			this.#report = this.#attempt(ssid, password);
			this.parts.changed();
		});
	}

	leave(): void {
		this.#cancelJoin();
		this.#joined = undefined;
		this.#report = { state: 'off' };
	}

	state(): Report {
		return this.#report;
	}

	rssiDbm(): number {
		return this.#joined ? this.#wander(this.#joined.rssiDbm) : 0;
	}

	/** The power is gone. */
	end(): void {
		this.#cancelScan();
		this.leave();
	}

	#attempt(ssid: string, password: string): Report {
		const found = this.parts.air.find((point) => point.ssid === ssid);
		if (!found) return { state: 'failed', fault: 'not-found' };
		if (found.password !== null && found.password !== password)
			return { state: 'failed', fault: 'wrong-password' };
		this.#joined = found;
		return { state: 'joined', ip: '10.0.0.57' };
	}

	#wander(dbm: number): number {
		return Math.round(dbm + 4 * (this.parts.random() - 0.5));
	}
}

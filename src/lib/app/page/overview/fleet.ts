import { TOLD_BY_OTHERS } from '$lib/device/view';
import type { Provenance } from '$lib/model';
import type { StateName } from '$lib/ui';
import type { Standing } from '../standing-of';

/** The devices of one provenance: what is measured and what is made up are never counted together. */
export interface FleetCount {
	readonly provenance: Provenance;
	/** Those that speak themselves: of the others nobody can say that they are live. */
	readonly total: number;
	readonly live: number;
	/** The others by their word, most first: "Offline", "Late", "Sleeping". */
	readonly others: readonly { readonly word: string; readonly state: StateName; readonly count: number }[];
	/** W, of devices that are live and measure power; undefined where there is none. */
	readonly powerW: number | undefined;
	/** Devices that measure power, and those of them whose power is in the sum. */
	readonly meters: number;
	readonly liveMeters: number;
}

/** Real devices first; a provenance that no device has is absent. @param besides those that this browser runs itself are counted too */
export function countFleet(standings: readonly Standing[], besides = true): readonly FleetCount[] {
	const real = new Tally('real');
	const simulated = new Tally('simulated');
	for (const one of standings) if (besides || !one.local) (one.simulated ? simulated : real).add(one);
	return [real, simulated].filter((tally) => tally.any).map((tally) => tally.count());
}

class Tally {
	readonly #others = new Map<string, { word: string; state: StateName; count: number }>();
	#total = 0;
	#live = 0;
	#meters = 0;
	#liveMeters = 0;
	#sumW = 0;

	constructor(private readonly provenance: Provenance) {}

	get any(): boolean {
		return this.#total + this.#others.size > 0;
	}

	add({ state, word, powerW }: Standing): void {
		if (word !== TOLD_BY_OTHERS) this.#total++;
		if (powerW !== undefined) this.#meters++;
		if (state === 'live') {
			this.#live++;
			if (powerW === undefined) return;
			this.#liveMeters++;
			this.#sumW += powerW;
		} else {
			const other = this.#others.get(word) ?? { word, state, count: 0 };
			other.count++;
			this.#others.set(word, other);
		}
	}

	count(): FleetCount {
		return {
			...{ provenance: this.provenance, total: this.#total, live: this.#live },
			...{ meters: this.#meters, liveMeters: this.#liveMeters },
			others: [...this.#others.values()].toSorted((a, b) => b.count - a.count),
			powerW: this.#liveMeters > 0 ? this.#sumW : undefined
		};
	}
}

/** A power or an energy in the unit that keeps it short. @param unit 'W' or 'Wh' */
export function scaled(value: number, unit: 'W' | 'Wh'): { value: number; unit: string; decimals: number } {
	const size = Math.abs(value);
	if (size >= 1e6) return { value: value / 1e6, unit: `M${unit}`, decimals: 2 };
	if (size >= 1e3) return { value: value / 1e3, unit: `k${unit}`, decimals: 2 };
	return { value, unit, decimals: 0 };
}

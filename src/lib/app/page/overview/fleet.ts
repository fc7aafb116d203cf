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

const KINDS: readonly Provenance[] = ['real', 'simulated'];

/** Real devices first; a provenance that no device has is absent. */
export function countFleet(standings: readonly Standing[]): readonly FleetCount[] {
	return KINDS.map((provenance) => countOf(provenance, standings)).filter(
		({ total, others }) => total + others.length > 0
	);
}

function countOf(provenance: Provenance, standings: readonly Standing[]): FleetCount {
	const others = new Map<string, { word: string; state: StateName; count: number }>();
	const fleet = { total: 0, live: 0, meters: 0, liveMeters: 0, sumW: 0 };
	for (const { device, state, word } of standings) {
		if (device.provenance !== provenance) continue;
		if (word !== TOLD_BY_OTHERS) fleet.total++;
		const power = device.values['power'];
		if (power) fleet.meters++;
		if (state === 'live') {
			fleet.live++;
			if (!power) continue;
			fleet.liveMeters++;
			fleet.sumW += power.value;
		} else {
			const other = others.get(word) ?? { word, state, count: 0 };
			other.count++;
			others.set(word, other);
		}
	}
	const { total, live, meters, liveMeters, sumW } = fleet;
	return {
		...{ provenance, total, live, meters, liveMeters },
		others: [...others.values()].toSorted((a, b) => b.count - a.count),
		powerW: liveMeters > 0 ? sumW : undefined
	};
}

/** A power or an energy in the unit that keeps it short. @param unit 'W' or 'Wh' */
export function scaled(value: number, unit: 'W' | 'Wh'): { value: number; unit: string; decimals: number } {
	const size = Math.abs(value);
	if (size >= 1e6) return { value: value / 1e6, unit: `M${unit}`, decimals: 2 };
	if (size >= 1e3) return { value: value / 1e3, unit: `k${unit}`, decimals: 2 };
	return { value, unit, decimals: 0 };
}

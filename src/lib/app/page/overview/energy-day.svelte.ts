import type { Provenance } from '$lib/model';
import type { SeriesColumns } from '$lib/telemetry';
import type { DeviceSummary } from '../../field/messages';
import type { FieldPort } from '../field-port';

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** Five minutes each: rollups of a minute answer them, however fast a device measures. */
const BUCKETS = 288;
/** Further apart than this there is a gap, and nobody knows what flowed in it. */
const MAX_GAP_MS = 15 * 60_000;
/** Asked for in turn, not at once: the worker has better things to do. More devices than this are left out, and that is said. */
export const MOST_METERS = 200;

/** What flowed, as far as it was measured. */
export interface Energy {
	readonly wh: number;
	/** Time of the sum that was measured, ms; of each device's day. */
	readonly coveredMs: number;
	readonly devices: number;
	/** Devices that measure power and are not in the sum: there are more than are asked. */
	readonly left: number;
}

/** Area under the lines between means, without the gaps. @param columns of power, W */
export function energyOf({ timeMs, avg }: Pick<SeriesColumns, 'timeMs' | 'avg'>): {
	wh: number;
	coveredMs: number;
} {
	let wh = 0;
	let coveredMs = 0;
	for (let i = 1; i < timeMs.length; i++) {
		const stepMs = timeMs[i]! - timeMs[i - 1]!;
		if (stepMs > MAX_GAP_MS) continue;
		wh += ((avg[i]! + avg[i - 1]!) / 2) * (stepMs / HOUR_MS);
		coveredMs += stepMs;
	}
	return { wh, coveredMs };
}

/** The energy of the last 24 hours, of real and of simulated devices apart. */
export class EnergyDay {
	#energies = $state.raw<Readonly<Partial<Record<Provenance, Energy>>>>({});

	of(provenance: Provenance): Energy | undefined {
		return this.#energies[provenance];
	}

	/** @throws the signal's reason when cancelled */
	async load(field: FieldPort, meters: readonly DeviceSummary[], signal: AbortSignal): Promise<void> {
		const found: Partial<Record<Provenance, Energy>> = {};
		const toMs = Date.now();
		const asked = { real: 0, simulated: 0 };
		for (const { id: device, provenance } of meters) {
			const before = found[provenance] ?? { wh: 0, coveredMs: 0, devices: 0, left: 0 };
			if (asked[provenance]++ >= MOST_METERS) {
				found[provenance] = { ...before, left: before.left + 1 };
				continue;
			}
			const query = { device, provenance, metric: 'power', fromMs: toMs - DAY_MS, toMs, buckets: BUCKETS };
			const { wh, coveredMs } = energyOf(await field.call('range', query, { signal }));
			found[provenance] = {
				wh: before.wh + wh,
				coveredMs: before.coveredMs + coveredMs,
				devices: before.devices + 1,
				left: 0
			};
		}
		this.#energies = found;
	}
}

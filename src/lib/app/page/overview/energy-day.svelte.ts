import type { Provenance } from '$lib/model';
import { formatCount, formatNumber } from '$lib/ui';
import type { DeviceSummary } from '../../field/messages';
import type { FieldPort } from '../field-port';

const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** Of more, minutes answer, however fast a device measures. */
const MOST_SAMPLES = 1500;
/** Asked for in turn, not at once: the worker has better things to do. More devices than this are left out, and that is said. */
export const MOST_METERS = 200;

/** @param ms of its day that was measured */
export interface Covered {
	readonly name: string;
	readonly ms: number;
}

/** What flowed, as far as it was measured. */
export interface Energy {
	readonly wh: number;
	/** How much of the day each device in the sum was measured, the longest first. */
	readonly covered: readonly Covered[];
	/** Devices that measure power and are not in the sum: there are more than are asked. */
	readonly left: number;
}

/** A day is never whole to the last second. */
const WHOLE_MS = 0.98 * DAY_MS;

/**
 * How much of the day a sum covers: "measured 23 h of fb-meter, under 1 h of 3 others". '' where all of it is. No mean: it would tell
 * of a day that no device had.
 * @param covered the longest first
 */
export function coverageWords(covered: readonly Covered[]): string {
	const whole = covered.filter(({ ms }) => ms >= WHOLE_MS);
	if (whole.length === covered.length) return '';
	const [first] = covered;
	if (!first || first.ms === 0) return 'nothing of it measured';
	const best =
		whole.length > 1 ? `all of ${formatNumber(whole.length)} devices` : `${hours(first.ms)} of ${first.name}`;
	const rest = covered.slice(Math.max(1, whole.length));
	const most = rest[0]?.ms ?? 0;
	const upTo = most < HOUR_MS ? 'under 1 h' : `at most ${hours(most)}`;
	return `measured ${best}${rest.length === 0 ? '' : `, ${upTo} of ${formatCount(rest.length, 'other')}`}`;
}

const hours = (ms: number): string =>
	ms < HOUR_MS
		? `${formatNumber(Math.max(1, Math.floor(ms / 60_000)))} min`
		: `${formatNumber(Math.floor(ms / HOUR_MS))} h`;

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
		for (const { id: device, provenance, name } of meters) {
			const before = found[provenance] ?? { wh: 0, covered: [], left: 0 };
			if (asked[provenance]++ >= MOST_METERS) {
				found[provenance] = { ...before, left: before.left + 1 };
				continue;
			}
			const query = {
				device,
				provenance,
				metric: 'power',
				fromMs: toMs - DAY_MS,
				toMs,
				mostSamples: MOST_SAMPLES
			};
			const day = await field.call('aggregate', query, { signal });
			found[provenance] = {
				wh: before.wh + (day?.integral ?? 0),
				covered: [...before.covered, { name, ms: day?.coveredMs ?? 0 }].toSorted((a, b) => b.ms - a.ms),
				left: 0
			};
		}
		this.#energies = found;
	}
}

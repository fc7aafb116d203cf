import { parseDeviceId, type DeviceId, type Sample } from '$lib/model';
import type { SampleColumns } from '$lib/telemetry';

export const START_MS = 1_763_690_000_000;
const EPOCH = 2_890_137_841;
const JITTER_MS = 4;
/** Of a step of the walks, in hundredths. */
const STEP = 20;

export function deviceId(number: number): DeviceId {
	const id = parseDeviceId(`fb-bench-${number}`);
	if (!id.ok) throw new Error('impossible id');
	return id.value;
}

export const metricName = (metric: number): string => `metric_${metric}`;

/** One device's messages: two-decimal random walks of all its metrics, one message each `everyS` seconds and a little off it. */
export class Walk {
	readonly #random: () => number;
	readonly #levels: number[];
	#next = 0;

	constructor(
		readonly device: number,
		readonly metrics: number,
		readonly everyS = 1
	) {
		this.#random = generator(device + 1);
		this.#levels = Array.from({ length: metrics }, () => 2150);
	}

	/** The next `count` messages. */
	columns(count: number): SampleColumns {
		const timeMs = new Float64Array(count);
		const seq = new Float64Array(count);
		const columns = this.#levels.map(() => new Float64Array(count));
		for (let i = 0; i < count; i++) {
			seq[i] = this.#next++;
			// Within its second, so that a range of whole seconds has as many samples.
			timeMs[i] =
				START_MS +
				seq[i]! * this.everyS * 1000 +
				JITTER_MS +
				Math.round((2 * this.#random() - 1) * JITTER_MS);
			for (let metric = 0; metric < columns.length; metric++) {
				const level = this.#levels[metric]! + Math.round((2 * this.#random() - 1) * STEP);
				this.#levels[metric] = level;
				columns[metric]![i] = level / 100;
			}
		}
		return {
			...{ device: deviceId(this.device), provenance: 'real', timeMs, seq },
			clock: new Uint8Array(count),
			epoch: new Uint32Array(count).fill(EPOCH),
			values: new Map(columns.map((values, metric) => [metricName(metric), values]))
		};
	}
}

/** The same as messages. */
export function samplesOf({ device, provenance, timeMs, seq, values }: SampleColumns): Sample[] {
	const columns = [...values];
	return Array.from(timeMs, (time, i) => ({
		...{ device, provenance, timeMs: time, clock: 'synchronised' },
		identity: { epoch: EPOCH, seq: seq[i]! },
		values: Object.fromEntries(columns.map(([name, column]) => [name, column[i]!]))
	}));
}

/** Lehmer's generator (MINSTD): 0 … 1, the same for a seed at each run. */
function generator(seed: number): () => number {
	let state = seed;
	return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

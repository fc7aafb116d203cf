import type { DeviceId, Provenance } from '$lib/model';
import type { SeriesColumns } from '$lib/telemetry';
import type { SparkPoint } from '$lib/ui';
import type { FieldPort } from './field-port';

export const SPARK_SPAN_MS = 60 * 60 * 1000;
const BUCKETS = 60;
const BUCKET_MS = SPARK_SPAN_MS / BUCKETS;

/** Adds one value to buckets of a minute: into the last one, or into a new one. */
export function foldPoint(
	points: readonly SparkPoint[],
	timeMs: number,
	value: number
): readonly SparkPoint[] {
	const last = points.at(-1);
	if (last && timeMs < last.timeMs) return points; // an older reading that came late: the next query has it
	if (last && timeMs - last.timeMs < BUCKET_MS) {
		const merged = {
			timeMs: last.timeMs,
			min: Math.min(last.min, value),
			max: Math.max(last.max, value),
			avg: last.avg + (value - last.avg) / 8 // settles within a bucket; the true average comes with the next query
		};
		return [...points.slice(0, -1), merged];
	}
	const fresh = points.filter((p) => p.timeMs >= timeMs - SPARK_SPAN_MS);
	return [...fresh, { timeMs, min: value, max: value, avg: value }];
}

/** The last hour of one metric, for a card: asked for once, then grown from the newest values as they pass. */
export class SparkSeries {
	#points = $state.raw<readonly SparkPoint[]>([]);

	get points(): readonly SparkPoint[] {
		return this.#points;
	}

	/** @throws the signal's reason when cancelled */
	async load(
		field: FieldPort,
		of: { device: DeviceId; provenance: Provenance; metric: string },
		signal: AbortSignal
	): Promise<void> {
		const toMs = Date.now() + 1;
		const columns = await field.call(
			'range',
			{ ...of, fromMs: toMs - SPARK_SPAN_MS, toMs, buckets: BUCKETS },
			{ signal }
		);
		this.#points = toPoints(columns);
	}

	add(timeMs: number, value: number): void {
		this.#points = foldPoint(this.#points, timeMs, value);
	}
}

function toPoints({ timeMs, min, max, avg }: SeriesColumns): SparkPoint[] {
	return Array.from(timeMs, (t, i) => ({
		timeMs: t,
		min: min[i] ?? NaN,
		max: max[i] ?? NaN,
		avg: avg[i] ?? NaN
	}));
}

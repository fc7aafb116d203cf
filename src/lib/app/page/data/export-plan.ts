import type { Provenance } from '$lib/model';
import type { SeriesExtent } from '$lib/telemetry';

/** What a person wants of what is stored. What is not left out is wanted, also what came since. */
export interface ExportChoice {
	/** By {@link keyOf}. */
	readonly seriesLeft: ReadonlySet<string>;
	/** By name. */
	readonly metricsLeft: ReadonlySet<string>;
	/** Inclusive and exclusive, ms. */
	readonly fromMs: number;
	readonly toMs: number;
}

/** One series of a file. */
export interface PlannedSeries {
	readonly extent: SeriesExtent;
	/** undefined: all that it has, and with it numbers and states. */
	readonly metrics: readonly string[] | undefined;
	/** Where its samples lie within what is wanted: inclusive and exclusive, ms. */
	readonly fromMs: number;
	readonly toMs: number;
	/** About so many: exact where all of its time is wanted. */
	readonly rows: number;
}

export interface ExportPlan {
	readonly series: readonly PlannedSeries[];
	/** Of the chosen devices, whatever their time: what there is to choose from. */
	readonly metrics: readonly string[];
	/** The columns of a CSV. */
	readonly columns: readonly string[];
	readonly rows: number;
	/** Each of its rows is counted. */
	readonly exact: boolean;
	/** Some are without numbers and states, since some of their metrics are left out. */
	readonly partly: boolean;
	/** It ends before it begins, or where it begins. */
	readonly backwards: boolean;
	readonly kinds: ReadonlySet<Provenance>;
}

/** For the names of files: this day in UTC. */
export const today = (): string => new Date().toISOString().slice(0, 10);

export const keyOf = ({ provenance, device }: Pick<SeriesExtent, 'provenance' | 'device'>): string =>
	`${provenance}/${device}`;

/** What comes of a choice. */
export function planExport(extents: readonly SeriesExtent[], choice: ExportChoice): ExportPlan {
	const { seriesLeft, metricsLeft, fromMs, toMs } = choice;
	const chosen = extents.filter((extent) => !seriesLeft.has(keyOf(extent)));
	const metrics = namesOf(chosen.map((extent) => extent.metrics));
	const backwards = toMs <= fromMs;
	const series = chosen.flatMap((extent): PlannedSeries[] => {
		if (backwards) return [];
		const wanted = extent.metrics.filter((metric) => !metricsLeft.has(metric));
		if (wanted.length === 0 && extent.metrics.length > 0) return [];
		if (extent.toMs < fromMs || extent.fromMs >= toMs) return [];
		const span = { fromMs: Math.max(fromMs, extent.fromMs), toMs };
		const all = extent.toMs - extent.fromMs;
		const part = all === 0 ? 1 : (Math.min(extent.toMs, toMs) - span.fromMs) / all;
		return [
			{
				...{ extent, ...span, rows: Math.max(1, Math.round(extent.samples * part)) },
				metrics: wanted.length === extent.metrics.length ? undefined : wanted
			}
		];
	});
	return {
		...{ series, metrics, backwards },
		columns: namesOf(series.map((one) => one.metrics ?? one.extent.metrics)),
		rows: series.reduce((sum, { rows }) => sum + rows, 0),
		exact: series.every(
			(one) => one.metrics === undefined && one.fromMs === one.extent.fromMs && one.toMs > one.extent.toMs
		),
		partly: series.some((one) => one.metrics !== undefined),
		kinds: new Set(series.map(({ extent }) => extent.provenance))
	};
}

const namesOf = (lists: readonly (readonly string[])[]): readonly string[] =>
	[...new Set(lists.flat())].sort();

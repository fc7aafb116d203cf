import type { Provenance } from '$lib/model';
import type { SeriesExtent } from '$lib/telemetry';

/** For the names of files: this day in UTC. */
export const today = (): string => new Date().toISOString().slice(0, 10);

export const kindsOf = (chosen: readonly SeriesExtent[]): ReadonlySet<Provenance> =>
	new Set(chosen.map(({ provenance }) => provenance));

/** Every metric of some series, by name. */
export const metricsOf = (chosen: readonly SeriesExtent[]): readonly string[] =>
	[...new Set(chosen.flatMap(({ metrics }) => metrics))].sort();

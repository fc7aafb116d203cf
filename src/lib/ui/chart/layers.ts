import type { ChartHole, ChartSeries } from './series';

/** Columns that change while they are shown: whoever draws reads them again in a frame of its own. */
export interface GrowingSeries extends ChartSeries {
	/**
	 * Calls `changed` after the columns changed, until the signal aborts: values were added at their end or joined the last row,
	 * or others took the place of any. They are to be read anew then, since they may be other arrays.
	 */
	watch(changed: (how: 'grew' | 'replaced') => void, signal: AbortSignal): void;
}

/** Index into the palette `--series-1` … `--series-6`; each has a mark of its own too, so that hue is never alone. */
export type SeriesColour = 0 | 1 | 2 | 3 | 4 | 5;

/** The same series of an earlier period, drawn dashed beneath the present one, without an envelope. */
export interface ChartComparison {
	/** "the day before" */
	readonly name: string;
	/** How much later than it was measured it is drawn, ms, > 0. */
	readonly shiftMs: number;
	/** At its own times, or as near as it takes to stand right; it may grow. */
	readonly series: ChartSeries | GrowingSeries;
}

/** One line of a chart, with the envelope of its lowest and highest values. */
export interface ChartLayer {
	/** Another one is another line. */
	readonly key: string;
	readonly name: string;
	/** Layers of one unit share an axis. The first unit has the left one, the second the right one; of a third nothing is drawn, and that is said. */
	readonly unit: string;
	readonly decimals: number;
	/** It may grow. */
	readonly series: ChartSeries | GrowingSeries;
	/** Absent: by its place among the layers. */
	readonly colour?: SeriesColour;
	readonly compare?: ChartComparison;
	/** Where samples are known to be missing, by time. */
	readonly holes?: readonly ChartHole[];
}

/** Something that happened at a time, or that somebody wrote beside it. */
export interface ChartMarker {
	/** Another one is another marker; the caller gets it back when it is chosen. */
	readonly key: string;
	/** ms since the epoch. */
	readonly atMs: number;
	/** Present: it lasted, and is drawn as a band. */
	readonly toMs?: number;
	readonly kind: 'event' | 'note' | 'alert';
	readonly label: string;
}

/** Every series of the layers that changes while it is shown. */
export const growing = (layers: readonly ChartLayer[]): readonly GrowingSeries[] =>
	layers
		.flatMap(({ series, compare }) => (compare ? [series, compare.series] : [series]))
		.filter((series) => isGrowing(series));

const isGrowing = (series: ChartSeries): series is GrowingSeries => 'watch' in series;

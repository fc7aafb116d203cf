import type { Snippet } from 'svelte';
import type { ChartCursor, ChartHole, ChartMarker, SeriesColour, ViewWindow } from '$lib/ui';
import type { Earlier } from './comparison';
import type { MetricSource } from './metric-history.svelte';

/** One metric of one device, as a history chart takes it. */
export interface HistoryLine {
	/** Another one is another history. */
	readonly key: string;
	readonly name: string;
	readonly unit: string;
	readonly decimals: number;
	readonly source: MetricSource;
	readonly colour?: SeriesColour;
	readonly holes?: readonly ChartHole[];
	/** Changes when samples of the past came: what was asked for is no longer all there is. */
	readonly filled?: number;
}

/** Lines over a window that their neighbours share. The component also has `toPng()` and `shown()`. */
export interface HistoryChartProps {
	readonly title: string;
	/** At least one; of at most two units. */
	readonly lines: readonly HistoryLine[];
	readonly view: ViewWindow;
	readonly onview: (view: ViewWindow) => void;
	/** Called for Home: the caller knows the oldest value. */
	readonly onfirst: () => void;
	/** Whether any line holds simulated data. */
	readonly simulated: boolean;
	/** Every line also as it was then. */
	readonly compare?: Earlier;
	readonly markers?: readonly ChartMarker[];
	readonly onmarker?: (marker: ChartMarker) => void;
	/** Shared with other charts of the page. */
	readonly cursor?: ChartCursor;
	/** Beside the button for the table. */
	readonly actions?: Snippet;
	/** Within the chart's frame, below the plot. */
	readonly children?: Snippet;
}

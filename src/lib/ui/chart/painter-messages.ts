import type { ChartComparison, ChartLayer, ChartMarker } from './layers';
import type { PlotColours } from './plot-colours';
import type { ViewWindow } from './view-window';

/** A number for one chart of the page, never used again. */
export type ChartNumber = number;
/** A number for one series of one chart. */
export type SeriesNumber = number;

/** A layer whose series are sent apart from it, because they grow while it stays. */
export interface SentLayer extends Omit<ChartLayer, 'series' | 'compare'> {
	readonly series: SeriesNumber;
	readonly compare?: Omit<ChartComparison, 'series'> & { readonly series: SeriesNumber };
}

/** What is shown. Layers or markers that are absent are those of the scene before. */
export interface SentScene {
	readonly view: ViewWindow;
	readonly simulated: boolean;
	readonly layers?: readonly SentLayer[];
	readonly markers?: readonly ChartMarker[];
}

/** Columns of one series from row `at` on; what was there is replaced, what was before stays. */
export interface SentColumns {
	readonly chart: ChartNumber;
	readonly series: SeriesNumber;
	readonly at: number;
	/** All of one column after the other: times (ms since the epoch), lowest, highest, average. */
	readonly columns: Float64Array<ArrayBuffer>;
	/** Other values took the place of all; else some were added. */
	readonly replaced: boolean;
}

export interface CanvasSize {
	/** CSS px */
	readonly width: number;
	readonly height: number;
	/** Device pixels a CSS px. */
	readonly pixelRatio: number;
}

export interface ChartLook {
	readonly colours: PlotColours;
	/** The reader wants little motion: what follows the clock then moves once a second. */
	readonly calm: boolean;
}

/** A picture of a chart for keeping; its series are plain columns. */
export interface PictureWish {
	readonly title: string;
	readonly layers: readonly ChartLayer[];
	readonly fromMs: number;
	readonly toMs: number;
	readonly simulated: boolean;
	readonly markers: readonly ChartMarker[];
	readonly colours: PlotColours;
	readonly pixelRatio: number;
}

/** From the page to the worker that draws. */
export type ToPainter =
	| {
			readonly type: 'open';
			readonly chart: ChartNumber;
			readonly canvas: OffscreenCanvas;
			/** Above the other one, for the cursor alone. */
			readonly overlay: OffscreenCanvas;
			readonly size: CanvasSize;
			readonly look: ChartLook;
			readonly scene: SentScene;
	  }
	| { readonly type: 'columns'; readonly of: readonly SentColumns[] }
	| { readonly type: 'scene'; readonly chart: ChartNumber; readonly scene: SentScene }
	| { readonly type: 'size'; readonly chart: ChartNumber; readonly size: CanvasSize }
	| { readonly type: 'look'; readonly chart: ChartNumber; readonly look: ChartLook }
	/** Unseen, it rests. */
	| { readonly type: 'seen'; readonly chart: ChartNumber; readonly seen: boolean }
	/** Undefined hides the cursor. */
	| { readonly type: 'point'; readonly chart: ChartNumber; readonly timeMs: number | undefined }
	| { readonly type: 'close'; readonly chart: ChartNumber }
	| { readonly type: 'picture'; readonly call: number; readonly wish: PictureWish };

/** The part of a canvas that the lines are in, CSS px from its left edge. */
export interface PlotSpan {
	readonly left: number;
	readonly width: number;
}

export type FromPainter =
	/** It was drawn, and its lines are elsewhere than before. */
	| { readonly type: 'drawn'; readonly chart: ChartNumber; readonly span: PlotSpan }
	| { readonly type: 'failed'; readonly chart: ChartNumber; readonly said: string }
	| { readonly type: 'picture'; readonly call: number; readonly blob: Blob }
	| { readonly type: 'no-picture'; readonly call: number; readonly said: string };

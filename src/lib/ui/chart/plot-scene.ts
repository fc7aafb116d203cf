import type { ChartLayer, ChartMarker } from './layers';

/** What a plot draws, at one moment. */
export interface PlotScene {
	readonly layers: readonly ChartLayer[];
	readonly fromMs: number;
	readonly toMs: number;
	readonly simulated: boolean;
	readonly markers: readonly ChartMarker[];
}

/** Whether nothing but the window moved on: what is seen of it, and how, stayed the same. */
export const slid = (a: PlotScene, b: PlotScene): boolean =>
	a.layers === b.layers &&
	a.markers === b.markers &&
	a.simulated === b.simulated &&
	Math.abs(b.toMs - b.fromMs - (a.toMs - a.fromMs)) < 1;

import type { Drawn, FrameQueue } from './frames';
import { type ChartLayer, type ChartMarker, growing } from './layers';
import { Overlay } from './overlay';
import type { PictureScreen } from './picture-screen';
import type { Plot } from './plot';
import type { PlotColours } from './plot-colours';
import type { ViewWindow } from './view-window';

export interface LiveScene {
	readonly layers: readonly ChartLayer[];
	readonly view: ViewWindow;
	readonly simulated: boolean;
	readonly markers: readonly ChartMarker[];
}

/** A window that follows the present moves on by a column of pixels, but neither more often nor more seldom than this. */
const LEAST_STEP_MS = 50;
const MOST_STEP_MS = 1000;
/** Values that come into a window that stands still. */
const GROWTH_MS = 250;

/**
 * A plot that keeps itself up to date: it slides with the clock where its window follows, and takes in what its series grow by,
 * in frames shared with all charts of the page and without anything of the page being rendered. Unseen, it rests.
 */
export class LiveChart implements Drawn {
	readonly #overlay: Overlay;
	#shown: { readonly fromMs: number; readonly toMs: number };
	#seen = true;
	#cursorMs: number | undefined;
	#watch = new AbortController();
	readonly #still = matchMedia('(prefers-reduced-motion: reduce)');

	constructor(
		private readonly plot: Plot,
		private readonly screen: PictureScreen,
		overlay: HTMLCanvasElement,
		colours: PlotColours,
		private readonly queue: FrameQueue,
		private scene: LiveScene
	) {
		this.#overlay = new Overlay(overlay, plot, colours);
		this.#shown = scene.view;
		this.#follow();
		queue.soon(this);
	}

	/** The drawn area, CSS px from the canvas's left edge. */
	get area(): { readonly left: number; readonly width: number } {
		const { left, right } = this.plot.area;
		return { left, width: Math.max(1, right - left) };
	}

	/** @param place 0 … 1, from the drawn area's left to its right */
	timeAt(place: number): number {
		return this.#shown.fromMs + place * (this.#shown.toMs - this.#shown.fromMs);
	}

	show(scene: LiveScene): void {
		const before = this.scene;
		this.scene = scene;
		if (scene.layers !== before.layers) this.#follow();
		if (!slidOn(before, scene)) this.#ask();
	}

	set seen(seen: boolean) {
		if (seen === this.#seen) return;
		this.#seen = seen;
		if (seen) this.queue.soon(this);
		else this.queue.forget(this);
	}

	/** Takes the size that the page gives it now, and is drawn anew within this frame. */
	fit(): void {
		const { width, height } = this.screen.size;
		if (width === 0 || height === 0) return;
		this.plot.resize(width, height, devicePixelRatio);
		this.draw();
	}

	/** @param timeMs undefined hides the cursor */
	point(timeMs: number | undefined): void {
		if (timeMs === this.#cursorMs) return;
		this.#cursorMs = timeMs;
		if (this.#seen) this.#drawOverlay();
	}

	draw(): void {
		const { layers, view, simulated, markers } = this.scene;
		const spanMs = view.toMs - view.fromMs;
		const toMs = view.following ? Date.now() : view.toMs;
		this.#shown = { fromMs: toMs - spanMs, toMs };
		this.plot.draw({ layers, ...this.#shown, simulated, markers });
		this.screen.show();
		this.#drawOverlay();
		if (!view.following) return;
		const columnMs = this.#still.matches ? MOST_STEP_MS : spanMs / this.area.width;
		this.queue.later(this, Math.min(Math.max(columnMs, LEAST_STEP_MS), MOST_STEP_MS));
	}

	destroy(): void {
		this.#watch.abort();
		this.queue.forget(this);
		this.plot.destroy();
	}

	#follow(): void {
		this.#watch.abort();
		this.#watch = new AbortController();
		for (const series of growing(this.scene.layers))
			series.watch((how) => {
				if (!this.#seen) return;
				if (how === 'replaced') this.queue.later(this, 0);
				else if (!this.scene.view.following) this.queue.later(this, GROWTH_MS);
			}, this.#watch.signal);
	}

	#ask(): void {
		if (this.#seen) this.queue.soon(this);
	}

	#drawOverlay(): void {
		this.#overlay.draw(this.scene.layers, this.#shown.fromMs, this.#shown.toMs, this.#cursorMs);
	}
}

/** Whether nothing changed but the clock, with which the chart slides by itself. */
const slidOn = (a: LiveScene, b: LiveScene): boolean =>
	a.view.following &&
	b.view.following &&
	Math.abs(b.view.toMs - b.view.fromMs - (a.view.toMs - a.view.fromMs)) < 1 &&
	a.layers === b.layers &&
	a.markers === b.markers &&
	a.simulated === b.simulated;

import type { Drawn, FrameQueue } from './frames';
import { type ChartLayer, type ChartMarker, growing } from './layers';
import { Overlay } from './overlay';
import type { CanvasSize, ChartLook, PlotSpan } from './painter-messages';
import { Plot } from './plot';
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

/** Who hears of a chart's drawing. */
export interface DrawnNews {
	/** Its lines are elsewhere on the canvas than before. */
	spans(span: PlotSpan): void;
	/** It cannot be drawn, in the browser's words. */
	failed(said: string): void;
}

/**
 * A plot that keeps itself up to date: it slides with the clock where its window follows, and takes in what its series grow by,
 * in frames shared with all charts of the page. Unseen, it rests.
 */
export class LiveChart implements Drawn {
	#plot: Plot;
	#overlay: Overlay;
	#shown: { readonly fromMs: number; readonly toMs: number };
	#span: PlotSpan | undefined;
	#seen = true;
	#cursorMs: number | undefined;
	#watch = new AbortController();

	constructor(
		private readonly canvases: { readonly canvas: OffscreenCanvas; readonly overlay: OffscreenCanvas },
		private size: CanvasSize,
		private look: ChartLook,
		private readonly queue: FrameQueue,
		private scene: LiveScene,
		private readonly news: DrawnNews
	) {
		this.#shown = scene.view;
		[this.#plot, this.#overlay] = this.#make();
		this.#follow();
		queue.soon(this);
	}

	show(scene: LiveScene): void {
		const before = this.scene;
		this.scene = scene;
		if (scene.layers !== before.layers) this.#follow();
		this.#ask();
	}

	/** Draws anew in other colours. */
	paint(look: ChartLook): void {
		this.look = look;
		this.#plot.destroy();
		[this.#plot, this.#overlay] = this.#make();
		this.#ask();
	}

	/** Unseen, it is not drawn. */
	rest(unseen: boolean): void {
		if (unseen !== this.#seen) return;
		this.#seen = !unseen;
		if (unseen) this.queue.forget(this);
		else this.queue.soon(this);
	}

	/** Is drawn anew within this task: a canvas is blank once its size has changed. */
	fit(size: CanvasSize): void {
		this.size = size;
		this.#plot.resize(size.width, size.height, size.pixelRatio);
		this.#overlay.resize(size);
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
		try {
			this.#plot.draw({ layers, ...this.#shown, simulated, markers });
			this.#drawOverlay();
		} catch (cause) {
			return this.news.failed(String(cause));
		}
		this.#tellSpan();
		if (!view.following) return;
		const columnMs = this.look.calm ? MOST_STEP_MS : spanMs / (this.#span?.width ?? 1);
		this.queue.later(this, Math.min(Math.max(columnMs, LEAST_STEP_MS), MOST_STEP_MS));
	}

	destroy(): void {
		this.#watch.abort();
		this.queue.forget(this);
		this.#plot.destroy();
	}

	#make(): [Plot, Overlay] {
		const { canvas, overlay } = this.canvases;
		const { layers, simulated, markers } = this.scene;
		const { width, height, pixelRatio } = this.size;
		canvas.width = Math.max(1, width);
		canvas.height = Math.max(1, height);
		const { colours } = this.look;
		const plot = new Plot(canvas, colours, { layers, ...this.#shown, simulated, markers }, pixelRatio);
		return [plot, new Overlay(overlay, plot, colours, this.size)];
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

	#tellSpan(): void {
		const { left, right } = this.#plot.area;
		const span = { left, width: Math.max(1, right - left) };
		if (span.left === this.#span?.left && span.width === this.#span.width) return;
		this.#span = span;
		this.news.spans(span);
	}
}

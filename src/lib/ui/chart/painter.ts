import { trustedWorkerUrl } from '$lib/base';
import type { ChartLayer, ChartMarker } from './layers';
import workerUrl from './painter.worker.ts?worker&url';
import type {
	CanvasSize,
	ChartLook,
	ChartNumber,
	FromPainter,
	PictureWish,
	PlotSpan,
	SentScene,
	ToPainter
} from './painter-messages';
import type { LiveScene } from './live-chart';
import { GrowthPost, SeriesFeed } from './series-feed';

/** The page's side of the worker that draws all its charts: a page thread that draws none is free for hands and keys. */
export class Painter {
	readonly #charts = new Map<ChartNumber, PaintedChart>();
	readonly #pictures = new Map<
		number,
		{ readonly resolve: (blob: Blob) => void; readonly reject: (cause: Error) => void }
	>();
	readonly #growth = new GrowthPost((of) => this.#send({ type: 'columns', of }));
	#numbers = 0;
	#broken: string | undefined;

	constructor(private readonly worker: Worker) {
		worker.onmessage = ({ data }: MessageEvent<FromPainter>) => this.#take(data);
		// Of what happens in a chart the worker tells itself: this one was not fetched, or not understood.
		worker.onerror = ({ message }) =>
			this.#fail(message || 'The part that draws charts could not be loaded.');
	}

	/** Draws on two canvases of the page, which nobody else may have drawn on. */
	open(place: ChartPlace, scene: LiveScene): PaintedChart {
		const number = ++this.#numbers;
		const chart = new PaintedChart(number, place, scene, {
			send: (message, transfer) => this.#send(message, transfer),
			growth: this.#growth,
			closed: () => this.#charts.delete(number)
		});
		this.#charts.set(number, chart);
		if (this.#broken !== undefined) place.onfailed(this.#broken);
		return chart;
	}

	/** @throws an Error with the browser's words when it can make none */
	picture(wish: PictureWish): Promise<Blob> {
		if (this.#broken !== undefined) return Promise.reject(new Error(this.#broken));
		const call = ++this.#numbers;
		return new Promise((resolve, reject) => {
			this.#pictures.set(call, { resolve, reject });
			this.#send({
				type: 'picture',
				call,
				wish: { ...wish, layers: wish.layers.map(plain), markers: wish.markers.map(plainMarker) }
			});
		});
	}

	#send(message: ToPainter, transfer: Transferable[] = []): void {
		this.worker.postMessage(message, transfer);
	}

	#take(message: FromPainter): void {
		switch (message.type) {
			case 'drawn':
				return this.#charts.get(message.chart)?.drawn(message.span);
			case 'failed':
				return this.#charts.get(message.chart)?.place.onfailed(message.said);
			case 'picture':
				this.#pictures.get(message.call)?.resolve(message.blob);
				break;
			case 'no-picture':
				this.#pictures.get(message.call)?.reject(new Error(message.said));
		}
		this.#pictures.delete(message.call);
	}

	#fail(said: string): void {
		this.#broken = said;
		for (const { place } of this.#charts.values()) place.onfailed(said);
		for (const { reject } of this.#pictures.values()) reject(new Error(said));
		this.#pictures.clear();
	}
}

/** Where a chart is drawn, and who hears of it. */
export interface ChartPlace {
	readonly canvas: HTMLCanvasElement;
	/** Above the other one, for the cursor alone. */
	readonly overlay: HTMLCanvasElement;
	readonly look: ChartLook;
	/** It cannot be drawn, in the browser's words. */
	readonly onfailed: (said: string) => void;
}

interface Line {
	send(message: ToPainter, transfer?: Transferable[]): void;
	readonly growth: GrowthPost;
	closed(): void;
}

/** One chart of the page, drawn elsewhere. */
export class PaintedChart {
	readonly #feed: SeriesFeed;
	#scene: LiveScene;
	#span: PlotSpan = { left: 0, width: 1 };

	constructor(
		private readonly chart: ChartNumber,
		readonly place: ChartPlace,
		scene: LiveScene,
		private readonly line: Line
	) {
		const { canvas, overlay, look } = place;
		this.#scene = scene;
		this.#feed = new SeriesFeed(chart, line.growth);
		const size = this.#size();
		const offscreen = canvas.transferControlToOffscreen();
		const above = overlay.transferControlToOffscreen();
		line.send(
			{
				type: 'open',
				chart,
				canvas: offscreen,
				overlay: above,
				size,
				look,
				scene: this.#sent(undefined, scene)
			},
			[offscreen, above]
		);
		line.growth.now(this.#feed);
	}

	/** The drawn area, CSS px from the canvas's left edge. */
	get span(): PlotSpan {
		return this.#span;
	}

	/** @param place 0 … 1, from the drawn area's left to its right */
	timeAt(place: number): number {
		const { fromMs, toMs, following } = this.#scene.view;
		const endMs = following ? Date.now() : toMs;
		return endMs - (1 - place) * (toMs - fromMs);
	}

	show(scene: LiveScene): void {
		const sent = this.#sent(this.#scene, scene);
		const same = !sent.layers && !sent.markers && slidOn(this.#scene, scene);
		this.#scene = scene;
		if (same) return;
		this.line.send({ type: 'scene', chart: this.chart, scene: sent });
		if (sent.layers) this.line.growth.now(this.#feed);
	}

	set seen(seen: boolean) {
		this.#feed.seen = seen;
		this.line.send({ type: 'seen', chart: this.chart, seen });
	}

	set look(look: ChartLook) {
		this.line.send({ type: 'look', chart: this.chart, look });
	}

	/** @param timeMs undefined hides the cursor */
	point(timeMs: number | undefined): void {
		this.line.send({ type: 'point', chart: this.chart, timeMs });
	}

	/** Takes the size that the page gives it now. */
	fit(): void {
		const size = this.#size();
		if (size.width > 0 && size.height > 0) this.line.send({ type: 'size', chart: this.chart, size });
	}

	/** Called when the worker has drawn it elsewhere on the canvas than before. */
	drawn(span: PlotSpan): void {
		this.#span = span;
	}

	close(): void {
		this.#feed.stop();
		this.line.send({ type: 'close', chart: this.chart });
		this.line.closed();
	}

	#size(): CanvasSize {
		const { clientWidth: width, clientHeight: height } = this.place.canvas;
		return { width, height, pixelRatio: devicePixelRatio };
	}

	#sent(before: LiveScene | undefined, { view, simulated, layers, markers }: LiveScene): SentScene {
		if (layers !== before?.layers) this.#feed.follow(layers);
		const number = (series: ChartLayer['series']) => this.#feed.numberOf(series);
		return {
			...{ view, simulated },
			...(layers === before?.layers
				? {}
				: {
						layers: layers.map(({ series, compare, ...layer }) => ({
							...layer,
							series: number(series),
							...(compare ? { compare: { ...compare, series: number(compare.series) } } : {})
						}))
					}),
			...(markers === before?.markers ? {} : { markers: markers.map(plainMarker) })
		};
	}
}

/** Whether nothing changed but the clock, with which the chart slides by itself. */
const slidOn = (a: LiveScene, b: LiveScene): boolean =>
	a.view.following &&
	b.view.following &&
	Math.abs(b.view.toMs - b.view.fromMs - (a.view.toMs - a.view.fromMs)) < 1 &&
	a.simulated === b.simulated;

/** A caller's marker may have more to it, which cannot be sent. */
const plainMarker = ({ key, atMs, toMs, kind, label }: ChartMarker): ChartMarker => ({
	...{ key, atMs, kind, label },
	...(toMs === undefined ? {} : { toMs })
});

const plain = ({ series, compare, ...layer }: ChartLayer): ChartLayer => ({
	...layer,
	series: columnsOf(series),
	...(compare ? { compare: { ...compare, series: columnsOf(compare.series) } } : {})
});

const columnsOf = ({ timeMs, min, max, avg }: ChartLayer['series']): ChartLayer['series'] => ({
	timeMs: Float64Array.from(timeMs),
	min: Float64Array.from(min),
	max: Float64Array.from(max),
	avg: Float64Array.from(avg)
});

let shared: Painter | undefined;

/** The page's own, started with its first chart. */
export function pagePainter(): Painter {
	shared ??= new Painter(
		new Worker(trustedWorkerUrl(workerUrl), { type: 'module', name: 'fieldbench-charts' })
	);
	return shared;
}

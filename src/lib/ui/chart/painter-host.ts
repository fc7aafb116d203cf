import { framesWithin } from './frames';
import type { ChartLayer } from './layers';
import { LiveChart, type LiveScene } from './live-chart';
import { MirroredSeries } from './mirrored-series';
import type {
	ChartNumber,
	FromPainter,
	SentColumns,
	SentLayer,
	SentScene,
	SeriesNumber,
	ToPainter
} from './painter-messages';
import { chartPng } from './png';

/** Half a frame: the compositor wants the rest of the processor. */
const BUDGET_MS = 8;

interface Seat {
	readonly live: LiveChart;
	scene: LiveScene;
	readonly series: Map<SeriesNumber, MirroredSeries>;
}

/** Draws the charts of one page, in a worker. */
export class PainterHost {
	readonly #seats = new Map<ChartNumber, Seat>();
	readonly #queue = framesWithin(BUDGET_MS);

	constructor(private readonly send: (message: FromPainter) => void) {}

	/** A message for a chart that could not be opened does nothing: that it could not was said. */
	take(message: ToPainter): void {
		switch (message.type) {
			case 'open':
				return this.#open(message);
			case 'columns':
				return message.of.forEach((columns) => this.#grow(columns));
			case 'scene':
				return this.#show(message);
			case 'size':
				return this.#live(message)?.fit(message.size);
			case 'look':
				return this.#live(message)?.paint(message.look);
			case 'seen':
				return this.#live(message)?.rest(!message.seen);
			case 'point':
				return this.#live(message)?.point(message.timeMs);
			case 'close':
				this.#live(message)?.destroy();
				return void this.#seats.delete(message.chart);
			case 'picture':
				return void this.#picture(message);
		}
	}

	#live({ chart }: { readonly chart: ChartNumber }): LiveChart | undefined {
		return this.#seats.get(chart)?.live;
	}

	#open({ chart, canvas, overlay, size, look, scene: sent }: ToPainter & { type: 'open' }): void {
		const series = new Map<SeriesNumber, MirroredSeries>();
		const scene = sceneOf(sent, { layers: [], markers: [] }, series);
		const failed = (said: string) => this.send({ type: 'failed', chart, said });
		try {
			const live = new LiveChart({ canvas, overlay }, size, look, this.#queue, scene, {
				spans: (span) => this.send({ type: 'drawn', chart, span }),
				failed
			});
			this.#seats.set(chart, { live, scene, series });
		} catch (cause) {
			failed(String(cause));
		}
	}

	#show({ chart, scene }: ToPainter & { type: 'scene' }): void {
		const seat = this.#seats.get(chart);
		if (!seat) return;
		seat.scene = sceneOf(scene, seat.scene, seat.series);
		seat.live.show(seat.scene);
	}

	#grow({ chart, series, ...columns }: SentColumns): void {
		this.#seats.get(chart)?.series.get(series)?.take(columns);
	}

	async #picture({ call, wish }: ToPainter & { type: 'picture' }): Promise<void> {
		try {
			this.send({ type: 'picture', call, blob: await chartPng(wish) });
		} catch (cause) {
			this.send({ type: 'no-picture', call, said: String(cause) });
		}
	}
}

/** What was sent, with the series it means; those that it does not mean are given up. */
function sceneOf(
	{ view, simulated, layers, markers }: SentScene,
	before: Pick<LiveScene, 'layers' | 'markers'>,
	series: Map<SeriesNumber, MirroredSeries>
): LiveScene {
	if (layers) {
		const meant = new Set(layers.flatMap((layer) => [layer.series, layer.compare?.series]));
		for (const number of series.keys()) if (!meant.has(number)) series.delete(number);
	}
	return {
		...{ view, simulated },
		layers: layers?.map((layer) => layerOf(layer, series)) ?? before.layers,
		markers: markers ?? before.markers
	};
}

function layerOf(
	{ series, compare, ...layer }: SentLayer,
	mirrors: Map<SeriesNumber, MirroredSeries>
): ChartLayer {
	const mirror = (number: SeriesNumber) => {
		const known = mirrors.get(number) ?? new MirroredSeries();
		mirrors.set(number, known);
		return known;
	};
	return {
		...layer,
		series: mirror(series),
		...(compare ? { compare: { ...compare, series: mirror(compare.series) } } : {})
	};
}

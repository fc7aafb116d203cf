import { Chart, LinearScale, type ChartConfiguration, type Plugin, type Scale } from 'chart.js';
import { formatNumber } from '../format';
import { paintHatch, paintHoles, paintMarkers } from './backdrop';
import type { ChartLayer, ChartMarker } from './layers';
import type { PlotColours } from './plot-colours';
import { type TimeTick, timeTicks } from './time-ticks';
import { type AxisId, axisOf, paintTrack, type Straight, type Track, tracksOf } from './track';

Chart.register(LinearScale);

export interface PlotScene {
	readonly layers: readonly ChartLayer[];
	readonly fromMs: number;
	readonly toMs: number;
	readonly simulated: boolean;
	readonly markers: readonly ChartMarker[];
}

/** All charts of a page begin at the same place, so that one time is one vertical line through them. */
const AXIS_WIDTH_PX = 48;
const TICK_ROOM_PX = 96;
const LABEL_HALF_PX = 34;
const PAD_RIGHT_PX = 8;

/**
 * The only place that knows Chart.js: its canvas, scales, ticks and layout, on a time axis of our own. The lines are drawn by a plugin
 * from columns: Chart.js's own make objects of every point in every frame, which is what eight live charts cannot afford.
 */
export class Plot {
	readonly #chart: Chart<'line'>;
	#scene: PlotScene;
	#tracks: readonly Track[] = [];

	/** @param pixelRatio absent: the screen's, and as large as the canvas's parent; else as large as the canvas says */
	constructor(
		canvas: HTMLCanvasElement,
		private readonly colours: PlotColours,
		scene: PlotScene,
		pixelRatio?: number
	) {
		this.#scene = scene;
		this.#take(scene, undefined);
		this.#chart = new Chart(canvas, this.#configure(pixelRatio));
	}

	/** The drawn area, CSS px of the canvas. */
	get area(): {
		readonly left: number;
		readonly right: number;
		readonly top: number;
		readonly bottom: number;
	} {
		return this.#chart.chartArea;
	}

	/** What the layer's value is drawn at, CSS px from the canvas's top; undefined for one without an axis. */
	heightOf(layer: ChartLayer, value: number): number | undefined {
		const axis = axisOf(this.#scene.layers, layer.unit);
		return axis && this.#chart.scales[axis]?.getPixelForValue(value);
	}

	draw(scene: PlotScene): void {
		const before = this.#scene;
		this.#scene = scene;
		this.#take(scene, before);
		const scales = this.#chart.options.scales;
		if (scales?.x) Object.assign(scales.x, { min: scene.fromMs, max: scene.toMs });
		if (scales?.y2) scales.y2.display = this.#tracks.some(({ axis }) => axis === 'y2');
		this.#chart.update('none');
	}

	destroy(): void {
		this.#chart.destroy();
	}

	#take(scene: PlotScene, before: PlotScene | undefined): void {
		if (scene.layers !== before?.layers) this.#tracks = tracksOf(scene.layers, this.#tracks);
	}

	/** Reduces every line to what this width can show; the axes then fit what is left. */
	#reduce(widthPx: number): void {
		const { fromMs, toMs } = this.#scene;
		const columnMs = (toMs - fromMs) / Math.max(1, widthPx);
		for (const { series, shiftMs, columns } of this.#tracks)
			columns.reduce(series, fromMs - shiftMs, toMs - shiftMs, columnMs);
	}

	#configure(pixelRatio: number | undefined): ChartConfiguration<'line'> {
		return {
			type: 'line',
			data: { datasets: [] },
			options: {
				responsive: pixelRatio === undefined,
				...(pixelRatio === undefined ? {} : { devicePixelRatio: pixelRatio }),
				maintainAspectRatio: false,
				animation: false,
				events: [],
				layout: { padding: { top: 8, right: PAD_RIGHT_PX } },
				scales: { x: this.#timeAxis(), y: this.#valueAxis('y'), y2: this.#valueAxis('y2') }
			},
			plugins: [this.#backdrop(), this.#lines()]
		};
	}

	#timeAxis() {
		const { colours } = this;
		return {
			type: 'linear' as const,
			min: this.#scene.fromMs,
			max: this.#scene.toMs,
			border: { color: colours.edge },
			grid: {
				color: ({ tick }: { tick: unknown }) =>
					isTimeTick(tick) && tick.major ? colours.edge : colours.hairline,
				tickLength: 5
			},
			afterBuildTicks: (axis: Scale) => {
				const most = Math.max(2, Math.floor(axis.width / TICK_ROOM_PX));
				axis.ticks = [...timeTicks(axis.min, axis.max, most)];
			},
			// Otherwise labels near an edge make the whole chart breathe as they pass.
			afterFit: (axis: Scale) => (axis.paddingLeft = axis.paddingRight = 0),
			ticks: {
				color: colours.muted,
				font: { family: colours.face, size: 12, lineHeight: 1.25 },
				maxRotation: 0,
				autoSkip: false,
				callback(this: Scale, _value: unknown, i: number, ticks: readonly unknown[]) {
					const tick = ticks[i];
					const { min, max, width } = this;
					if (!isTimeTick(tick)) return ['', ''];
					// A label that would reach over an edge is left out, its line is not.
					const room = ((max - tick.value) / (max - min)) * width > LABEL_HALF_PX;
					return room ? [tick.label, tick.context] : ['', ''];
				}
			}
		};
	}

	#valueAxis(id: AxisId) {
		const { colours } = this;
		return {
			type: 'linear' as const,
			display: id === 'y' || this.#tracks.some(({ axis }) => axis === 'y2'),
			position: id === 'y' ? ('left' as const) : ('right' as const),
			border: { display: false },
			grid: { color: colours.hairline, tickLength: 0, drawOnChartArea: id === 'y' },
			grace: '8%',
			afterDataLimits: (axis: Scale) => {
				const [low, high] = this.#limits(id);
				axis.min = low;
				axis.max = high;
			},
			afterFit: (axis: Scale) => (axis.width = axis.options.display === false ? 0 : AXIS_WIDTH_PX),
			ticks: {
				color: colours.muted,
				font: { family: colours.face, size: 12 },
				maxTicksLimit: 5,
				padding: 8,
				callback: (value: string | number, _i: number, ticks: readonly { readonly value: number }[]) =>
					this.#onAxis(id).every(({ columns }) => columns.length === 0)
						? ''
						: formatNumber(Number(value), decimalsFor(ticks, this.#decimals(id)))
			}
		};
	}

	#onAxis(id: AxisId): readonly Track[] {
		return this.#tracks.filter(({ axis }) => axis === id);
	}

	#decimals(id: AxisId): number {
		const { layers } = this.#scene;
		return Math.max(
			0,
			...layers.filter(({ unit }) => axisOf(layers, unit) === id).map(({ decimals }) => decimals)
		);
	}

	/** At least a few of the last digits: less is noise, and is drawn as calm. */
	#limits(id: AxisId): readonly [number, number] {
		const tracks = this.#onAxis(id);
		const low = Math.min(...tracks.map(({ columns }) => columns.lowest));
		const high = Math.max(...tracks.map(({ columns }) => columns.highest));
		if (!(low <= high)) return [0, 1];
		const half = (5 * 10 ** -this.#decimals(id)) / 2;
		const middle = (low + high) / 2;
		return [Math.min(low, middle - half), Math.max(high, middle + half)];
	}

	#backdrop(): Plugin<'line'> {
		return {
			id: 'backdrop',
			beforeDatasetsDraw: ({ ctx, scales: { x }, chartArea }) => {
				if (!x) return;
				ctx.save();
				if (this.#scene.simulated) paintHatch(ctx, chartArea, this.colours);
				const holes = this.#scene.layers.flatMap((layer) => layer.holes ?? []);
				paintHoles(ctx, holes, chartArea, straight(x), this.colours);
				paintMarkers(ctx, this.#scene.markers, chartArea, straight(x), this.colours);
				ctx.restore();
			}
		};
	}

	#lines(): Plugin<'line'> {
		return {
			id: 'lines',
			beforeUpdate: ({ width }) => this.#reduce(width - AXIS_WIDTH_PX - PAD_RIGHT_PX),
			afterDatasetsDraw: ({ ctx, scales, chartArea: { left, right, top, bottom } }) => {
				const { x } = scales;
				if (!x) return;
				ctx.save();
				ctx.beginPath();
				ctx.rect(left, top - 2, right - left, bottom - top + 4);
				ctx.clip();
				for (const track of this.#tracks) {
					const y = scales[track.axis];
					if (y) paintTrack(ctx, track, straight(x), straight(y), this.colours);
				}
				ctx.restore();
			}
		};
	}
}

/** A linear scale of Chart.js without its checks. */
function straight(scale: Scale): Straight {
	const from = scale.getPixelForValue(scale.min);
	const factor = (scale.getPixelForValue(scale.max) - from) / (scale.max - scale.min);
	return { offset: from - factor * scale.min, factor };
}

const isTimeTick = (tick: unknown): tick is TimeTick =>
	typeof tick === 'object' && tick !== null && 'context' in tick && 'value' in tick;

function decimalsFor(ticks: readonly { readonly value: number }[], most: number): number {
	const step = Math.abs((ticks[1]?.value ?? 1) - (ticks[0]?.value ?? 0));
	return step >= 1 || step === 0 ? 0 : Math.max(Math.min(3, Math.ceil(-Math.log10(step))), Math.min(most, 1));
}

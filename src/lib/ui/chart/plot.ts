import { Chart, LinearScale, type ChartConfiguration, type Plugin, type Scale } from 'chart.js';
import { type Area, paintHatch, paintHoles, paintMarkers, paintUnits } from './backdrop';
import type { ChartLayer } from './layers';
import type { PlotColours } from './plot-colours';
import { type PlotScene, slid } from './plot-scene';
import { paintTimeAxis, TIME_AXIS_PX } from './time-axis';
import { type AxisId, axisOf, paintTrack, type Straight, type Track, tracksOf } from './track';
import { drawnRange, tickWords, valueAxis } from './value-axis';

Chart.register(LinearScale);

/** All charts of a page begin at the same place, so that one time is one vertical line through them. */
const AXIS_WIDTH_PX = 48;
/** An axis is fitted anew when its lines shrank to this share of what they took of it. */
const LEAST_SHARE = 0.6;
const MOST_TICKS = 7;
const AXES = ['y', 'y2'] as const satisfies readonly AxisId[];
const PAD_RIGHT_PX = 8;
const PAD_TOP_PX = 8;
/** Room for the units above two axes. */
const UNITS_PX = 12;

/**
 * The only place that knows Chart.js: its canvas, layout, value axes and draw order. Lines and time axis are drawn by plugins, the
 * lines from columns: Chart.js's own make objects of every point in every frame, which is what eight live charts cannot afford.
 */
export class Plot {
	readonly #chart: Chart<'line'>;
	#scene: PlotScene;
	#tracks: readonly Track[] = [];
	/** How wide the lines were, and what share of each axis they took, when the axes were fitted. */
	#fittedWidth = 0;
	#fittedShare: Partial<Record<AxisId, number>> = {};

	/**
	 * @param canvas its width and height are CSS px here, and device pixels afterwards
	 * @param pixelRatio device pixels a CSS px
	 */
	constructor(
		canvas: OffscreenCanvas,
		private readonly colours: PlotColours,
		scene: PlotScene,
		pixelRatio: number
	) {
		this.#scene = scene;
		this.#take(scene, undefined);
		// Its types leave out this kind of canvas, which it takes as well.
		this.#chart = new Chart(canvas as unknown as HTMLCanvasElement, this.#configure(pixelRatio));
	}

	/** The drawn area, CSS px of the canvas. */
	get area(): Area {
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
		if (slid(before, scene) && widthOf(this.area) === this.#fittedWidth) {
			this.#reduce(this.#fittedWidth);
			if (AXES.every((id) => this.#fits(id))) return this.#chart.draw();
		}
		const y2 = this.#chart.options.scales?.y2;
		if (y2) y2.display = this.#twoAxes;
		this.#chart.options.layout = this.#padding();
		this.#chart.update('none');
	}

	/** Draws anew at another size, CSS px. */
	resize(width: number, height: number, pixelRatio: number): void {
		this.#chart.options.devicePixelRatio = pixelRatio;
		this.#chart.resize(width, height);
	}

	destroy(): void {
		this.#chart.destroy();
	}

	#take(scene: PlotScene, before: PlotScene | undefined): void {
		if (scene.layers !== before?.layers) this.#tracks = tracksOf(scene.layers, this.#tracks);
	}

	/** Whether what is drawn now lies well in the axis as it is; fitting it anew is what costs most of a frame. */
	#fits(id: AxisId): boolean {
		const scale = this.#chart.scales[id];
		const fitted = this.#fittedShare[id];
		if (!scale || fitted === undefined) return this.#onAxis(id).length === 0;
		const [low, high] = this.#limits(id);
		const share = (high - low) / (scale.max - scale.min);
		return low >= scale.min && high <= scale.max && share > LEAST_SHARE * fitted;
	}

	/** Reduces every line to what this width can show; the axes then fit what is left. */
	#reduce(widthPx: number): void {
		const { fromMs, toMs } = this.#scene;
		const columnMs = (toMs - fromMs) / Math.max(1, widthPx);
		for (const { series, shiftMs, columns } of this.#tracks)
			columns.reduce(series, fromMs - shiftMs, toMs - shiftMs, columnMs);
	}

	#configure(devicePixelRatio: number): ChartConfiguration<'line'> {
		return {
			type: 'line',
			data: { datasets: [] },
			options: {
				responsive: false,
				devicePixelRatio,
				maintainAspectRatio: false,
				animation: false,
				events: [],
				layout: this.#padding(),
				scales: { y: this.#valueAxis('y'), y2: this.#valueAxis('y2') }
			},
			plugins: [this.#backdrop(), this.#lines()]
		};
	}

	#valueAxis(id: AxisId) {
		const { colours } = this;
		return {
			type: 'linear' as const,
			display: id === 'y' || this.#twoAxes,
			position: id === 'y' ? ('left' as const) : ('right' as const),
			border: { display: false },
			grid: { color: colours.hairline, tickLength: 0, drawOnChartArea: id === 'y' },
			afterBuildTicks: (axis: Scale) => {
				const { min, max, ticks } = valueAxis(...this.#limits(id), MOST_TICKS);
				axis.min = min;
				axis.max = max;
				axis.ticks = ticks.map((value) => ({ value }));
			},
			afterFit: (axis: Scale) => (axis.width = axis.options.display === false ? 0 : AXIS_WIDTH_PX),
			ticks: {
				color: colours.muted,
				font: { family: colours.face, size: 12 },
				autoSkip: false,
				padding: 8,
				callback: (value: string | number, _i: number, ticks: readonly { readonly value: number }[]) =>
					this.#onAxis(id).every(({ columns }) => columns.length === 0)
						? ''
						: tickWords(Number(value), ticks, this.#decimals(id))
			}
		};
	}

	get #twoAxes(): boolean {
		return this.#tracks.some(({ axis }) => axis === 'y2');
	}

	#padding() {
		const top = PAD_TOP_PX + (this.#twoAxes ? UNITS_PX : 0);
		return { padding: { top, right: PAD_RIGHT_PX, bottom: TIME_AXIS_PX } };
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

	#limits(id: AxisId): readonly [number, number] {
		const tracks = this.#onAxis(id);
		const low = Math.min(...tracks.map(({ columns }) => columns.lowest));
		const high = Math.max(...tracks.map(({ columns }) => columns.highest));
		return drawnRange(low, high, this.#decimals(id));
	}

	#time({ left, right }: Area): Straight {
		const { fromMs, toMs } = this.#scene;
		const factor = (right - left) / (toMs - fromMs);
		return { offset: left - factor * fromMs, factor };
	}

	#backdrop(): Plugin<'line'> {
		return {
			id: 'backdrop',
			beforeDatasetsDraw: ({ ctx, chartArea }) => {
				const x = this.#time(chartArea);
				ctx.save();
				paintTimeAxis(ctx, chartArea, x, this.colours);
				if (this.#scene.simulated) paintHatch(ctx, chartArea, this.colours);
				const holes = this.#scene.layers.flatMap((layer) => layer.holes ?? []);
				paintHoles(ctx, holes, chartArea, x, this.colours);
				if (this.#twoAxes) paintUnits(ctx, this.#scene.layers, chartArea, this.colours);
				paintMarkers(ctx, this.#scene.markers, chartArea, x, this.colours);
				ctx.restore();
			}
		};
	}

	#lines(): Plugin<'line'> {
		return {
			id: 'lines',
			beforeUpdate: ({ width }) => this.#reduce(width - AXIS_WIDTH_PX - PAD_RIGHT_PX),
			afterUpdate: ({ scales, chartArea }) => {
				this.#fittedWidth = widthOf(chartArea);
				for (const id of AXES) {
					const [low, high] = this.#limits(id);
					const scale = this.#onAxis(id).length > 0 ? scales[id] : undefined;
					if (scale) this.#fittedShare[id] = (high - low) / (scale.max - scale.min);
					else delete this.#fittedShare[id];
				}
			},
			afterDatasetsDraw: ({ ctx, scales, chartArea }) => {
				const { left, right, top, bottom } = chartArea;
				ctx.save();
				ctx.beginPath();
				ctx.rect(left, top - 2, right - left, bottom - top + 4);
				ctx.clip();
				for (const track of this.#tracks) {
					const y = scales[track.axis];
					if (y) paintTrack(ctx, track, this.#time(chartArea), straight(y), this.colours);
				}
				ctx.restore();
			}
		};
	}
}

const widthOf = ({ left, right }: Area): number => Math.max(1, right - left);

/** A linear scale of Chart.js without its checks. */
function straight(scale: Scale): Straight {
	const from = scale.getPixelForValue(scale.min);
	const factor = (scale.getPixelForValue(scale.max) - from) / (scale.max - scale.min);
	return { offset: from - factor * scale.min, factor };
}

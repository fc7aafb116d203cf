import {
	Chart,
	type ChartConfiguration,
	Filler,
	LinearScale,
	LineController,
	LineElement,
	type Plugin,
	PointElement
} from 'chart.js';
import { formatNumber } from '../format';
import { type ChartHole, type ChartSeries, firstFrom, gapThreshold } from './series';
import { timeTicks } from './time-ticks';

Chart.register(Filler, LinearScale, LineController, LineElement, PointElement);

/** Resolved colours: a canvas does not understand tokens. */
export interface PlotColours {
	readonly line: string;
	readonly text: string;
	readonly hairline: string;
	readonly edge: string;
	readonly card: string;
	readonly simulated: string;
	readonly filling: string;
	readonly lost: string;
	/** A font for the axes, as CSS has it. */
	readonly face: string;
}

export interface PlotScene {
	readonly series: ChartSeries;
	readonly fromMs: number;
	readonly toMs: number;
	readonly decimals: number;
	readonly simulated: boolean;
	/** By time. */
	readonly holes: readonly ChartHole[];
	/** Where the cursor stands; undefined hides it. */
	readonly cursor: { readonly timeMs: number; readonly value: number } | undefined;
}

interface Dot {
	x: number;
	y: number;
}
interface SizedDot extends Dot {
	radiusPx: number;
}

/** All charts of a page begin at the same place, so that one time is one vertical line through them. */
const AXIS_WIDTH_PX = 48;
const TICK_ROOM_PX = 92;
const LABEL_HALF_PX = 30;
const HATCH_STEP_PX = 8;
/** A hole that lasted a moment of a year is seen all the same. */
const LEAST_HOLE_PX = 2;
/** Room for its word. */
const HOLE_WORD_PX = 44;

/** The only place that knows Chart.js: one metric's envelope and average on a time axis of our own. */
export class Plot {
	readonly #chart: Chart<'line', Dot[]>;
	#scene: PlotScene;
	#dots: readonly SizedDot[] = [];

	constructor(canvas: HTMLCanvasElement, colours: PlotColours, scene: PlotScene) {
		this.#scene = scene;
		this.#chart = new Chart(canvas, this.#configure(colours));
		this.draw(scene);
	}

	/** The drawn area, CSS px from the canvas's left edge. */
	get area(): { readonly left: number; readonly width: number } {
		const { left, right } = this.#chart.chartArea;
		return { left, width: Math.max(1, right - left) };
	}

	draw(scene: PlotScene): void {
		this.#scene = scene;
		const { lower, upper, average } = split(scene);
		const [low, high, line] = this.#chart.data.datasets;
		if (low) low.data = lower;
		if (high) high.data = upper;
		if (line) line.data = average;
		this.#dots = average
			.map((dot, i) => ({ ...dot, radiusPx: radius(average, i, dot) }))
			.filter(({ radiusPx }) => radiusPx > 0);
		const x = this.#chart.options.scales?.x;
		if (x) {
			x.min = scene.fromMs;
			x.max = scene.toMs;
		}
		const y = this.#chart.options.scales?.y;
		if (y) Object.assign(y, leastHeight(scene.decimals, lower, upper));
		this.#chart.update('none');
	}

	destroy(): void {
		this.#chart.destroy();
	}

	#configure(colours: PlotColours): ChartConfiguration<'line', Dot[]> {
		const base = {
			parsing: false as const,
			spanGaps: false,
			pointRadius: 0,
			pointHitRadius: 0,
			borderWidth: 0
		};
		const font = { family: colours.face, size: 12 };
		return {
			type: 'line',
			data: {
				datasets: [
					{ ...base, data: [] },
					{ ...base, data: [], fill: '-1', backgroundColor: fade(colours.line, 0.18) },
					{
						...base,
						data: [],
						borderColor: colours.line,
						backgroundColor: colours.line,
						borderWidth: 1.75,
						borderJoinStyle: 'round'
					}
				]
			},
			options: {
				responsive: true,
				maintainAspectRatio: false,
				animation: false,
				events: [],
				normalized: true,
				layout: { padding: { top: 6, right: 8 } },
				scales: {
					x: {
						type: 'linear',
						border: { color: colours.edge },
						grid: { color: (c) => (isMajor(c.tick) ? colours.edge : colours.hairline), tickLength: 5 },
						afterBuildTicks: (axis) => {
							const most = Math.max(2, Math.floor(axis.width / TICK_ROOM_PX));
							axis.ticks = timeTicks(axis.min, axis.max, most).map((tick) =>
								// A label that would reach over an edge is left out, its line is not.
								fits(tick.value, axis) ? tick : { ...tick, label: '' }
							);
						},
						// Otherwise labels near an edge make the whole chart breathe as they pass.
						afterFit: (axis) => (axis.paddingLeft = axis.paddingRight = 0),
						ticks: {
							color: colours.text,
							font,
							maxRotation: 0,
							autoSkip: false,
							callback: (_v, i, ticks) => labelOf(ticks[i])
						}
					},
					y: {
						border: { display: false },
						grid: { color: colours.hairline, tickLength: 0 },
						grace: '8%',
						afterFit: (axis) => (axis.width = AXIS_WIDTH_PX),
						ticks: {
							color: colours.text,
							font,
							maxTicksLimit: 5,
							padding: 8,
							callback: (value, _i, ticks) =>
								this.#scene.series.timeMs.length === 0
									? ''
									: formatNumber(Number(value), decimalsFor(ticks, this.#scene.decimals))
						}
					}
				}
			},
			plugins: [this.#hatch(colours), this.#holes(colours), this.#points(colours), this.#cursor(colours)]
		};
	}

	/** Simulated data lies on a hatched ground, in a chart as everywhere else. */
	#hatch(colours: PlotColours): Plugin<'line'> {
		return {
			id: 'simulated',
			beforeDatasetsDraw: ({ ctx, chartArea: { left, right, top, bottom } }) => {
				if (!this.#scene.simulated) return;
				ctx.save();
				ctx.beginPath();
				ctx.rect(left, top, right - left, bottom - top);
				ctx.clip();
				ctx.beginPath();
				for (let x = left - (bottom - top); x < right; x += HATCH_STEP_PX) {
					ctx.moveTo(x, bottom);
					ctx.lineTo(x + (bottom - top), top);
				}
				ctx.strokeStyle = fade(colours.simulated, 0.16);
				ctx.lineWidth = 1;
				ctx.stroke();
				ctx.restore();
			}
		};
	}

	/** What is missing, and whether it will come, in a colour and, where there is room, in a word. */
	#holes(colours: PlotColours): Plugin<'line'> {
		return {
			id: 'holes',
			beforeDatasetsDraw: ({ ctx, scales: { x }, chartArea: { left, right, top, bottom } }) => {
				if (!x) return;
				ctx.save();
				ctx.font = `12px ${colours.face}`;
				ctx.textAlign = 'center';
				for (const { fromMs, toMs, lost } of this.#scene.holes) {
					const from = Math.max(left, x.getPixelForValue(fromMs));
					const to = Math.min(right, Math.max(from + LEAST_HOLE_PX, x.getPixelForValue(toMs)));
					if (to <= from) continue;
					const colour = lost ? colours.lost : colours.filling;
					ctx.fillStyle = fade(colour, 0.1);
					ctx.fillRect(from, top, to - from, bottom - top);
					ctx.fillStyle = fade(colour, 0.8);
					ctx.fillRect(from, bottom - LEAST_HOLE_PX, to - from, LEAST_HOLE_PX);
					if (to - from > HOLE_WORD_PX) ctx.fillText(lost ? 'lost' : 'filling', (from + to) / 2, top + 14);
				}
				ctx.restore();
			}
		};
	}

	/** Chart.js has dots too, but a radius for each makes it resolve all options of every point anew in each frame. */
	#points(colours: PlotColours): Plugin<'line'> {
		return {
			id: 'points',
			afterDatasetsDraw: ({ ctx, scales: { x, y }, chartArea: { left, right } }) => {
				if (!x || !y) return;
				ctx.save();
				ctx.fillStyle = colours.line;
				for (const dot of this.#dots) {
					const px = x.getPixelForValue(dot.x);
					if (px < left || px > right) continue;
					ctx.beginPath();
					ctx.arc(px, y.getPixelForValue(dot.y), dot.radiusPx, 0, 2 * Math.PI);
					ctx.fill();
				}
				ctx.restore();
			}
		};
	}

	#cursor(colours: PlotColours): Plugin<'line'> {
		return {
			id: 'cursor',
			afterDatasetsDraw: ({ ctx, scales: { x, y }, chartArea: { left, right, top, bottom } }) => {
				const cursor = this.#scene.cursor;
				if (!cursor || !x || !y) return;
				const px = x.getPixelForValue(cursor.timeMs);
				if (px < left || px > right) return;
				ctx.save();
				ctx.strokeStyle = colours.text;
				ctx.lineWidth = 1;
				ctx.beginPath();
				ctx.moveTo(px, top);
				ctx.lineTo(px, bottom);
				ctx.stroke();
				ctx.beginPath();
				ctx.arc(px, y.getPixelForValue(cursor.value), 4.5, 0, 2 * Math.PI);
				ctx.fillStyle = colours.line;
				ctx.strokeStyle = colours.card;
				ctx.lineWidth = 2;
				ctx.fill();
				ctx.stroke();
				ctx.restore();
			}
		};
	}
}

/** An axis that spans at least a few of the last digits: less is noise, and is drawn as calm. */
function leastHeight(
	decimals: number,
	lower: readonly Dot[],
	upper: readonly Dot[]
): { suggestedMin?: number; suggestedMax?: number } {
	const low = lower.reduce((least, { y }) => (y < least ? y : least), Infinity);
	const high = upper.reduce((most, { y }) => (y > most ? y : most), -Infinity);
	const half = (5 * 10 ** -decimals) / 2;
	const middle = (low + high) / 2;
	return Number.isFinite(middle) ? { suggestedMin: middle - half, suggestedMax: middle + half } : {};
}

/** Columns to dots, with a break (NaN) wherever a gap lies, and one dot beyond each edge so that lines reach it. */
function split({ series, fromMs, toMs }: PlotScene): { lower: Dot[]; upper: Dot[]; average: Dot[] } {
	const lower: Dot[] = [];
	const upper: Dot[] = [];
	const average: Dot[] = [];
	const gapMs = gapThreshold(series.timeMs);
	const begin = Math.max(0, firstFrom(series.timeMs, fromMs) - 1);
	const end = Math.min(series.timeMs.length, firstFrom(series.timeMs, toMs) + 1);
	let before: number | undefined;
	for (let i = begin; i < end; i++) {
		const x = series.timeMs[i] ?? NaN;
		if (before !== undefined && x - before > gapMs)
			for (const column of [lower, upper, average]) column.push({ x: (before + x) / 2, y: NaN });
		lower.push({ x, y: series.min[i] ?? NaN });
		upper.push({ x, y: series.max[i] ?? NaN });
		average.push({ x, y: series.avg[i] ?? NaN });
		before = x;
	}
	return { lower, upper, average };
}

/** A value with a gap on both sides makes no line: it is shown as a dot. Few values are all shown as dots. */
function radius(dots: readonly Dot[], i: number, dot: Dot): number {
	if (Number.isNaN(dot.y)) return 0;
	const alone = Number.isNaN(dots[i - 1]?.y ?? NaN) && Number.isNaN(dots[i + 1]?.y ?? NaN);
	return alone ? 2.5 : dots.length <= 40 ? 2 : 0;
}

/** Whether a label of the usual width at this time stays inside the canvas. */
const fits = (timeMs: number, axis: { min: number; max: number; width: number }): boolean =>
	((axis.max - timeMs) / (axis.max - axis.min)) * axis.width > LABEL_HALF_PX;

const labelOf = (tick: object | undefined): string =>
	tick && 'label' in tick && typeof tick.label === 'string' ? tick.label : '';
const isMajor = (tick: object | undefined): boolean =>
	tick !== undefined && 'major' in tick && tick.major === true;

function decimalsFor(ticks: readonly { value: number }[], most: number): number {
	const step = Math.abs((ticks[1]?.value ?? 1) - (ticks[0]?.value ?? 0));
	return step >= 1 || step === 0 ? 0 : Math.max(Math.min(3, Math.ceil(-Math.log10(step))), Math.min(most, 1));
}

/** A colour as browsers compute it, `rgb(r, g, b)`, with an alpha; what is written otherwise stays as it is. */
function fade(colour: string, alpha: number): string {
	const [r, g, b] = /^rgba?\(/u.test(colour) ? (colour.match(/[\d.]+/gu) ?? []) : [];
	return r && g && b ? `rgb(${r} ${g} ${b} / ${alpha})` : colour;
}

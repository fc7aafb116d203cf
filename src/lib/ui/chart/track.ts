import type { ChartLayer } from './layers';
import { PixelColumns } from './pixel-columns';
import { fade, type PlotColours } from './plot-colours';
import type { ChartSeries } from './series';

/** One line of a plot: a layer, or the earlier period beside it. */
export interface Track {
	readonly series: ChartSeries;
	/** How much later than measured it is drawn, ms. */
	readonly shiftMs: number;
	readonly axis: AxisId;
	/** Into the palette. */
	readonly colour: number;
	/** It is all that is compared: it has a hue of its own, and else that of its line. */
	readonly alone: boolean;
	readonly columns: PixelColumns;
}
export type AxisId = 'y' | 'y2';

/** From values to CSS px, both straight lines: px = from + factor × value. */
export interface Straight {
	readonly offset: number;
	readonly factor: number;
}

/** The axis of a unit: the first has the left one, the second the right one. */
export function axisOf(layers: readonly ChartLayer[], unit: string): AxisId | undefined {
	const place = [...new Set(layers.map((layer) => layer.unit))].indexOf(unit);
	return place === 0 ? 'y' : place === 1 ? 'y2' : undefined;
}

/** Lines in the order they are drawn: earlier periods first, below all others. Arrays of the tracks before are used again. */
export function tracksOf(layers: readonly ChartLayer[], before: readonly Track[]): readonly Track[] {
	const spare = before.map((track) => track.columns);
	const columns = () => spare.pop() ?? new PixelColumns();
	const earlier: Track[] = [];
	const present: Track[] = [];
	const alone = layers.length === 1;
	layers.forEach((layer, place) => {
		const axis = axisOf(layers, layer.unit);
		if (!axis) return;
		const colour = layer.colour ?? place;
		present.push({ series: layer.series, shiftMs: 0, axis, colour, alone, columns: columns() });
		if (layer.compare) {
			const { series, shiftMs } = layer.compare;
			earlier.push({ series, shiftMs, axis, colour, alone, columns: columns() });
		}
	});
	return [...earlier, ...present];
}

const LINE_PX = 1.75;
/**
 * Three lines of one device pixel beside each other make one of LINE_PX, and take a fifth of the time: Skia draws the thinnest lines
 * by a way of its own (SkScan hairlines), and makes polygons of all others.
 */
const STRANDS_PX = [
	[-0.37, -0.2],
	[0.37, -0.2],
	[0, 0.42]
] as const;
/** An envelope thinner than this is all edge. */
const LEAST_FILL_PX = 2.5;
/** Of an earlier period, in the plot and its legends. */
export const EARLIER_DASH_PX = [9, 5];
/** Fewer values than this are shown as dots each. */
const FEW = 40;

/** Envelope, line and dots of one track. */
export function paintTrack(
	ctx: CanvasRenderingContext2D,
	{ columns, colour, shiftMs, alone }: Track,
	x: Straight,
	y: Straight,
	colours: PlotColours
): void {
	const earlier = shiftMs > 0;
	const own = colours.series[colour % colours.series.length] ?? colours.text;
	const ink = earlier ? earlierInk(own, alone, colours) : own;
	const { length, timeMs, avg } = columns;
	if (length === 0) return;
	const shifted = { offset: x.offset + x.factor * shiftMs, factor: x.factor };
	if (!earlier) paintEnvelope(ctx, columns, shifted, y, ink);
	const line = new Path2D();
	let pen = false;
	for (let i = 0; i < length; i++) {
		const value = avg[i]!;
		if (value !== value) {
			pen = false;
			continue;
		}
		const px = shifted.offset + shifted.factor * timeMs[i]!;
		const py = y.offset + y.factor * value;
		if (pen) line.lineTo(px, py);
		else line.moveTo(px, py);
		pen = true;
	}
	ctx.strokeStyle = ink;
	ctx.lineJoin = 'bevel';
	if (earlier) {
		ctx.lineWidth = 1.5;
		ctx.setLineDash(EARLIER_DASH_PX);
		ctx.stroke(line);
	} else if (ctx.getTransform().a > 1) {
		ctx.lineWidth = LINE_PX;
		ctx.stroke(line);
	} else strokeStrands(ctx, line);
	ctx.setLineDash([]);
	ctx.fillStyle = ink;
	paintDots(ctx, columns, shifted, y);
}

/** Of the earlier period of one line. @param alone the chart has no other line */
export const earlierInk = (own: string, alone: boolean, colours: PlotColours): string =>
	alone ? colours.compared : fade(own, 0.6);

function strokeStrands(ctx: CanvasRenderingContext2D, line: Path2D): void {
	ctx.lineWidth = 1;
	for (const [x, y] of STRANDS_PX) {
		ctx.translate(x, y);
		ctx.stroke(line);
		ctx.translate(-x, -y);
	}
}

/** From lowest to highest: filled, and edged so that a spike one column wide is seen. */
function paintEnvelope(
	ctx: CanvasRenderingContext2D,
	{ length, timeMs, min, max, avg }: PixelColumns,
	x: Straight,
	y: Straight,
	ink: string
): void {
	const band = new Path2D();
	let any = false;
	let thickest = 0;
	for (let from = 0; from < length; from++) {
		if (Number.isNaN(avg[from]!)) continue;
		let to = from;
		let open = false;
		while (to < length && !Number.isNaN(avg[to]!)) {
			const thick = max[to]! - min[to]!;
			if (thick > 0) open = true;
			if (thick > thickest) thickest = thick;
			to++;
		}
		if (open) {
			any = true;
			for (let i = from; i < to; i++) {
				const px = x.offset + x.factor * timeMs[i]!;
				const py = y.offset + y.factor * max[i]!;
				if (i === from) band.moveTo(px, py);
				else band.lineTo(px, py);
			}
			for (let i = to - 1; i >= from; i--)
				band.lineTo(x.offset + x.factor * timeMs[i]!, y.offset + y.factor * min[i]!);
			band.closePath();
		}
		from = to;
	}
	if (!any) return;
	if (thickest * Math.abs(y.factor) >= LEAST_FILL_PX) {
		ctx.fillStyle = fade(ink, 0.2);
		ctx.fill(band);
	}
	ctx.strokeStyle = fade(ink, 0.5);
	ctx.lineWidth = 1;
	ctx.lineJoin = 'bevel';
	ctx.stroke(band);
}

/** A value with a gap on both sides makes no line: it is shown as a dot. Few values are all shown as dots. */
function paintDots(
	ctx: CanvasRenderingContext2D,
	{ length, timeMs, avg }: PixelColumns,
	x: Straight,
	y: Straight
): void {
	ctx.beginPath();
	for (let i = 0; i < length; i++) {
		if (Number.isNaN(avg[i]!)) continue;
		const alone = !(i > 0 && !Number.isNaN(avg[i - 1]!)) && !(i + 1 < length && !Number.isNaN(avg[i + 1]!));
		if (!alone && length > FEW) continue;
		const px = x.offset + x.factor * timeMs[i]!;
		const py = y.offset + y.factor * avg[i]!;
		const radius = alone ? 2.5 : 2;
		ctx.moveTo(px + radius, py);
		ctx.arc(px, py, radius, 0, 2 * Math.PI);
	}
	ctx.fill();
}

import { HOLE_DASH, type HoleKind, holeKind } from './hole-kinds';
import type { ChartLayer, ChartMarker } from './layers';
import { fade, type PlotColours } from './plot-colours';
import type { ChartHole } from './series';
import { axisOf, type Straight } from './track';

/** The drawn area, CSS px. */
export interface Area {
	readonly left: number;
	readonly right: number;
	readonly top: number;
	readonly bottom: number;
}

const HATCH_STEP_PX = 8;
/** A hole that lasted a moment of a year is seen all the same. */
const LEAST_HOLE_PX = 2;
/** The line at its foot, which says of what kind it is. */
const FOOT_PX = 3;
/** Room for its word. */
const HOLE_WORD_PX = 44;
/** Height and half width of the flag on a marker's line. */
const FLAG_PX = 5;

/** Simulated data lies on a hatched ground, in a chart as everywhere else. */
export function paintHatch(
	ctx: CanvasRenderingContext2D,
	{ left, right, top, bottom }: Area,
	colours: PlotColours
): void {
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

/** Above each of two axes what it counts. */
export function paintUnits(
	ctx: CanvasRenderingContext2D,
	layers: readonly ChartLayer[],
	{ left, right, top }: Area,
	colours: PlotColours
): void {
	ctx.font = `12px ${colours.face}`;
	ctx.fillStyle = colours.muted;
	for (const unit of new Set(layers.map((layer) => layer.unit))) {
		const axis = axisOf(layers, unit);
		ctx.textAlign = axis === 'y' ? 'right' : 'left';
		if (axis) ctx.fillText(unit, axis === 'y' ? left - 8 : right + 8, top - 10);
	}
}

/** What is missing, and whether it will come, in a colour and, where there is room, in a word. */
export function paintHoles(
	ctx: CanvasRenderingContext2D,
	holes: readonly ChartHole[],
	{ left, right, top, bottom }: Area,
	x: Straight,
	colours: PlotColours
): void {
	ctx.font = `12px ${colours.face}`;
	ctx.textAlign = 'center';
	for (const hole of holes) {
		const { fromMs, toMs } = hole;
		const from = Math.max(left, x.offset + x.factor * fromMs);
		const to = Math.min(right, Math.max(from + LEAST_HOLE_PX, x.offset + x.factor * toMs));
		if (to <= from || x.offset + x.factor * toMs < left) continue;
		const kind = holeKind(hole);
		paintHoleGround(ctx, kind, { left: from, right: to, top, bottom }, colours);
		if (to - from > HOLE_WORD_PX) ctx.fillText(kind, (from + to) / 2, top + 14);
	}
}

/** A hole without its word, in a plot or a legend. Leaves the colour of its kind to fill with. */
export function paintHoleGround(
	ctx: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
	kind: HoleKind,
	{ left, right, top, bottom }: Area,
	colours: PlotColours
): void {
	const colour = kind === 'lost' ? colours.lost : colours.filling;
	ctx.fillStyle = fade(colour, 0.1);
	ctx.fillRect(left, top, right - left, bottom - top);
	ctx.fillStyle = ctx.strokeStyle = fade(colour, 0.8);
	ctx.lineWidth = FOOT_PX;
	ctx.setLineDash([...HOLE_DASH[kind]]);
	ctx.beginPath();
	ctx.moveTo(left, bottom - FOOT_PX / 2);
	ctx.lineTo(right, bottom - FOOT_PX / 2);
	ctx.stroke();
	ctx.setLineDash([]);
}

/** A line where something happened, a band while it lasted, and at its head a flag of its kind: ▼ event, ● note, ▲ alert. */
export function paintMarkers(
	ctx: CanvasRenderingContext2D,
	markers: readonly ChartMarker[],
	{ left, right, top, bottom }: Area,
	x: Straight,
	colours: PlotColours
): void {
	for (const { atMs, toMs, kind } of markers) {
		const at = x.offset + x.factor * atMs;
		const end = toMs === undefined ? at : x.offset + x.factor * toMs;
		if (end < left || at > right) continue;
		const colour = colours[kind];
		if (end > at) {
			const from = Math.max(left, at);
			ctx.fillStyle = fade(colour, 0.1);
			ctx.fillRect(from, top, Math.min(right, end) - from, bottom - top);
		}
		ctx.strokeStyle = fade(colour, 0.7);
		ctx.lineWidth = 1;
		ctx.setLineDash([2, 3]);
		ctx.beginPath();
		for (const px of end > at ? [at, end] : [at]) {
			if (px < left || px > right) continue;
			ctx.moveTo(Math.round(px) + 0.5, top);
			ctx.lineTo(Math.round(px) + 0.5, bottom);
		}
		ctx.stroke();
		ctx.setLineDash([]);
		ctx.fillStyle = colour;
		ctx.beginPath();
		paintFlag(ctx, kind, Math.round(Math.max(at, left)) + 0.5, top);
		ctx.fill();
	}
}

function paintFlag(ctx: CanvasRenderingContext2D, kind: ChartMarker['kind'], x: number, top: number): void {
	switch (kind) {
		case 'event':
			ctx.moveTo(x - FLAG_PX, top - 2);
			ctx.lineTo(x + FLAG_PX, top - 2);
			ctx.lineTo(x, top + FLAG_PX);
			break;
		case 'alert':
			ctx.moveTo(x - FLAG_PX, top + FLAG_PX);
			ctx.lineTo(x + FLAG_PX, top + FLAG_PX);
			ctx.lineTo(x, top - 3);
			break;
		case 'note':
			ctx.arc(x, top + 1.5, FLAG_PX - 1, 0, 2 * Math.PI);
	}
}

import type { Area } from './backdrop';
import type { PlotColours } from './plot-colours';
import { timeTicks } from './time-ticks';
import type { Straight } from './track';

/** Two rows of text and the ticks above them. */
export const TIME_AXIS_PX = 40;
const TICK_ROOM_PX = 96;
const LABEL_HALF_PX = 34;
const TICK_PX = 5;
const ROW_PX = 15;

/** A line at each round time, with its label below, and the day or year where it begins. */
export function paintTimeAxis(
	ctx: CanvasRenderingContext2D,
	{ left, right, top, bottom }: Area,
	x: Straight,
	colours: PlotColours
): void {
	const timeAt = (px: number) => (px - x.offset) / x.factor;
	const most = Math.max(2, Math.floor((right - left) / TICK_ROOM_PX));
	const ticks = timeTicks(timeAt(left), timeAt(right), most);
	ctx.lineWidth = 1;
	ctx.textAlign = 'center';
	ctx.textBaseline = 'top';
	ctx.font = `12px ${colours.face}`;
	ctx.fillStyle = colours.muted;
	for (const { value, label, context, major } of ticks) {
		const px = x.offset + x.factor * value;
		ctx.strokeStyle = major ? colours.edge : colours.hairline;
		ctx.beginPath();
		ctx.moveTo(Math.round(px) + 0.5, top);
		ctx.lineTo(Math.round(px) + 0.5, bottom + TICK_PX);
		ctx.stroke();
		// A label that would reach over an edge is left out, its line is not.
		if (right - px < LABEL_HALF_PX) continue;
		ctx.fillText(label, px, bottom + TICK_PX + 3);
		if (context) ctx.fillText(context, px, bottom + TICK_PX + 3 + ROW_PX);
	}
	ctx.strokeStyle = colours.edge;
	ctx.beginPath();
	ctx.moveTo(left, Math.round(bottom) + 0.5);
	ctx.lineTo(right, Math.round(bottom) + 0.5);
	ctx.stroke();
	ctx.textBaseline = 'alphabetic';
}

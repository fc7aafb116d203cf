import { formatDateTime } from '../format';
import { paintHoleGround } from './backdrop';
import { HOLE_WORDS, type HoleKind, holeKindsIn } from './hole-kinds';
import type { ChartLayer } from './layers';
import { markOf } from './marks';
import type { PictureWish } from './painter-messages';
import { Plot } from './plot';
import type { PlotScene } from './plot-scene';
import { fade, type PlotColours } from './plot-colours';
import { EARLIER_DASH_PX, earlierInk } from './track';

/** CSS px */
const WIDTH = 1080;
const HEIGHT = 420;
const PAD = 20;
const LINE = 22;
/** How wide is what stands for a line in the legend, and where its words begin. */
const SIGN_PX = 26;
const WORDS_PX = 34;

/**
 * A chart as a picture to keep: title, range, legend, plot, and the mark of simulated data, in the theme of the page.
 * @throws when the browser gives no canvas of that size
 */
export async function chartPng({ title, colours, pixelRatio, ...scene }: PictureWish): Promise<Blob> {
	const picture = new OffscreenCanvas(1, 1);
	const ctx = picture.getContext('2d');
	if (!ctx) throw new Error('The browser has no canvas to draw on.');
	const legend = legendRows(ctx, scene, colours);
	const top = PAD + 2 * LINE + legend.length * LINE;
	picture.width = WIDTH * pixelRatio;
	picture.height = (top + HEIGHT + PAD) * pixelRatio;
	ctx.scale(pixelRatio, pixelRatio);
	ctx.fillStyle = colours.card;
	ctx.fillRect(0, 0, WIDTH, top + HEIGHT + PAD);
	ctx.textBaseline = 'middle';
	head(ctx, title, scene, colours);
	legend.forEach((row, i) => row.forEach((item) => paintItem(ctx, item, PAD + (i + 2.5) * LINE, colours)));
	ctx.drawImage(plotted(scene, colours, pixelRatio), PAD, top, WIDTH - 2 * PAD, HEIGHT);
	return picture.convertToBlob({ type: 'image/png' });
}

/** The plot alone, on a canvas of its own. */
function plotted(scene: PlotScene, colours: PlotColours, pixelRatio: number): ImageBitmap {
	const canvas = new OffscreenCanvas(WIDTH - 2 * PAD, HEIGHT);
	const plot = new Plot(canvas, colours, scene, pixelRatio);
	plot.draw(scene);
	// What is taken from a canvas that is given up is empty.
	const bitmap = canvas.transferToImageBitmap();
	plot.destroy();
	return bitmap;
}

function head(
	ctx: OffscreenCanvasRenderingContext2D,
	title: string,
	scene: PlotScene,
	colours: PlotColours
): void {
	ctx.fillStyle = colours.text;
	ctx.font = `600 17px ${colours.face}`;
	ctx.fillText(title, PAD, PAD + LINE / 2);
	ctx.font = `13px ${colours.face}`;
	ctx.fillStyle = colours.muted;
	ctx.fillText(`${formatDateTime(scene.fromMs)} – ${formatDateTime(scene.toMs)}`, PAD, PAD + 1.5 * LINE);
	if (!scene.simulated) return;
	const word = 'Simulated';
	ctx.font = `600 13px ${colours.face}`;
	const width = ctx.measureText(word).width + 16;
	ctx.fillStyle = fade(colours.simulated, 0.14);
	ctx.fillRect(WIDTH - PAD - width, PAD, width, LINE);
	ctx.fillStyle = colours.simulated;
	ctx.fillText(word, WIDTH - PAD - width + 8, PAD + LINE / 2);
}

interface LegendEntry {
	readonly words: string;
	readonly sign: { readonly colour: number; readonly earlier: boolean } | { readonly hole: HoleKind };
	/** The chart has no other line. */
	readonly alone: boolean;
}
interface LegendItem extends LegendEntry {
	readonly x: number;
}

/** Side by side, as many to a row as there is room for. */
function legendRows(
	ctx: OffscreenCanvasRenderingContext2D,
	{ layers, fromMs, toMs }: PlotScene,
	colours: PlotColours
): readonly (readonly LegendItem[])[] {
	ctx.font = `13px ${colours.face}`;
	const alone = layers.length === 1;
	const lines = layers.flatMap((layer, place) => lineEntries(layer, place, alone));
	const holes = holeKindsIn(
		layers.flatMap((layer) => layer.holes ?? []),
		fromMs,
		toMs
	).map((hole): LegendEntry => ({ words: HOLE_WORDS[hole], sign: { hole }, alone }));
	const rows: LegendItem[][] = [];
	let x = Infinity;
	for (const item of [...lines, ...holes]) {
		const width = WORDS_PX + ctx.measureText(item.words).width + 24;
		if (x + width > WIDTH - PAD) {
			rows.push([]);
			x = PAD;
		}
		rows.at(-1)?.push({ ...item, x });
		x += width;
	}
	return rows;
}

function lineEntries(
	{ name, unit, compare, colour: own }: ChartLayer,
	place: number,
	alone: boolean
): LegendEntry[] {
	const colour = own ?? place;
	const present = { words: unit ? `${name} (${unit})` : name, sign: { colour, earlier: false }, alone };
	if (!compare) return [present];
	return [present, { words: `${name}, ${compare.name}`, sign: { colour, earlier: true }, alone }];
}

function paintItem(
	ctx: OffscreenCanvasRenderingContext2D,
	{ x, words, sign, alone }: LegendItem,
	y: number,
	colours: PlotColours
): void {
	if ('hole' in sign)
		paintHoleGround(ctx, sign.hole, { left: x, right: x + SIGN_PX, top: y - 7, bottom: y + 7 }, colours);
	else {
		const ink = colours.series[sign.colour % colours.series.length] ?? colours.text;
		ctx.strokeStyle = ctx.fillStyle = sign.earlier ? earlierInk(ink, alone, colours) : ink;
		ctx.lineWidth = 1.75;
		ctx.setLineDash(sign.earlier ? EARLIER_DASH_PX : []);
		ctx.beginPath();
		ctx.moveTo(x, y);
		ctx.lineTo(x + SIGN_PX, y);
		ctx.stroke();
		ctx.setLineDash([]);
		if (!sign.earlier) {
			ctx.save();
			ctx.translate(x + SIGN_PX / 2, y);
			ctx.fill(new Path2D(markOf(sign.colour)));
			ctx.restore();
		}
	}
	ctx.font = `13px ${colours.face}`;
	ctx.fillStyle = colours.text;
	ctx.fillText(words, x + WORDS_PX, y);
}

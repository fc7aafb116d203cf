import { formatDateTime } from '../format';
import type { ChartLayer } from './layers';
import { markOf } from './marks';
import type { PictureWish } from './painter-messages';
import { Plot, type PlotScene } from './plot';
import { fade, type PlotColours } from './plot-colours';
import { EARLIER_DASH_PX, earlierInk } from './track';

/** CSS px */
const WIDTH = 1080;
const HEIGHT = 420;
const PAD = 20;
const LINE = 22;

/**
 * A chart as a picture to keep: title, range, legend, plot, and the mark of simulated data, in the theme of the page.
 * @throws when the browser gives no canvas of that size
 */
export async function chartPng({ title, colours, pixelRatio, ...scene }: PictureWish): Promise<Blob> {
	const picture = new OffscreenCanvas(1, 1);
	const ctx = picture.getContext('2d');
	if (!ctx) throw new Error('The browser has no canvas to draw on.');
	const legend = legendRows(ctx, scene.layers, colours);
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

interface LegendItem {
	readonly x: number;
	readonly words: string;
	readonly colour: number;
	readonly earlier: boolean;
	readonly alone: boolean;
}

/** Side by side, as many to a row as there is room for. */
function legendRows(
	ctx: OffscreenCanvasRenderingContext2D,
	layers: readonly ChartLayer[],
	colours: PlotColours
): readonly (readonly LegendItem[])[] {
	ctx.font = `13px ${colours.face}`;
	const alone = layers.length === 1;
	const items = layers.flatMap(({ name, unit, compare, colour }, place) => [
		{ words: unit ? `${name} (${unit})` : name, colour: colour ?? place, earlier: false, alone },
		...(compare ? [{ words: `${name}, ${compare.name}`, colour: colour ?? place, earlier: true, alone }] : [])
	]);
	const rows: LegendItem[][] = [];
	let x = Infinity;
	for (const item of items) {
		const width = 34 + ctx.measureText(item.words).width + 24;
		if (x + width > WIDTH - PAD) {
			rows.push([]);
			x = PAD;
		}
		rows.at(-1)?.push({ ...item, x });
		x += width;
	}
	return rows;
}

function paintItem(
	ctx: OffscreenCanvasRenderingContext2D,
	item: LegendItem,
	y: number,
	colours: PlotColours
): void {
	const ink = colours.series[item.colour % colours.series.length] ?? colours.text;
	ctx.strokeStyle = ctx.fillStyle = item.earlier ? earlierInk(ink, item.alone, colours) : ink;
	ctx.lineWidth = 1.75;
	ctx.setLineDash(item.earlier ? EARLIER_DASH_PX : []);
	ctx.beginPath();
	ctx.moveTo(item.x, y);
	ctx.lineTo(item.x + 26, y);
	ctx.stroke();
	ctx.setLineDash([]);
	if (!item.earlier) {
		ctx.save();
		ctx.translate(item.x + 13, y);
		ctx.fill(new Path2D(markOf(item.colour)));
		ctx.restore();
	}
	ctx.font = `13px ${colours.face}`;
	ctx.fillStyle = colours.text;
	ctx.fillText(item.words, item.x + 34, y);
}

import { formatDateTime } from '../format';
import type { ChartLayer } from './layers';
import { markOf } from './marks';
import { Plot, type PlotScene } from './plot';
import { fade, type PlotColours } from './plot-colours';

/** CSS px */
const WIDTH = 1080;
const HEIGHT = 420;
const PAD = 20;
const LINE = 22;

/**
 * A chart as a picture to keep: title, range, legend, plot, and the mark of simulated data, in the present theme.
 * @param pixelRatio device pixels a CSS px
 * @throws when the browser gives no canvas of that size
 */
export async function chartPng(
	title: string,
	scene: PlotScene,
	colours: PlotColours,
	pixelRatio = devicePixelRatio
): Promise<Blob> {
	const picture = document.createElement('canvas');
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
	return new Promise((resolve, reject) =>
		picture.toBlob(
			(blob) => (blob ? resolve(blob) : reject(new Error('The picture is too large.'))),
			'image/png'
		)
	);
}

/** The plot alone, on a canvas that is in no page. */
function plotted(scene: PlotScene, colours: PlotColours, pixelRatio: number): HTMLCanvasElement {
	const canvas = document.createElement('canvas');
	canvas.width = WIDTH - 2 * PAD;
	canvas.height = HEIGHT;
	const plot = new Plot(canvas, colours, scene, pixelRatio);
	plot.draw(scene);
	// What is taken from a canvas that is given up is empty.
	const copy = document.createElement('canvas');
	copy.width = canvas.width;
	copy.height = canvas.height;
	copy.getContext('2d')?.drawImage(canvas, 0, 0);
	plot.destroy();
	return copy;
}

function head(ctx: CanvasRenderingContext2D, title: string, scene: PlotScene, colours: PlotColours): void {
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
}

/** Side by side, as many to a row as there is room for. */
function legendRows(
	ctx: CanvasRenderingContext2D,
	layers: readonly ChartLayer[],
	colours: PlotColours
): readonly (readonly LegendItem[])[] {
	ctx.font = `13px ${colours.face}`;
	const items = layers.flatMap(({ name, unit, compare, colour }, place) => [
		{ words: unit ? `${name} (${unit})` : name, colour: colour ?? place, earlier: false },
		...(compare ? [{ words: `${name}, ${compare.name}`, colour: colour ?? place, earlier: true }] : [])
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

function paintItem(ctx: CanvasRenderingContext2D, item: LegendItem, y: number, colours: PlotColours): void {
	const ink = colours.series[item.colour % colours.series.length] ?? colours.text;
	ctx.strokeStyle = ctx.fillStyle = item.earlier ? fade(ink, 0.6) : ink;
	ctx.lineWidth = 1.75;
	ctx.setLineDash(item.earlier ? [5, 4] : []);
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

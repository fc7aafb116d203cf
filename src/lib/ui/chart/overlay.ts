import type { ChartLayer } from './layers';
import { markOf } from './marks';
import type { CanvasSize } from './painter-messages';
import type { Plot } from './plot';
import type { PlotColours } from './plot-colours';
import { readingAt } from './readings';

/** The cursor has a canvas of its own above the plot's: a hand that moves over eight charts redraws none of their lines. */
export class Overlay {
	#blank = true;

	constructor(
		private readonly canvas: OffscreenCanvas,
		private readonly plot: Plot,
		private readonly colours: PlotColours,
		private size: CanvasSize
	) {
		this.resize(size);
	}

	/** It is blank then. */
	resize(size: CanvasSize): void {
		this.size = size;
		this.canvas.width = Math.round(size.width * size.pixelRatio);
		this.canvas.height = Math.round(size.height * size.pixelRatio);
		this.#blank = true;
	}

	/** @param timeMs undefined shows no cursor */
	draw(layers: readonly ChartLayer[], fromMs: number, toMs: number, timeMs: number | undefined): void {
		if (timeMs === undefined && this.#blank) return;
		const ctx = this.canvas.getContext('2d');
		if (!ctx) return;
		this.#blank = timeMs === undefined;
		ctx.setTransform(1, 0, 0, 1, 0, 0);
		ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
		if (timeMs === undefined || timeMs < fromMs || timeMs > toMs) return;
		ctx.scale(this.size.pixelRatio, this.size.pixelRatio);
		const { left, right, top, bottom } = this.plot.area;
		const place = (ms: number) => left + ((ms - fromMs) / (toMs - fromMs)) * (right - left);
		ctx.strokeStyle = this.colours.muted;
		ctx.lineWidth = 1;
		ctx.beginPath();
		ctx.moveTo(Math.round(place(timeMs)) + 0.5, top);
		ctx.lineTo(Math.round(place(timeMs)) + 0.5, bottom);
		ctx.stroke();
		ctx.lineWidth = 2;
		ctx.strokeStyle = this.colours.card;
		layers.forEach((layer, i) => {
			const reading = readingAt(layer.series, timeMs);
			const y = reading && this.plot.heightOf(layer, reading.avg);
			if (!reading || y === undefined || reading.timeMs < fromMs || reading.timeMs > toMs) return;
			const colour = layer.colour ?? i;
			const mark = new Path2D(markOf(colour));
			ctx.save();
			ctx.translate(place(reading.timeMs), y);
			ctx.fillStyle = this.colours.series[colour % this.colours.series.length] ?? this.colours.text;
			ctx.stroke(mark);
			ctx.fill(mark);
			ctx.restore();
		});
	}
}

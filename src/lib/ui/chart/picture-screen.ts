/**
 * A canvas of the page that shows finished pictures, drawn on another one off the page. Without a graphics card Chromium copies each
 * canvas that is drawn on itself with every frame of the page, changed or not; one that is given pictures, only when it was.
 */
export class PictureScreen {
	readonly #drawn: OffscreenCanvas;

	/** @throws when the browser gives no canvas of that kind */
	constructor(private readonly shown: HTMLCanvasElement) {
		const { width, height } = this.size;
		this.#drawn = new OffscreenCanvas(Math.max(1, width), Math.max(1, height));
	}

	/** What is to be drawn on. Its size, as that of its content, is whoever's draws on it. */
	get canvas(): OffscreenCanvas {
		return this.#drawn;
	}

	/** What the page gives it, CSS px. */
	get size(): { readonly width: number; readonly height: number } {
		return { width: this.shown.clientWidth, height: this.shown.clientHeight };
	}

	/** Moves what is drawn to the page; the canvas is blank then. */
	show(): void {
		const context = this.shown.getContext('bitmaprenderer');
		if (!context) throw new Error('The browser has no canvas for pictures.');
		context.transferFromImageBitmap(this.#drawn.transferToImageBitmap());
	}
}

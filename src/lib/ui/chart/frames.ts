/** Something that is drawn anew from time to time. */
export interface Drawn {
	draw(): void;
}

/** One that is due for so long is drawn whatever else the frame has to do. */
export const LATE_MS = 250;
/** From here on the next frame is waited for, rather than a timer. */
const FRAME_MS = 17;

/**
 * All that a page draws by itself shares its animation frames: what is under a hand or shows the newest value at once, charts that
 * only follow the present in turn and within a budget. On a slow machine they follow in bigger steps, and the page stays quick.
 */
export class FrameQueue {
	/** When each is due, ms of `now`. The one that has waited longest comes first. */
	readonly #due = new Map<Drawn, number>();
	#frame: number | undefined;
	#timer: ReturnType<typeof setTimeout> | undefined;

	constructor(
		private readonly frames: {
			readonly request: (callback: () => void) => number;
			readonly cancel: (frame: number) => void;
			readonly now: () => number;
		},
		/** What a frame may spend on what nobody is moving; the rest waits for the next one. */
		private readonly budgetMs: number
	) {}

	/** Draws it in the next frame. */
	soon(item: Drawn): void {
		this.#due.set(item, -Infinity);
		this.#wake();
	}

	/** Draws it after `delayMs`, or when it was asked for sooner. */
	later(item: Drawn, delayMs: number): void {
		const due = this.frames.now() + delayMs;
		if (due < (this.#due.get(item) ?? Infinity)) this.#due.set(item, due);
		this.#wake();
	}

	forget(item: Drawn): void {
		this.#due.delete(item);
		if (this.#due.size > 0) return;
		clearTimeout(this.#timer);
		this.#timer = undefined;
		if (this.#frame !== undefined) this.frames.cancel(this.#frame);
		this.#frame = undefined;
	}

	#wake(): void {
		if (this.#frame !== undefined || this.#due.size === 0) return;
		const waitMs = Math.min(...this.#due.values()) - this.frames.now();
		clearTimeout(this.#timer);
		this.#timer = undefined;
		if (waitMs > FRAME_MS) {
			this.#timer = setTimeout(
				() => {
					this.#timer = undefined;
					this.#wake();
				},
				waitMs - FRAME_MS / 2
			);
		} else this.#frame = this.frames.request(() => this.#draw());
	}

	#draw(): void {
		this.#frame = undefined;
		const beginMs = this.frames.now();
		const due = [...this.#due]
			.filter(([, atMs]) => atMs <= beginMs)
			.sort(([, a], [, b]) => (a < b ? -1 : a > b ? 1 : 0));
		let drawn = 0;
		let begun = false;
		try {
			for (const [item, atMs] of due) {
				const urgent = atMs === -Infinity;
				const spent = drawn > 0 && this.frames.now() - beginMs >= this.budgetMs;
				if (spent && !urgent && !(beginMs - atMs >= LATE_MS && !begun)) break;
				begun ||= !urgent;
				this.#due.delete(item);
				item.draw();
				drawn++;
			}
		} finally {
			this.#wake();
		}
	}
}

/** In the frames of the page, or of the worker, that this runs in. */
export const framesWithin = (budgetMs: number): FrameQueue =>
	new FrameQueue(
		{
			request: (callback) => requestAnimationFrame(callback),
			cancel: (frame) => cancelAnimationFrame(frame),
			now: () => performance.now()
		},
		budgetMs
	);

/** The page's own. */
export const frameQueue = framesWithin(0.5);

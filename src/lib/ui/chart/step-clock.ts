import { createSubscriber } from 'svelte/reactivity';

const SHORTEST_MS = 1_000;
const LONGEST_MS = 5_000;
/** Of what a window shows, so much may be new before it is told of anew. */
const SHARE = 1 / 12;

/**
 * The present, as one chart's words and questions to the store take it. The lines follow it by themselves: this one steps seldom, and
 * every clock at a time of its own, so that the charts of a page are never all told of it at once. It rests while the page is hidden.
 */
export class StepClock {
	#nowMs = Date.now();
	readonly #subscribe: () => void;

	/** @param spanMs what the chart shows now; not reactive */
	constructor(private readonly spanMs: () => number) {
		this.#subscribe = createSubscriber((update) => {
			let timer: ReturnType<typeof setTimeout> | undefined;
			const step = () => {
				this.#nowMs = Date.now();
				timer = setTimeout(step, this.#stepMs());
				update();
			};
			const wakeOrRest = () => {
				clearTimeout(timer);
				if (!document.hidden) step();
			};
			if (!document.hidden) timer = setTimeout(step, Math.random() * this.#stepMs());
			document.addEventListener('visibilitychange', wakeOrRest);
			return () => {
				clearTimeout(timer);
				document.removeEventListener('visibilitychange', wakeOrRest);
			};
		});
	}

	/** ms since the Unix epoch, older by a step at most. Reactive inside an effect or a template. */
	get nowMs(): number {
		this.#subscribe();
		const nowMs = Date.now();
		if (nowMs - this.#nowMs > this.#stepMs()) this.#nowMs = nowMs;
		return this.#nowMs;
	}

	#stepMs(): number {
		return Math.min(Math.max(this.spanMs() * SHARE, SHORTEST_MS), LONGEST_MS);
	}
}

import { createSubscriber } from 'svelte/reactivity';

/**
 * The page's one ticking clock: all ages on a screen are counted from it, so they move together and one timer serves
 * them all. It rests while nobody reads it, and while the page is hidden.
 */
class Ticker {
	#nowMs = Date.now();

	readonly #subscribe = createSubscriber((update) => {
		const tick = () => {
			this.#nowMs = Date.now();
			update();
		};
		let timer: ReturnType<typeof setInterval> | undefined;
		const wakeOrRest = () => {
			clearInterval(timer);
			timer = document.hidden ? undefined : setInterval(tick, 1000);
			if (!document.hidden) tick();
		};
		// Before the first reader the clock stood still.
		this.#nowMs = Date.now();
		timer = setInterval(tick, 1000);
		document.addEventListener('visibilitychange', wakeOrRest);
		return () => {
			clearInterval(timer);
			document.removeEventListener('visibilitychange', wakeOrRest);
		};
	});

	/** ms since the Unix epoch, to about a second. Reactive inside an effect or a template. */
	get nowMs(): number {
		this.#subscribe();
		// Read before the first subscriber's first tick, the kept time may be hours old.
		if (Date.now() - this.#nowMs > 1500) this.#nowMs = Date.now();
		return this.#nowMs;
	}
}

export const ticker = new Ticker();

import type { Clock } from '$lib/base';

const WINDOW_S = 5;

/** Events a second over the last five whole seconds, in constant memory. */
export class RateMeter {
	readonly #perSecond = new Uint32Array(WINDOW_S + 1);
	#second: number;

	constructor(private readonly clock: Clock) {
		this.#second = Math.floor(clock.now() / 1000);
	}

	count(): void {
		this.#turn();
		this.#perSecond[this.#second % this.#perSecond.length]!++;
	}

	get perSecond(): number {
		this.#turn();
		const slots = this.#perSecond.length;
		let sum = 0;
		for (let ago = 1; ago <= WINDOW_S; ago++)
			sum += this.#perSecond[(this.#second - ago + slots * WINDOW_S) % slots]!;
		return sum / WINDOW_S;
	}

	/** True while the rate will still fall by itself. */
	get moving(): boolean {
		this.#turn();
		return this.#perSecond.some((n) => n > 0);
	}

	#turn(): void {
		const second = Math.floor(this.clock.now() / 1000);
		const passed = Math.min(this.#perSecond.length, Math.max(0, second - this.#second));
		for (let i = 0; i < passed; i++) this.#perSecond[(second - i) % this.#perSecond.length] = 0;
		this.#second = Math.max(this.#second, second);
	}
}

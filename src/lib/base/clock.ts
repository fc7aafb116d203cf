/** Time and timers, injected so that tests never wait. */
export interface Clock {
	/** ms since the Unix epoch. */
	now(): number;
	/** Runs `fn` once after `delayMs`; the returned function cancels it. */
	after(delayMs: number, fn: () => void): () => void;
}

export const systemClock: Clock = {
	now: () => Date.now(),
	after(delayMs, fn) {
		const id = setTimeout(fn, delayMs);
		return () => clearTimeout(id);
	}
};

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
	#now: number;
	#timers: { at: number; fn: () => void }[] = [];

	constructor(nowMs = 1_700_000_000_000) {
		this.#now = nowMs;
	}

	now(): number {
		return this.#now;
	}

	after(delayMs: number, fn: () => void): () => void {
		const timer = { at: this.#now + delayMs, fn };
		this.#timers.push(timer);
		return () => (this.#timers = this.#timers.filter((t) => t !== timer));
	}

	/** Moves time on, running what falls due in order. */
	advance(ms: number): void {
		const end = this.#now + ms;
		for (;;) {
			const due = this.#timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
			if (!due) break;
			this.#timers = this.#timers.filter((t) => t !== due);
			this.#now = Math.max(this.#now, due.at);
			due.fn();
		}
		this.#now = end;
	}
}

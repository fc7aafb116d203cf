/** Those who follow a value: each gets it now and at each change until its signal aborts. */
export class Watchers<T> {
	readonly #emits = new Set<(value: T) => void>();

	get size(): number {
		return this.#emits.size;
	}

	/** @param now undefined where there is no value yet */
	add(emit: (value: T) => void, signal: AbortSignal, now: T | undefined): void {
		if (signal.aborted) return;
		this.#emits.add(emit);
		signal.addEventListener('abort', () => this.#emits.delete(emit), { once: true });
		if (now !== undefined) emit(now);
	}

	tell(value: T): void {
		for (const emit of this.#emits) emit(value);
	}
}

/** Listeners of one kind of piece, each until its signal aborts. */
export class Listeners<T> {
	readonly #all = new Set<(item: T) => void>();

	add(fn: (item: T) => void, signal: AbortSignal): void {
		if (signal.aborted) return;
		this.#all.add(fn);
		signal.addEventListener('abort', () => this.#all.delete(fn), { once: true });
	}

	tell(item: T): void {
		for (const fn of [...this.#all]) fn(item);
	}
}

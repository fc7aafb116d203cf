/** A FIFO that never grows past `capacity`: the oldest goes first, and is counted. */
export class BoundedQueue<T> {
	#items: T[] = [];
	#dropped = 0;

	constructor(readonly capacity: number) {}

	get length(): number {
		return this.#items.length;
	}

	/** How many were dropped since the start. */
	get dropped(): number {
		return this.#dropped;
	}

	push(item: T): void {
		this.#items.push(item);
		if (this.#items.length > this.capacity) {
			this.#items.shift();
			this.#dropped++;
		}
	}

	/** Takes all that waits, oldest first. */
	drain(): T[] {
		const all = this.#items;
		this.#items = [];
		return all;
	}

	*[Symbol.iterator](): IterableIterator<T> {
		yield* this.#items;
	}
}

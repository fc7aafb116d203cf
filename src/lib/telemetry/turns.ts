/** Acts on the disk one after the other, in the order they were asked for. */
export class Turns {
	#tail: Promise<unknown> = Promise.resolve();
	#depth = 0;

	/** Acts that run or wait for their turn. */
	get depth(): number {
		return this.#depth;
	}

	/** Runs after everything queued before it. */
	take<T>(act: () => Promise<T>): Promise<T> {
		this.#depth++;
		const turn = this.#tail.then(act).finally(() => this.#depth--);
		this.#tail = turn.catch(() => undefined); // the caller has the rejection
		return turn;
	}

	/** Resolves when all that is queued now has run. */
	async over(): Promise<void> {
		await this.#tail;
	}
}

/** Acts on the disk one after the other, in the order they were asked for. */
export class Turns {
	#tail: Promise<unknown> = Promise.resolve();

	/** Runs after everything queued before it. */
	take<T>(act: () => Promise<T>): Promise<T> {
		const turn = this.#tail.then(act);
		this.#tail = turn.catch(() => undefined); // the caller has the rejection
		return turn;
	}

	/** Resolves when all that is queued now has run. */
	async over(): Promise<void> {
		await this.#tail;
	}
}

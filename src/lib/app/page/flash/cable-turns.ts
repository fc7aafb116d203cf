import { err, untilAborted, type Result } from '$lib/base';
import type { FlashError } from '$lib/flash';
import type { PortUse } from '$lib/link';

/** One act on a cable after another, whoever asks. Reads give way to anything else. */
export class CableTurns {
	#last: Promise<unknown> = Promise.resolve();
	#reads = new AbortController();
	#takenBy: PortUse = 'flash';

	/** Rejects with the signal's reason, also while it waits; and as the act does. */
	take<T>(act: () => Promise<T>, signal: AbortSignal): Promise<T> {
		const before = this.#last;
		const turn = untilAborted(before, signal).then(act);
		this.#last = Promise.allSettled([before, turn]);
		return turn;
	}

	/** Ends the reads under way and those that wait, and goes before what comes later. */
	takeOver<T>(use: PortUse, act: () => Promise<T>, signal: AbortSignal): Promise<T> {
		this.#takenBy = use;
		this.#reads.abort();
		this.#reads = new AbortController();
		return this.take(act, signal);
	}

	/** Rejects with the signal's reason; fails as `held` where something else needs the cable. */
	async read<T>(
		act: (until: AbortSignal) => Promise<Result<T, FlashError>>,
		signal: AbortSignal
	): Promise<Result<T, FlashError>> {
		const reads = this.#reads.signal;
		const until = AbortSignal.any([signal, reads]);
		try {
			return await this.take(() => act(until), until);
		} catch (cause) {
			signal.throwIfAborted();
			if (!reads.aborted) throw cause;
			return err({ kind: 'held', by: this.#takenBy });
		}
	}
}

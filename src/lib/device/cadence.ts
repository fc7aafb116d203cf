/**
 * How often a device speaks, learnt from the times of its messages, so that "late" means late for this device: a node that
 * speaks each minute is not late after thirty seconds, and one that speaks each second is.
 */
export class Cadence {
	/** Before two messages were seen, ms. */
	static readonly UNKNOWN_LATE_MS = 60_000;
	static readonly #LEAST_LATE_MS = 15_000;
	static readonly #MOST_LATE_MS = 60 * 60 * 1000;
	/** Late is when three messages are missing. */
	static readonly #MISSING = 3;

	private constructor(
		private readonly lastSeenMs: number,
		private readonly intervalMs: number | undefined
	) {}

	static unknown(lastSeenMs: number): Cadence {
		return new Cadence(lastSeenMs, undefined);
	}

	/** @returns itself where nothing new was seen */
	seen(atMs: number): Cadence {
		const gapMs = atMs - this.lastSeenMs;
		if (gapMs <= 0) return this;
		// A silence far beyond the habit is an outage, not a new habit; two in a row begin to move it.
		const habit =
			this.intervalMs === undefined
				? gapMs
				: this.intervalMs + (Math.min(gapMs, 4 * this.intervalMs) - this.intervalMs) / 8;
		return new Cadence(atMs, habit);
	}

	/** ms of silence after which the device is late. */
	get lateAfterMs(): number {
		if (this.intervalMs === undefined) return Cadence.UNKNOWN_LATE_MS;
		return Math.min(
			Math.max(Cadence.#MISSING * this.intervalMs, Cadence.#LEAST_LATE_MS),
			Cadence.#MOST_LATE_MS
		);
	}
}

/** The habits of all devices. */
export class CadenceBook {
	readonly #habits = new Map<string, Cadence>();

	/** Notes when these devices were last seen. */
	note(seen: readonly { readonly id: string; readonly lastSeenMs: number }[]): void {
		for (const { id, lastSeenMs } of seen) {
			this.#habits.set(id, (this.#habits.get(id) ?? Cadence.unknown(lastSeenMs)).seen(lastSeenMs));
		}
	}

	forget(ids: readonly string[]): void {
		for (const id of ids) this.#habits.delete(id);
	}

	/** ms of silence after which this device is late. */
	lateAfterMs(id: string): number {
		return this.#habits.get(id)?.lateAfterMs ?? Cadence.UNKNOWN_LATE_MS;
	}
}

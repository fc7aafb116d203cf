import type { Clock } from '$lib/base';
import { type Command, isSettled } from '$lib/model';

/** Keys come one by one; a hand that rests this long means what it says. */
const REST_MS = 200;

/**
 * A value that a person sets on a slider and a device reports back. What the hand has set stays in view until its command is
 * settled: following the report before that would pull the slider from under the hand.
 */
export class AskedValue {
	#held = $state<number | undefined>(undefined);
	/** When the held value was handed over to be sent, ms; undefined while the hand is still at it. */
	#askedMs = $state<number | undefined>(undefined);
	#cancel: (() => void) | undefined;

	/** @param send stores the command; false where it could not be stored, and so will never be settled */
	constructor(
		private readonly send: (value: number) => Promise<boolean>,
		private readonly clock: Clock
	) {}

	/** What the slider shows. @param last the newest command to the same thing */
	shown(reported: number, last: Command | undefined): number {
		if (this.#held === undefined) return reported;
		const settled =
			this.#askedMs !== undefined && last && last.createdMs >= this.#askedMs && isSettled(last.state);
		return settled ? reported : this.#held;
	}

	/** The hand moves. */
	move(value: number): void {
		this.#cancel?.();
		this.#held = value;
		this.#askedMs = undefined;
	}

	/** The hand has let go, or pressed one key of several. */
	rest(value: number): void {
		this.move(value);
		this.#cancel = this.clock.after(REST_MS, () => void this.#ask(value));
	}

	/** What was still waiting for the hand to rest is sent now: the person is leaving. */
	leave(): void {
		if (this.#cancel && this.#held !== undefined && this.#askedMs === undefined) void this.#ask(this.#held);
	}

	async #ask(value: number): Promise<void> {
		this.#cancel?.();
		this.#cancel = undefined;
		this.#askedMs = this.clock.now();
		if (!(await this.send(value)) && this.#held === value) this.#held = undefined;
	}
}

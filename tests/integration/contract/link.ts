/** One device fresh from the factory, and a way to it. */
export interface ContractDevice {
	/** Sends a request as it stands and gives the device's next answer. */
	ask(request: string): Promise<unknown>;
}

/** A kind of link with many devices, so that each scenario has one of its own. */
export interface ContractLink {
	/** Device time now, s since the Unix epoch. */
	readonly nowS: () => number;
	/** Number `index`; of those whose clock is not set where `clock` is false. */
	device(index: number, clock: boolean): Promise<ContractDevice>;
	close(): Promise<void>;
}

/** How many devices of each sort a link has. */
export interface Fleet {
	readonly withClock: number;
	readonly withoutClock: number;
}

export type LinkKind = 'loopback' | 'serial' | 'mqtt' | 'http';

const ANSWER_TIMEOUT_MS = 10_000;

/** Answers in their order, each for whoever asked next. */
export class AnswerQueue {
	readonly #waiting: ((answer: unknown) => void)[] = [];
	readonly #early: unknown[] = [];

	put(answer: unknown): void {
		const next = this.#waiting.shift();
		if (next) next(answer);
		else this.#early.push(answer);
	}

	async next(what: string): Promise<unknown> {
		if (this.#early.length > 0) return this.#early.shift();
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`no answer to ${what}`)), ANSWER_TIMEOUT_MS);
			this.#waiting.push((answer) => {
				clearTimeout(timer);
				resolve(answer);
			});
		});
	}
}

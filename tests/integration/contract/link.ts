import type { Caller } from './scenarios';

/** One device fresh from the factory, and a way to it. */
export interface ContractDevice {
	/** Sends a request as it stands, or with the caller's seal or token, and gives the device's next answer. */
	ask(request: string, as?: Caller): Promise<unknown>;
}

/** A kind of link with many devices, so that each scenario has one of its own. */
export interface ContractLink {
	/** Device time now, s since the Unix epoch. */
	readonly nowS: () => number;
	/** Number `index`; of those whose clock is not set where `clock` is false. With `keyed` it is given SECRET first. */
	device(
		index: number,
		wanted: { readonly clock: boolean; readonly keyed: boolean }
	): Promise<ContractDevice>;
	close(): Promise<void>;
}

/** How many devices of each sort a link has. */
export interface Fleet {
	readonly withClock: number;
	readonly withoutClock: number;
}

export type LinkKind = 'loopback' | 'board loopback' | 'serial' | 'mqtt' | 'http';

const ANSWER_TIMEOUT_MS = 10_000;

/** Answers in their order, each for whoever asked next. */
export class AnswerQueue<T> {
	readonly #waiting: ((answer: T) => void)[] = [];
	readonly #early: T[] = [];

	put(answer: T): void {
		const next = this.#waiting.shift();
		if (next) next(answer);
		else this.#early.push(answer);
	}

	async next(what: string): Promise<T> {
		if (this.#early.length > 0) return this.#early.shift()!;
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`no answer to ${what}`)), ANSWER_TIMEOUT_MS);
			this.#waiting.push((answer) => {
				clearTimeout(timer);
				resolve(answer);
			});
		});
	}
}

import type { SmallStore } from './adapter-bauds';

const KEY = 'fieldbench-console-sent';
const MAX_KEPT = 50;
/** A longer line is called back in this visit only. */
const MAX_STORED_CHARS = 500;

/** What was sent, to be called back as shells do: up for older, down for newer. Kept in this browser where there is a store. */
export class SendHistory {
	#sent: string[];
	/** How far back; 0 is the line being typed. */
	#back = 0;
	#draft = '';

	constructor(private readonly store?: SmallStore) {
		this.#sent = this.#stored();
	}

	get size(): number {
		return this.#sent.length;
	}

	add(text: string): void {
		this.#back = 0;
		if (text === '' || this.#sent.at(-1) === text) return;
		this.#sent.push(text);
		if (this.#sent.length > MAX_KEPT) this.#sent.shift();
		this.#write();
	}

	/** Forgets all of it, also in the store: a password may have been among it. */
	forget(): void {
		this.#sent = [];
		this.#back = 0;
		this.#write();
	}

	/** @param typed what stands in the field, kept until it is come back to */
	older(typed: string): string {
		if (this.#back === 0) this.#draft = typed;
		if (this.#back < this.#sent.length) this.#back++;
		return this.#at(typed);
	}

	newer(typed: string): string {
		if (this.#back === 0) return typed;
		this.#back--;
		return this.#back === 0 ? this.#draft : this.#at(typed);
	}

	#at(typed: string): string {
		return this.#sent[this.#sent.length - this.#back] ?? typed;
	}

	#stored(): string[] {
		try {
			const kept: unknown = JSON.parse(this.store?.getItem(KEY) ?? '[]');
			return Array.isArray(kept) ? kept.filter((text) => typeof text === 'string').slice(-MAX_KEPT) : [];
		} catch {
			return []; // another program's text, or a forbidden store
		}
	}

	#write(): void {
		try {
			if (this.#sent.length === 0) this.store?.removeItem(KEY);
			else
				this.store?.setItem(
					KEY,
					JSON.stringify(this.#sent.filter(({ length }) => length <= MAX_STORED_CHARS))
				);
		} catch {
			// a full or forbidden store: the history holds for this visit
		}
	}
}

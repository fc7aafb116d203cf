/** What ends a line that is sent; boards differ in what they wait for. */
export const LINE_ENDINGS = { lf: '\n', crlf: '\r\n', cr: '\r', none: '' } as const;
export type LineEnding = keyof typeof LINE_ENDINGS;

const MAX_KEPT = 50;

/** What was sent, to be called back as shells do: up for older, down for newer. */
export class SendHistory {
	readonly #sent: string[] = [];
	/** How far back; 0 is the line being typed. */
	#back = 0;
	#draft = '';

	add(text: string): void {
		this.#back = 0;
		if (text === '' || this.#sent.at(-1) === text) return;
		this.#sent.push(text);
		if (this.#sent.length > MAX_KEPT) this.#sent.shift();
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
}

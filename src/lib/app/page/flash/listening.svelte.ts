import type { PortError, SerialLine } from '$lib/link';
import type { BoardAtWork } from './works';

/** Hearing a board's program and nothing else: nothing is asked of it, whatever program it is. */
export class Listening {
	#line = $state.raw<SerialLine | undefined>(undefined);
	#error = $state.raw<PortError | undefined>(undefined);
	readonly #end = new AbortController();

	/** For the console; undefined while it is not open. */
	get line(): SerialLine | undefined {
		return this.#line;
	}

	/** Why the line could not be opened. */
	get error(): PortError | undefined {
		return this.#error;
	}

	/** @param baud undefined for the usual one */
	async begin(at: BoardAtWork, baud: number | undefined, hear: (text: Uint8Array) => void): Promise<void> {
		const { signal } = this.#end;
		const line = await at.listen(hear, signal, baud);
		if (signal.aborted) return;
		if (line.ok) this.#line = line.value;
		else this.#error = line.error;
	}

	/** Closes the line. */
	end(): void {
		this.#end.abort();
	}
}

import type { ConsoleLine, Lines } from './console-line';
import type { LineSearch } from './line-search';

/** The shown lines in which a search is found, followed as the log grows and forgets, in steps of bounded work. */
export class FoundLines {
	#ids: number[] = [];
	#nextId: number;

	constructor(
		private lines: Lines,
		private readonly search: LineSearch,
		private readonly passes: ((line: ConsoleLine) => boolean) | undefined
	) {
		this.#nextId = lines.firstId;
	}

	get ids(): readonly number[] {
		return this.#ids;
	}

	get behind(): number {
		return this.lines.endId - this.#nextId;
	}

	update(lines: Lines, atMost: number): void {
		this.lines = lines;
		const gone = this.#ids.findIndex((id) => id >= lines.firstId);
		if (gone !== 0) this.#ids = gone < 0 ? [] : this.#ids.slice(gone);
		this.#nextId = Math.max(this.#nextId, lines.firstId);
		const to = Math.min(lines.endId, this.#nextId + atMost);
		for (let id = this.#nextId; id < to; id++) {
			const line = lines.at(id);
			if (line && this.search.test(line.text) && this.passes?.(line) !== false) this.#ids.push(id);
		}
		this.#nextId = to;
	}
}

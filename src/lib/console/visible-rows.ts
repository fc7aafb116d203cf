import type { ConsoleLine, Lines } from './console-line';
import { MARKS } from './log-file';

const TAB = 8;

/** How many columns a line takes on a screen of equally wide letters; tabs go to the next eighth. */
export function cellsOf({ text, from }: Pick<ConsoleLine, 'text' | 'from'>): number {
	let cells = MARKS[from].length;
	let at = 0;
	for (let tab = text.indexOf('\t'); tab >= 0; tab = text.indexOf('\t', at)) {
		cells = (Math.floor((cells + tab - at) / TAB) + 1) * TAB;
		at = tab + 1;
	}
	return cells + text.length - at;
}

/**
 * Which lines are shown, and in which row of the screen each begins. Follows a log that grows and forgets its oldest lines, in
 * steps of bounded work. Rows count from the oldest line that is kept.
 */
export class VisibleRows {
	#ids: number[] = [];
	/** The row after each line, from the first line that ever was. */
	#ends: number[] = [];
	/** Rows of lines that are gone. */
	#goneRows = 0;
	#nextId: number;

	/**
	 * @param columns where a line is wrapped; Infinity for never
	 * @param passes undefined where all lines are shown
	 */
	constructor(
		private lines: Lines,
		readonly columns: number,
		private readonly passes: ((line: ConsoleLine) => boolean) | undefined
	) {
		this.#nextId = lines.firstId;
	}

	get count(): number {
		return this.#ids.length;
	}

	get rows(): number {
		return (this.#ends.at(-1) ?? this.#goneRows) - this.#goneRows;
	}

	/** Lines that were not looked at yet. */
	get behind(): number {
		return this.lines.endId - this.#nextId;
	}

	/**
	 * Takes up what came and lets go of what is no longer kept.
	 * @returns how many rows went at the top
	 */
	update(lines: Lines, atMost: number): number {
		this.lines = lines;
		const gone = this.#forget(lines.firstId);
		this.#nextId = Math.max(this.#nextId, lines.firstId);
		const to = Math.min(lines.endId, this.#nextId + atMost);
		let end = this.#ends.at(-1) ?? this.#goneRows;
		for (let id = this.#nextId; id < to; id++) {
			const line = lines.at(id);
			if (!line || this.passes?.(line) === false) continue;
			end += this.rowsOf(line);
			this.#ids.push(id);
			this.#ends.push(end);
		}
		this.#nextId = to;
		return gone;
	}

	rowsOf(line: Pick<ConsoleLine, 'text' | 'from'>): number {
		return this.columns === Infinity ? 1 : Math.max(1, Math.ceil(cellsOf(line) / this.columns));
	}

	/** @param index 0 ≤ index < count */
	idAt(index: number): number {
		return this.#ids[index]!;
	}

	/** The row in which the line at `index` begins. */
	rowOf(index: number): number {
		return index === 0 ? 0 : this.#ends[index - 1]! - this.#goneRows;
	}

	/** The line that covers a row; the last one for rows beyond. */
	indexAtRow(row: number): number {
		return Math.min(this.count - 1, firstAbove(this.#ends, row + this.#goneRows));
	}

	/** The line with this id, or the next one that is shown. */
	indexOfId(id: number): number {
		return firstAbove(this.#ids, id - 1);
	}

	#forget(firstId: number): number {
		const count = this.indexOfId(firstId);
		if (count === 0) return 0;
		const before = this.#goneRows;
		this.#goneRows = this.#ends[count - 1]!;
		this.#ids.splice(0, count);
		this.#ends.splice(0, count);
		return this.#goneRows - before;
	}
}

/** The first place whose number is larger, by halving. @param numbers ascending */
function firstAbove(numbers: readonly number[], than: number): number {
	let [low, high] = [0, numbers.length];
	while (low < high) {
		const middle = (low + high) >> 1;
		if (numbers[middle]! > than) high = middle;
		else low = middle + 1;
	}
	return low;
}

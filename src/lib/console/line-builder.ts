import type { AnsiEvent } from './ansi';
import type { LineText, StyleRun } from './console-line';
import { PLAIN, type TextStyle } from './text-style';

/** A line of more is cut: a board that sends binary has no line feeds. */
export const MAX_LINE_CHARS = 4000;

/** One line as a terminal of one row would show it: text may be written over, moved in and erased until a line feed ends it. */
export class LineBuilder {
	#text = '';
	#runs: StyleRun[] = [];
	#column = 0;
	#atMs = 0;
	#begun = false;

	/** The line so far; undefined where nothing of it has come. */
	get open(): LineText | undefined {
		return this.#begun ? { atMs: this.#atMs, text: this.#text, runs: [...this.#runs] } : undefined;
	}

	/** @returns the lines that this ends: none, one, or several where a text is too long for one */
	take(event: AnsiEvent, atMs: number): readonly LineText[] {
		switch (event.kind) {
			case 'text':
				return this.#write(event.text, event.style, atMs);
			case 'line-feed':
				return [this.end(atMs)];
			case 'carriage-return':
				this.#column = 0;
				break;
			case 'move':
				this.#column = clamp(this.#column + event.columns);
				break;
			case 'column':
				this.#column = clamp(event.at);
				break;
			case 'erase':
				this.#erase(event.what);
		}
		return NONE;
	}

	/** Ends the line, whatever it holds. */
	end(atMs: number): LineText {
		const line = { atMs: this.#begun ? this.#atMs : atMs, text: this.#text, runs: this.#runs };
		this.clear();
		return line;
	}

	clear(): void {
		this.#text = '';
		this.#runs = [];
		this.#column = 0;
		this.#begun = false;
	}

	#write(text: string, style: TextStyle, atMs: number): readonly LineText[] {
		let ended: LineText[] | undefined;
		for (let rest = text; rest !== '';) {
			if (!this.#begun) {
				this.#begun = true;
				this.#atMs = atMs;
			}
			const room = MAX_LINE_CHARS - this.#column;
			const part = rest.length <= room ? rest : rest.slice(0, wholeCharacters(rest, room));
			if (part === '') {
				(ended ??= []).push({ ...this.end(atMs), cut: true });
				continue;
			}
			this.#put(part, style);
			rest = rest.slice(part.length);
		}
		return ended ?? NONE;
	}

	#put(text: string, style: TextStyle): void {
		if (this.#column > this.#text.length) {
			this.#append(' '.repeat(this.#column - this.#text.length), PLAIN);
		}
		if (this.#column === this.#text.length) this.#append(text, style);
		else {
			const cells = this.#cells();
			for (let i = 0; i < text.length; i++) cells[this.#column + i] = [text[i]!, style];
			this.#setCells(cells);
		}
		this.#column += text.length;
	}

	#append(text: string, style: TextStyle): void {
		const last = this.#runs.length === 0 ? PLAIN : this.#runs[this.#runs.length - 1]!.style;
		if (last !== style) this.#runs.push({ at: this.#text.length, style });
		this.#text += text;
	}

	#erase(what: 'to-end' | 'to-start' | 'line'): void {
		const cells = this.#cells();
		if (what === 'to-end') cells.length = Math.min(cells.length, this.#column);
		else if (what === 'line') cells.length = 0;
		else for (let i = 0; i <= this.#column && i < cells.length; i++) cells[i] = [' ', PLAIN];
		this.#setCells(cells);
	}

	#cells(): [string, TextStyle][] {
		let run = -1;
		return [...Array(this.#text.length).keys()].map((at) => {
			while (this.#runs[run + 1] && this.#runs[run + 1]!.at <= at) run++;
			return [this.#text[at]!, this.#runs[run]?.style ?? PLAIN];
		});
	}

	#setCells(cells: readonly (readonly [string, TextStyle])[]): void {
		this.#text = '';
		this.#runs = [];
		for (const [char, style] of cells) this.#append(char, style);
	}
}

const NONE: readonly LineText[] = [];
const clamp = (column: number): number => Math.max(0, Math.min(MAX_LINE_CHARS, column));

/** Not more than `most` units, and no surrogate without its other half. */
function wholeCharacters(text: string, most: number): number {
	const last = text.charCodeAt(most - 1);
	return most > 0 && last >= 0xd800 && last <= 0xdbff ? most - 1 : most;
}

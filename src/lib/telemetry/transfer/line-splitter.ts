/** A line of a file, or a record of several where quotes hold line ends. */
export interface TextRecord {
	/** It begins in, from 1. */
	readonly line: number;
	readonly text: string;
	/** It cannot be read: too long for any sample, or a quote that never ends. */
	readonly fault?: 'too-long' | 'unclosed-quote';
}

/** Longer than any sample of ours: 256 states of 256 characters, each escaped, are the most of it. */
const MAX_RECORD_CHARS = 1 << 20;

/**
 * Cuts a text that comes in pieces into records; the pieces may be cut anywhere. What is in memory is one piece and one record.
 * A record that has not ended after `mostChars` is told: its first line where there are several, since a quote was left open in it,
 * and what follows is read anew, which happens to no character twice; else it is left out up to its end.
 * @param quoted CSV: a record goes on while its quotes are not closed
 */
export class LineSplitter {
	#rest = '';
	/** Up to where `#rest` has been looked at, and whether a quote is open there. */
	#scanned = 0;
	#open = false;
	#line = 1;
	/** Within a line that was too long already. */
	#skipping = false;

	constructor(
		private readonly quoted: boolean,
		private readonly mostChars = MAX_RECORD_CHARS
	) {}

	/** Records that this piece ends. */
	push(piece: string): TextRecord[] {
		const found: TextRecord[] = [];
		this.#rest += piece;
		while (this.#cut(found));
		return found;
	}

	/** What is left at the end of the file. */
	end(): TextRecord[] {
		const found: TextRecord[] = [];
		while (this.#open) {
			this.#giveUpLine(found);
			while (this.#cut(found));
		}
		if (this.#rest !== '') this.#take(this.#rest, found);
		this.#restart('');
		return found;
	}

	/** Takes all records that have ended. @returns whether there are more, since a line was given up */
	#cut(found: TextRecord[]): boolean {
		let at = 0;
		for (;;) {
			const end = this.#rest.indexOf('\n', this.#scanned);
			const to = end < 0 ? this.#rest.length : end;
			if (this.quoted && !this.#skipping && oddQuotes(this.#rest.slice(this.#scanned, to)))
				this.#open = !this.#open;
			this.#scanned = end < 0 ? to : to + 1;
			const tooLong = to - at > this.mostChars;
			if (end < 0 || tooLong) {
				if (at > 0) this.#drop(at);
				return tooLong && this.#giveUp(found);
			}
			if (this.#open) continue;
			this.#take(this.#rest.slice(at, end), found);
			at = end + 1;
		}
	}

	/** The first record is too long. @returns whether there is more to be read */
	#giveUp(found: TextRecord[]): boolean {
		const end = this.#rest.indexOf('\n');
		if (end >= 0 && end <= this.mostChars) {
			this.#giveUpLine(found);
			return true;
		}
		if (!this.#skipping) found.push({ line: this.#line, text: '', fault: 'too-long' });
		this.#skipping = true;
		this.#restart(end < 0 ? '' : this.#rest.slice(end));
		return end >= 0;
	}

	/** The line with the open quote is told and left out; what follows is read anew. */
	#giveUpLine(found: TextRecord[]): void {
		const end = this.#rest.indexOf('\n');
		found.push({ line: this.#line, text: '', fault: 'unclosed-quote' });
		this.#line++;
		this.#restart(end < 0 ? '' : this.#rest.slice(end + 1));
	}

	#take(raw: string, found: TextRecord[]): void {
		const line = this.#line;
		this.#line += 1 + (this.quoted ? raw.split('\n').length - 1 : 0);
		if (this.#skipping) {
			this.#skipping = false;
			return;
		}
		const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
		if (text.trim() !== '') found.push({ line, text });
	}

	#drop(chars: number): void {
		this.#rest = this.#rest.slice(chars);
		this.#scanned -= chars;
	}

	#restart(text: string): void {
		this.#rest = text;
		this.#scanned = 0;
		this.#open = false;
	}
}

function oddQuotes(text: string): boolean {
	let odd = false;
	for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) odd = !odd;
	return odd;
}

/** The fields of one CSV record, quotes taken off. */
export function csvFields(record: string, delimiter: string): string[] {
	if (!record.includes('"')) return record.split(delimiter);
	const fields: string[] = [];
	let field = '';
	let inside = false;
	for (let i = 0; i < record.length; i++) {
		const c = record[i]!;
		if (inside) {
			if (c !== '"') field += c;
			else if (record[i + 1] === '"') field += record[++i]!;
			else inside = false;
		} else if (c === '"' && field === '') inside = true;
		else if (c === delimiter) {
			fields.push(field);
			field = '';
		} else field += c;
	}
	fields.push(field);
	return fields;
}

/** A line of a file, or a record of several where quotes hold line ends. */
export interface TextRecord {
	/** It begins in, from 1. */
	readonly line: number;
	readonly text: string;
	/** It cannot be read: too long for any sample, or a quote that never ends. */
	readonly fault?: 'too-long' | 'unclosed-quote';
}

/** Longer than any sample of 256 metrics with the longest names. */
const MAX_RECORD_CHARS = 65_536;

/**
 * Cuts a text that comes in pieces into records; the pieces may be cut anywhere. What is in memory is one piece and one record.
 * @param quoted CSV: a record goes on while its quotes are not closed
 */
export class LineSplitter {
	#rest = '';
	#line = 1;
	/** Within a line that was too long already. */
	#skipping = false;

	constructor(private readonly quoted: boolean) {}

	/** Records that this piece ends. */
	push(piece: string): TextRecord[] {
		this.#rest += piece;
		const found: TextRecord[] = [];
		let at = 0;
		for (;;) {
			const end = this.#endFrom(at);
			if (end < 0) break;
			this.#take(this.#rest.slice(at, end), found);
			at = end + 1;
		}
		this.#rest = this.#rest.slice(at);
		while (this.#rest.length > MAX_RECORD_CHARS && !this.#broken(found));
		return found;
	}

	/** What is left at the end of the file. */
	end(): TextRecord[] {
		const found: TextRecord[] = [];
		while (this.quoted && quotes(this.#rest) % 2 === 1) this.#giveUpQuote(found);
		if (this.#rest !== '') this.#take(this.#rest, found);
		this.#rest = '';
		return found;
	}

	/** Where the record that begins at `at` ends; -1 where that is not in yet. */
	#endFrom(at: number): number {
		let end = this.#rest.indexOf('\n', at);
		if (!this.quoted || this.#skipping) return end;
		while (end >= 0 && end - at <= MAX_RECORD_CHARS && quotes(this.#rest.slice(at, end)) % 2 === 1)
			end = this.#rest.indexOf('\n', end + 1);
		if (end >= 0 && end - at > MAX_RECORD_CHARS && quotes(this.#rest.slice(at, end)) % 2 === 1) return -1;
		return end;
	}

	#take(raw: string, found: TextRecord[]): void {
		const line = this.#line;
		this.#line += 1 + (this.quoted ? raw.split('\n').length - 1 : 0);
		if (this.#skipping) {
			this.#skipping = false;
			return;
		}
		const text = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
		if (text.length > MAX_RECORD_CHARS) found.push({ line, text: '', fault: 'too-long' });
		else if (text.trim() !== '') found.push({ line, text });
	}

	/** The rest is longer than a record may be. @returns whether no more can be done until more comes */
	#broken(found: TextRecord[]): boolean {
		if (this.#rest.includes('\n')) {
			this.#giveUpQuote(found);
			return this.#rest.length <= MAX_RECORD_CHARS;
		}
		if (!this.#skipping) found.push({ line: this.#line, text: '', fault: 'too-long' });
		this.#skipping = true;
		this.#rest = '';
		return true;
	}

	/** The line with the open quote is told and left out; what follows is read anew. */
	#giveUpQuote(found: TextRecord[]): void {
		const end = this.#rest.indexOf('\n');
		found.push({ line: this.#line, text: '', fault: 'unclosed-quote' });
		const after = end < 0 ? '' : this.#rest.slice(end + 1);
		this.#line++;
		this.#rest = '';
		found.push(...this.push(after));
	}
}

function quotes(text: string): number {
	let count = 0;
	for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) count++;
	return count;
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

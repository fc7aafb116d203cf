import type { SerialLine } from '$lib/link';
import { AnsiReader } from './ansi';
import type { ConsoleLine, Lines, LineText } from './console-line';
import { LineBuilder } from './line-builder';
import { logHeader } from './log-header';
import { TroubleReader, type Troubles } from './trouble-reader';

/** A tag of the log and how many lines had it since the log was cleared. */
export interface SeenTag {
	readonly tag: string;
	readonly lines: number;
}

/** What a view shows; while paused, all of it but `waiting` stands still. */
export interface ConsoleShown {
	readonly lines: Lines;
	/** The line that has no end yet; its id is `lines.endId`. */
	readonly open: ConsoleLine | undefined;
	/** Oldest lines that were given up, to keep the log bounded. */
	readonly dropped: number;
	/** When the first line since the log was cleared came. */
	readonly startMs: number;
	/** While paused: lines that came since. */
	readonly waiting: number;
	readonly paused: boolean;
	/** Of all that came, paused or not. */
	readonly troubles: Troubles;
	/** Most lines first. */
	readonly tags: readonly SeenTag[];
}

export interface LogBounds {
	readonly maxLines: number;
	/** Of text, in UTF-16 units: a byte each for Latin letters, two for others. */
	readonly maxChars: number;
}
const BOUNDS: LogBounds = { maxLines: 100_000, maxChars: 16_000_000 };
/** This part of the lines is given up at a time, since moving the rest up costs time. */
const GIVEN_UP_PART = 1 / 64;
/** A board that writes numbers for tags must not fill the memory. */
const MAX_TAGS = 400;

/** The log of a board's console: bounded, with what was dropped counted. Text may be cut anywhere, inside a character too. */
export class ConsoleLog {
	readonly #watchers = new Set<() => void>();
	readonly #bounds: LogBounds;
	readonly #decoder = new TextDecoder();
	readonly #ansi = new AnsiReader();
	readonly #builder = new LineBuilder();
	readonly #tags = new Map<string, number>();
	#troubles = new TroubleReader();
	#lines: ConsoleLine[] = [];
	#firstId = 0;
	#chars = 0;
	#dropped = 0;
	#received = 0;
	#startMs: number | undefined;
	#frozen: ConsoleShown | undefined;

	/** A few more lines than asked may be kept. */
	constructor(bounds: Partial<LogBounds> = {}) {
		this.#bounds = { ...BOUNDS, ...bounds };
	}

	/** Takes a line's text, until `signal` aborts. @param now ms since the epoch */
	follow(line: SerialLine, now: () => number, signal: AbortSignal): void {
		line.onText((bytes) => this.push(bytes, now()), signal);
	}

	/** Bytes that came from the board since the log was made. */
	get received(): number {
		return this.#received;
	}

	push(bytes: Uint8Array, atMs: number): void {
		this.#received += bytes.length;
		for (const event of this.#ansi.read(this.#decoder.decode(bytes, { stream: true })))
			for (const line of this.#builder.take(event, atMs)) this.#heard(line);
		this.#changed();
	}

	/** A line of the page's own, or one that a person sent; what the board has begun stands before it. */
	note(text: string, from: 'page' | 'sent', atMs: number): void {
		if (this.#builder.open) this.#heard(this.#builder.end(atMs));
		this.#keep({ id: this.#endId, atMs, from, text, runs: [] });
		this.#changed();
	}

	/** A restart that the person asked for is no trouble of the board. */
	restartAsked(atMs: number): void {
		this.#troubles.restartAsked(atMs);
	}

	clear(): void {
		this.#firstId = this.#endId;
		this.#lines = [];
		this.#builder.clear();
		this.#tags.clear();
		this.#troubles = new TroubleReader();
		this.#chars = this.#dropped = 0;
		this.#startMs = undefined;
		if (this.#frozen) this.#frozen = this.#now();
		this.#changed();
	}

	/** What is shown stands still; what comes is kept, and counted. */
	pause(): void {
		this.#frozen ??= { ...this.#now(), lines: frozen(this.#lines, this.#firstId) };
		this.#changed();
	}

	resume(): void {
		this.#frozen = undefined;
		this.#changed();
	}

	get shown(): ConsoleShown {
		if (!this.#frozen) return this.#now();
		const { troubles, tags } = this.#now();
		const waiting = this.#endId - this.#frozen.lines.endId;
		return { ...this.#frozen, waiting, paused: true, troubles, tags };
	}

	/** Every line that is kept, also what a pause holds back. */
	*lines(): IterableIterator<ConsoleLine> {
		yield* this.#lines;
		const { open } = this.#now();
		if (open) yield open;
	}

	/** Tells that something changed, as often as it does: a view takes `shown` at most once a frame. */
	watch(fn: () => void, signal: AbortSignal): void {
		if (signal.aborted) return;
		this.#watchers.add(fn);
		signal.addEventListener('abort', () => this.#watchers.delete(fn), { once: true });
	}

	get #endId(): number {
		return this.#firstId + this.#lines.length;
	}

	#heard(text: LineText): void {
		const line = lineOf(this.#endId, text);
		this.#troubles.read(line);
		if (line.tag !== undefined) this.#countTag(line.tag);
		this.#keep(line);
	}

	#keep(line: ConsoleLine): void {
		this.#startMs ??= line.atMs;
		this.#lines.push(line);
		this.#chars += line.text.length;
		const part = Math.ceil(this.#bounds.maxLines * GIVEN_UP_PART);
		if (this.#lines.length >= this.#bounds.maxLines + part || this.#chars > this.#bounds.maxChars)
			this.#giveUp(Math.min(part, this.#lines.length));
	}

	#giveUp(count: number): void {
		for (const { text } of this.#lines.splice(0, count)) this.#chars -= text.length;
		this.#firstId += count;
		this.#dropped += count;
	}

	#countTag(tag: string): void {
		const lines = this.#tags.get(tag);
		if (lines !== undefined || this.#tags.size < MAX_TAGS) this.#tags.set(tag, (lines ?? 0) + 1);
	}

	#now(): ConsoleShown {
		const { open } = this.#builder;
		const endId = this.#endId;
		return {
			lines: { firstId: this.#firstId, endId, at: (id) => this.#lines[id - this.#firstId] },
			open: open && lineOf(endId, open),
			dropped: this.#dropped,
			startMs: this.#startMs ?? 0,
			waiting: 0,
			paused: false,
			troubles: this.#troubles.found,
			tags: [...this.#tags].map(([tag, lines]) => ({ tag, lines })).sort((a, b) => b.lines - a.lines)
		};
	}

	#changed(): void {
		for (const fn of [...this.#watchers]) fn();
	}
}

function frozen(lines: readonly ConsoleLine[], firstId: number): Lines {
	const copy = [...lines];
	return { firstId, endId: firstId + copy.length, at: (id) => copy[id - firstId] };
}

function lineOf(id: number, line: LineText): ConsoleLine {
	const header = logHeader(line.text);
	return header
		? { id, from: 'board', ...line, level: header.level, tag: header.tag }
		: { id, from: 'board', ...line };
}

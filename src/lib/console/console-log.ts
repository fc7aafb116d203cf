import type { SerialLine } from '$lib/link';
import { AnsiReader, type TextStyle } from './ansi';

/** How grave a line of ESP-IDF's log is, by its first letter. */
export type LogLevel = 'error' | 'warning' | 'info' | 'debug' | 'verbose';

export interface TextSpan {
	readonly text: string;
	readonly style: TextStyle;
}

export interface ConsoleLine {
	/** Rises by one; never used again. */
	readonly id: number;
	/** When its first character came: ms since the epoch, by this computer's clock. */
	readonly atMs: number;
	/** `board`: it came over the cable. `page`: said by Fieldbench itself. `sent`: typed by a person. */
	readonly from: 'board' | 'page' | 'sent';
	readonly spans: readonly TextSpan[];
	readonly level?: LogLevel;
}

/** Lines in groups, so that a view draws anew only the group that changed: a group that did not is the same object. */
export interface LineGroup {
	readonly id: number;
	readonly lines: readonly ConsoleLine[];
}

/** What a view shows. */
export interface ConsoleShown {
	readonly groups: readonly LineGroup[];
	/** Oldest lines that were given up, to keep the log bounded. */
	readonly dropped: number;
	/** While paused: lines that came since. */
	readonly waiting: number;
	readonly paused: boolean;
}

const GROUP_LINES = 100;
/** A line of more is cut: a board that sends binary has no line feeds. */
const MAX_LINE_CHARS = 1000;

const LEVELS = { E: 'error', W: 'warning', I: 'info', D: 'debug', V: 'verbose' } as const;
/** `I (1234) tag: text` or, with the system's time, `I (12:34:56.789) tag: text` (esp_log.h). */
const IDF_LINE = /^([EWIDV]) \([\d:.]+\) /u;

/** The log of a board's console: bounded, with what was dropped counted. Text may be cut anywhere, inside a character too. */
export class ConsoleLog {
	readonly #watchers = new Set<() => void>();
	readonly #maxGroups: number;
	readonly #decoder = new TextDecoder();
	readonly #ansi = new AnsiReader();
	#groups: LineGroup[] = [];
	#last: ConsoleLine[] = [];
	/** The line that has no end yet. */
	#open: { id: number; atMs: number; spans: TextSpan[]; chars: number } | undefined;
	#returned = false;
	#nextId = 0;
	#dropped = 0;
	#frozen: { shown: ConsoleShown; nextId: number } | undefined;

	/** @param maxLines kept at least; up to 100 more may be */
	constructor({ maxLines = 5000 }: { maxLines?: number } = {}) {
		this.#maxGroups = Math.ceil(maxLines / GROUP_LINES);
	}

	/** Takes a line's text, until `signal` aborts. @param now ms since the epoch */
	follow(line: SerialLine, now: () => number, signal: AbortSignal): void {
		line.onText((bytes) => this.push(bytes, now()), signal);
	}

	push(bytes: Uint8Array, atMs: number): void {
		for (const event of this.#ansi.read(this.#decoder.decode(bytes, { stream: true }))) {
			if (event.kind === 'line-feed') {
				this.#endLine(atMs);
				this.#returned = false;
			} else if (event.kind === 'carriage-return') this.#returned = true;
			else this.#add(event, atMs);
		}
		this.#changed();
	}

	/** A line of the page's own, or one that a person sent; what the board has begun stands before it. */
	note(text: string, from: 'page' | 'sent', atMs: number): void {
		if (this.#open) this.#endLine(atMs);
		this.#keep({ id: this.#nextId++, atMs, from, spans: [{ text, style: {} }] });
		this.#changed();
	}

	clear(): void {
		this.#groups = [];
		this.#last = [];
		this.#open = undefined;
		this.#dropped = 0;
		if (this.#frozen) this.#frozen = { shown: this.#now(), nextId: this.#nextId };
		this.#changed();
	}

	/** What is shown stands still; what comes is kept, and counted. */
	pause(): void {
		this.#frozen ??= { shown: this.#now(), nextId: this.#nextId };
		this.#changed();
	}

	resume(): void {
		this.#frozen = undefined;
		this.#changed();
	}

	get shown(): ConsoleShown {
		if (!this.#frozen) return this.#now();
		const waiting = this.#nextId - this.#frozen.nextId;
		return { ...this.#frozen.shown, waiting, paused: true };
	}

	/** Every line that is kept, also what a pause holds back. */
	*lines(): IterableIterator<ConsoleLine> {
		for (const group of this.#now().groups) yield* group.lines;
	}

	/** Tells that something changed, as often as it does: a view takes `shown` at most once a frame. */
	watch(fn: () => void, signal: AbortSignal): void {
		if (signal.aborted) return;
		this.#watchers.add(fn);
		signal.addEventListener('abort', () => this.#watchers.delete(fn), { once: true });
	}

	#add({ text, style }: TextSpan, atMs: number): void {
		if (this.#returned) {
			// A return without a line feed: the board writes its line anew, as progress bars do.
			if (this.#open) this.#open = { ...this.#open, spans: [], chars: 0 };
			this.#returned = false;
		}
		for (let rest = text; rest !== '';) {
			this.#open ??= { id: this.#nextId++, atMs, spans: [], chars: 0 };
			const room = MAX_LINE_CHARS - this.#open.chars;
			const part = rest.slice(0, room);
			const last = this.#open.spans.at(-1);
			if (last?.style === style)
				this.#open.spans[this.#open.spans.length - 1] = { text: last.text + part, style };
			else this.#open.spans.push({ text: part, style });
			this.#open.chars += part.length;
			rest = rest.slice(part.length);
			if (rest !== '') this.#endLine(atMs);
		}
	}

	#endLine(atMs: number): void {
		const open = this.#open ?? { id: this.#nextId++, atMs, spans: [] };
		this.#open = undefined;
		this.#keep(lineOf(open));
	}

	#keep(line: ConsoleLine): void {
		this.#last.push(line);
		if (this.#last.length < GROUP_LINES) return;
		this.#groups.push({ id: this.#last[0]!.id, lines: this.#last });
		this.#last = [];
		if (this.#groups.length > this.#maxGroups) this.#dropped += this.#groups.shift()!.lines.length;
	}

	#now(): ConsoleShown {
		const last = this.#open ? [...this.#last, lineOf(this.#open)] : [...this.#last];
		const id = last[0]?.id;
		const groups = id === undefined ? [...this.#groups] : [...this.#groups, { id, lines: last }];
		return { groups, dropped: this.#dropped, waiting: 0, paused: false };
	}

	#changed(): void {
		for (const fn of [...this.#watchers]) fn();
	}
}

function lineOf({ id, atMs, spans }: { id: number; atMs: number; spans: readonly TextSpan[] }): ConsoleLine {
	const letter = IDF_LINE.exec(spans[0]?.text ?? '')?.[1];
	const level = letter === undefined ? undefined : LEVELS[letter as keyof typeof LEVELS];
	return { id, atMs, from: 'board', spans: [...spans], ...(level ? { level } : {}) };
}

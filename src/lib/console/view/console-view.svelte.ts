import { untrack } from 'svelte';
import type { ConsoleLine } from '../console-line';
import type { ConsoleLog, ConsoleShown } from '../console-log';
import { FoundLines } from '../found-lines';
import { EVERYTHING, passes, type LineFilter } from '../line-filter';
import { searchFor, type LineSearch, type SearchError, type SearchWish } from '../line-search';
import { VisibleRows } from '../visible-rows';

/** For looking at lines in one frame: the rest of it is for drawing, and a keystroke never waits for 50 ms. */
const FRAME_WORK_MS = 8;
/** Looked at between two looks at the clock: a slow regular expression may take a tenth of a millisecond on each. */
const SLICE_LINES = 16;
const NO_SEARCH: SearchWish = { text: '', regex: false, exactCase: false };

/** A row that the reader is to be taken to; each wish is an object of its own. */
export interface Goal {
	readonly id: number;
}

/** What a console shows of its log, taken at most once a frame, however fast the board writes. */
export class ConsoleView {
	#shown: ConsoleShown;
	#rows: VisibleRows;
	#found: FoundLines | undefined;
	/** Rises with each frame in which something changed: what is read from here depends on it. */
	#frame = $state(0);
	#columns = Infinity;
	#filter = $state.raw<LineFilter>(EVERYTHING);
	#wish = $state.raw<SearchWish>(NO_SEARCH);
	#search = $state.raw<LineSearch | undefined>(undefined);
	#searchError = $state.raw<SearchError | undefined>(undefined);
	/** The found line that the reader stands at. */
	#foundAt = $state<number | undefined>(undefined);
	#goal = $state.raw<Goal | undefined>(undefined);
	#goneRows = 0;
	#asked: number | undefined;

	/** @param nowMs of a clock that never goes back */
	constructor(
		private readonly log: ConsoleLog,
		private readonly nowMs = () => performance.now()
	) {
		this.#shown = log.shown;
		this.#rows = this.#newRows();
	}

	get shown(): ConsoleShown {
		return this.#at(this.#shown);
	}

	get rows(): VisibleRows {
		return this.#at(this.#rows);
	}

	/** How many rows went at the top so far. */
	get goneRows(): number {
		return this.#at(this.#goneRows);
	}

	get filter(): LineFilter {
		return this.#filter;
	}

	get wish(): SearchWish {
		return this.#wish;
	}

	get search(): LineSearch | undefined {
		return this.#search;
	}

	get searchError(): SearchError | undefined {
		return this.#searchError;
	}

	/** Ids of the lines in which the search is found. */
	get found(): readonly number[] {
		return this.#at(this.#found?.ids ?? []);
	}

	get foundAt(): number | undefined {
		return this.#foundAt;
	}

	get goal(): Goal | undefined {
		return this.#goal;
	}

	/** Every line that is kept and passes the filter, in order; the open one too. */
	*passing(): IterableIterator<ConsoleLine> {
		const pass = passes(this.#filter);
		for (const line of this.log.lines()) if (pass?.(line) !== false) yield line;
	}

	/** How many lines are kept, whatever the filter. */
	get kept(): number {
		let count = 0;
		for (const _line of this.log.lines()) count++;
		return count;
	}

	showOnly(filter: LineFilter): void {
		this.#filter = filter;
		this.#rows = this.#newRows();
		this.#searchAnew();
	}

	/** @param columns where lines are wrapped; Infinity for never */
	wrapAt(columns: number): void {
		if (columns === this.#columns) return;
		this.#columns = columns;
		this.#rows = this.#newRows();
		this.#take();
	}

	searchFor(wish: SearchWish): void {
		this.#wish = wish;
		const search = searchFor(wish);
		this.#search = search?.ok ? search.value : undefined;
		this.#searchError = search?.ok === false ? search.error : undefined;
		this.#foundAt = undefined;
		this.#searchAnew();
	}

	/** To the next hit below where the reader stands, or above; around at the ends. */
	step(to: 'next' | 'previous'): void {
		const ids = this.#found?.ids ?? [];
		if (ids.length === 0) return;
		const here = this.#foundAt;
		const id =
			to === 'next'
				? (ids.find((one) => here !== undefined && one > here) ?? ids[0]!)
				: (ids.findLast((one) => here === undefined || one < here) ?? ids.at(-1)!);
		this.#foundAt = id;
		this.#goal = { id };
	}

	goTo(id: number): void {
		this.#goal = { id };
	}

	/** Mirrors the log until `signal` aborts. */
	follow(signal: AbortSignal): void {
		this.#take();
		this.log.watch(() => this.#ask(), signal);
		const leave = () => {
			if (this.#asked !== undefined) cancelAnimationFrame(this.#asked);
			this.#asked = undefined;
		};
		signal.addEventListener('abort', leave, { once: true });
	}

	#ask(): void {
		this.#asked ??= requestAnimationFrame(() => {
			this.#asked = undefined;
			this.#take();
		});
	}

	#take(): void {
		const shown = this.log.shown;
		this.#shown = shown;
		const untilMs = this.nowMs() + FRAME_WORK_MS;
		do {
			this.#goneRows += this.#rows.update(shown.lines, SLICE_LINES);
			this.#found?.update(shown.lines, SLICE_LINES);
		} while (this.#behind && this.nowMs() < untilMs);
		if (this.#behind) this.#ask();
		this.#frame = untrack(() => this.#frame) + 1;
	}

	get #behind(): boolean {
		return this.#rows.behind > 0 || (this.#found?.behind ?? 0) > 0;
	}

	#newRows(): VisibleRows {
		return new VisibleRows(this.#shown.lines, this.#columns, passes(this.#filter));
	}

	#searchAnew(): void {
		const search = this.#search;
		this.#found = search && new FoundLines(this.#shown.lines, search, passes(this.#filter));
		this.#take();
	}

	#at<T>(value: T): T {
		// Reading the frame is what makes whoever reads the value hear of the next one.
		return this.#frame >= 0 ? value : value;
	}
}

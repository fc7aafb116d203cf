import {
	type HistoryQuery,
	type HistoryTime,
	historyQueryText,
	parseHistoryQuery,
	USUAL_QUERY
} from '$lib/telemetry/view';
import { following, type ViewWindow } from '$lib/ui';

/** A hand moves many times a second; the address follows when it rests. */
const REST_MS = 500;
/** Arrow keys walk through a list of choices; what is chosen again within this time is the same choice, and one step to go back. */
const SETTLED_MS = 1500;

/** Puts what is shown into the address bar. @param how 'step' can be gone back from, 'drift' takes the place of where one was */
export type Navigate = (query: string, how: 'step' | 'drift') => void;

/** What a history page shows, kept in step with the address bar both ways. */
export class HistoryPlace {
	#query = $state.raw<HistoryQuery>(USUAL_QUERY);
	/** As the address has it, where it came from here. */
	#written: string;
	#timer: ReturnType<typeof setTimeout> | undefined;
	#chosen = { what: '', atMs: -Infinity };

	/** @param address what the address says now */
	constructor(
		address: string,
		private readonly navigate: Navigate
	) {
		this.#query = parseHistoryQuery(address);
		this.#written = historyQueryText(this.#query);
	}

	get query(): HistoryQuery {
		return this.#query;
	}

	/** As an address has it. */
	get text(): string {
		return historyQueryText(this.#query);
	}

	/** At a time: one that follows has its end at the present. */
	window(nowMs: number): ViewWindow {
		const { time } = this.#query;
		if (time.kind === 'last') return following(time.spanMs, nowMs);
		return { fromMs: time.fromMs, toMs: time.toMs, following: false };
	}

	/** The address says this now: by a link, or by going back. */
	adopt(address: string): void {
		const query = parseHistoryQuery(address);
		const text = historyQueryText(query);
		if (text === this.#written) return;
		this.stop();
		this.#written = text;
		this.#query = query;
	}

	/** A choice; while a person still walks through what there is, it is one step. */
	step(change: Partial<HistoryQuery>): void {
		const chosen = { what: Object.keys(change).join(), atMs: performance.now() };
		const again = chosen.what === this.#chosen.what && chosen.atMs - this.#chosen.atMs < SETTLED_MS;
		this.#chosen = chosen;
		this.#query = { ...this.#query, ...change };
		this.#write(again ? 'drift' : 'step');
	}

	/** A hand on the chart. */
	drift({ following: last, fromMs, toMs }: ViewWindow): void {
		const time: HistoryTime = last
			? { kind: 'last', spanMs: toMs - fromMs }
			: { kind: 'between', fromMs: Math.round(fromMs), toMs: Math.round(toMs) };
		this.#query = { ...this.#query, time };
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#write('drift'), REST_MS);
	}

	/** The page goes: what was to be written is not any more. */
	stop(): void {
		clearTimeout(this.#timer);
	}

	#write(how: 'step' | 'drift'): void {
		this.stop();
		const { text } = this;
		if (text === this.#written) return;
		this.#written = text;
		this.navigate(text, how);
	}
}

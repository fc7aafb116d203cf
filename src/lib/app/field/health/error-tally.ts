import type { Clock } from '$lib/base';
import type { FieldStorage } from '../storage';
import type { ErrorCounts, ErrorReport } from './error-counts';

export interface ErrorTallyParts {
	readonly clock: Clock;
	readonly settings: FieldStorage['settings'];
	/** What this worker has counted since it started. */
	readonly counted: () => ErrorCounts;
}

const NOTHING: ErrorCounts = { messages: {}, store: {} };

/** Counts on where the worker before left off, so that what went wrong in the night is seen in the morning. */
export class ErrorTally {
	/** To be added to what this worker counted: of those before it; below zero once a person began anew. */
	#besides: ErrorCounts = NOTHING;
	#sinceMs: number;
	/** As it was before a person began anew. */
	#before: { readonly sinceMs: number; readonly besides: ErrorCounts } | undefined;
	#kept = '';
	#notKept: string | undefined;

	constructor(private readonly parts: ErrorTallyParts) {
		this.#sinceMs = parts.clock.now();
	}

	/** Takes up what an earlier worker kept. Call once, first. */
	async restore(): Promise<void> {
		const row = await this.parts.settings.get('error-counts');
		if (row?.key !== 'error-counts') return;
		this.#sinceMs = Math.min(row.sinceMs, this.#sinceMs);
		this.#besides = row.counts;
	}

	report(): ErrorReport {
		const counted = this.parts.counted();
		return {
			sinceMs: this.#sinceMs,
			messages: sum(counted.messages, this.#besides.messages),
			store: sum(counted.store, this.#besides.store),
			...(this.#notKept === undefined ? {} : { notKept: this.#notKept })
		};
	}

	/** From now on all counts begin with nought. Resolves when that is written. */
	async beginAnew(): Promise<void> {
		const { messages, store } = this.parts.counted();
		this.#before = { sinceMs: this.#sinceMs, besides: this.#besides };
		this.#besides = { messages: negative(messages), store: negative(store) };
		this.#sinceMs = this.parts.clock.now();
		await this.keep();
	}

	/** Takes the newest beginning back; what was counted since stays counted. */
	async goOn(): Promise<void> {
		if (!this.#before) return;
		this.#sinceMs = this.#before.sinceMs;
		this.#besides = this.#before.besides;
		this.#before = undefined;
		await this.keep();
	}

	/** Writes them, where they are not what was written last. */
	async keep(): Promise<void> {
		const { sinceMs, messages, store } = this.report();
		const row = { key: 'error-counts', sinceMs, counts: { messages, store } } as const;
		const text = JSON.stringify(row);
		if (text === this.#kept) return;
		try {
			await this.parts.settings.put('error-counts', row);
			this.#kept = text;
			this.#notKept = undefined;
		} catch (cause) {
			this.#notKept = String(cause); // shown where the counts are; it is tried again with the next beat
		}
	}
}

function sum(a: ErrorCounts['store'], b: ErrorCounts['store']): Record<string, number> {
	const all = { ...a };
	for (const [kind, count] of Object.entries(b)) all[kind] = (all[kind] ?? 0) + count;
	return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0));
}

const negative = (counts: ErrorCounts['store']): Record<string, number> =>
	Object.fromEntries(Object.entries(counts).map(([kind, count]) => [kind, -count]));

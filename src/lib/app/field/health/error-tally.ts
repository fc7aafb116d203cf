import type { Clock } from '$lib/base';
import type { FieldStorage } from '../storage';

/** How often each went wrong, by kind. */
export interface ErrorCounts {
	/** Messages that were not taken, by cause. */
	readonly messages: Readonly<Record<string, number>>;
	/** Troubles of the store, by kind. */
	readonly store: Readonly<Record<string, number>>;
}

/** Of all workers since `sinceMs`, when a person began anew, else when the first of them counted. */
export interface ErrorReport extends ErrorCounts {
	readonly sinceMs: number;
	/** Why they do not outlive this worker; absent where they do. */
	readonly notKept?: string;
}

export interface ErrorTallyParts {
	readonly clock: Clock;
	readonly settings: FieldStorage['settings'];
	/** What this worker has counted since it started. */
	readonly counted: () => ErrorCounts;
}

/** More kinds than there are: what a damaged row may bring. */
const MAX_KINDS = 200;
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

/** As they lie in the keep; what is no count is passed over. */
export function parseErrorCounts(raw: unknown): ErrorCounts {
	const { messages, store } = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
	return { messages: countsOf(messages), store: countsOf(store) };
}

function countsOf(raw: unknown): Record<string, number> {
	if (typeof raw !== 'object' || raw === null) return {};
	const counts = Object.entries(raw).filter(
		(entry): entry is [string, number] => Number.isSafeInteger(entry[1]) && (entry[1] as number) > 0
	);
	return Object.fromEntries(counts.slice(0, MAX_KINDS));
}

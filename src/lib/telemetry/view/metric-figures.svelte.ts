import type { ViewWindow } from '$lib/ui';
import type { Aggregates } from '../store';
import { earlierRange } from './comparison';
import type { Comparison } from './history-query';

/** Asks the store for the figures of a range; undefined where it holds nothing. @throws the signal's reason when cancelled */
export type AskFigures = (
	range: { readonly fromMs: number; readonly toMs: number },
	signal: AbortSignal
) => Promise<Aggregates | undefined>;

/** What a whole window says, and the earlier one it is compared with. */
export interface WindowFigures {
	/** ms of the window that lie in the past. */
	readonly spanMs: number;
	readonly now: Aggregates | undefined;
	/** null: nothing was measured then; undefined: nothing is compared. */
	readonly earlier: Aggregates | null | undefined;
}

/** Figures read every sample: they are asked for once a hand has rested so long. */
const REST_MS = 350;
/** A little less than a chart's clock steps by, which may come early by the time that the step before came late. */
const REFRESH_LEAST_MS = 4_500;
/** A following window is asked for again when so much of it is new. */
const REFRESH_SHARE = 1 / 200;

/** The figures of one chart's window: asked for when it rests, cancelled when it moves on. */
export class MetricFigures {
	#figures = $state.raw<WindowFigures | undefined>(undefined);
	#stale = $state(true);
	#outdated = $state(false);
	#fault = $state<string | undefined>(undefined);
	#asked: { readonly key: string; readonly atMs: number } | undefined;
	#running: AbortController | undefined;

	constructor(private readonly ask: AskFigures) {}

	/** Undefined until the first answer. */
	get figures(): WindowFigures | undefined {
		return this.#figures;
	}

	/** The window has moved on from what the figures are of. */
	get stale(): boolean {
		return this.#stale;
	}

	/** They are of another window, and nobody asked for those of this one yet: they are not to be read. */
	get outdated(): boolean {
		return this.#outdated;
	}

	/** Why there are none. */
	get fault(): string | undefined {
		return this.#fault;
	}

	/**
	 * Makes sure that the figures are those of the window; cancels what was asked for another.
	 * @param compare with which earlier time
	 * @param filled changes when samples of the past came
	 */
	show(view: ViewWindow, nowMs: number, compare: Comparison, filled = 0): void {
		const last = this.#asked;
		const key = this.#unasked(view, nowMs, compare, filled);
		if (key === undefined) return;
		this.#stale ||= last?.key !== key;
		this.stop();
		this.#asked = { key, atMs: nowMs };
		const end = new AbortController();
		this.#running = end;
		const timer = setTimeout(
			() => void this.#load(view, nowMs, compare, end),
			last === undefined ? 0 : REST_MS
		);
		end.signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
	}

	/** As `show`, of a chart that is out of view: nothing is asked for, and figures of another window are outdated at once. */
	leave(view: ViewWindow, nowMs: number, compare: Comparison, filled = 0): void {
		if (this.#unasked(view, nowMs, compare, filled) === undefined) return;
		this.stop();
		this.#stale = this.#outdated = true;
		this.#fault = undefined;
	}

	/** Nobody looks any more. */
	stop(): void {
		this.#running?.abort();
		this.#running = undefined;
		this.#asked = undefined;
	}

	/** What stands for the window, where that has not been asked for or is old; else undefined. */
	#unasked(view: ViewWindow, nowMs: number, compare: Comparison, filled: number): string | undefined {
		const spanMs = view.toMs - view.fromMs;
		const place = view.following ? `last ${Math.round(spanMs)}` : `${view.fromMs} ${view.toMs}`;
		const key = `${place} ${compare} ${filled}`;
		const last = this.#asked;
		const old =
			view.following && nowMs - (last?.atMs ?? 0) > Math.max(REFRESH_LEAST_MS, spanMs * REFRESH_SHARE);
		return last?.key === key && (this.#running || !old) ? undefined : key;
	}

	async #load(
		{ fromMs, toMs }: ViewWindow,
		nowMs: number,
		compare: Comparison,
		end: AbortController
	): Promise<void> {
		const { signal } = end;
		const before = earlierRange(compare, { fromMs, toMs });
		try {
			const [now, earlier] = await Promise.all([
				this.ask({ fromMs, toMs }, signal),
				before && this.ask(before, signal)
			]);
			if (signal.aborted) return;
			const compared = before && (earlier ?? null);
			this.#figures = { spanMs: Math.min(toMs, nowMs) - fromMs, now, earlier: compared };
			this.#stale = this.#outdated = false;
			this.#fault = undefined;
		} catch (cause) {
			if (signal.aborted) return;
			this.#fault = cause instanceof Error ? cause.message : String(cause);
		}
		if (this.#running === end) this.#running = undefined;
	}
}

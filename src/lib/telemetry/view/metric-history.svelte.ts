import type { GrowingSeries, ViewWindow } from '$lib/ui';
import type { SeriesColumns } from '../store';
import { GrowingColumns, type LivePoints } from './growing-columns';

/** One metric of one device. */
export interface MetricSource {
	/** Asks the store. @throws the signal's reason when cancelled */
	range(
		range: { readonly fromMs: number; readonly toMs: number; readonly buckets: number },
		signal: AbortSignal
	): Promise<SeriesColumns>;
	/** Hands on live points, columns ascending in time, until the signal aborts. */
	listen(take: (points: LivePoints) => void, signal: AbortSignal): void;
}

/** Beyond the screen on both sides, so that a hand that pans meets data. */
const MARGIN = 0.5;
const BUCKETS = 1200;
/** A hand on the chart asks many times a second; the store is asked once it rests. */
const REST_MS = 90;
/** A little less than a chart's clock steps by, which may come early by the time that the step before came late. */
const REFRESH_LEAST_MS = 4_500;
/** Live points kept beside what was asked for; the next refresh has them reduced. */
const TAIL_MOST = 4_000;

/** One metric's history around a window: asked for in pieces, grown by live points. */
export class MetricHistory {
	readonly #columns = new GrowingColumns(TAIL_MOST);
	#loading = $state(true);
	#failure = $state<string>();
	#covered = { fromMs: NaN, toMs: NaN, spanMs: NaN };
	#refreshedMs = 0;
	#filled = 0;
	/** The next point begins a bucket of its own: what an answer may hold already is not joined with what it cannot. */
	#apart = false;

	constructor(private readonly source: Pick<MetricSource, 'range'>) {}

	/** Always the same object; its columns change, and nothing is rendered because they do. */
	get series(): GrowingSeries {
		return this.#columns;
	}

	/** Waits for what the window does not have yet; one that follows is asked for anew without it. */
	get loading(): boolean {
		return this.#loading;
	}

	/** Why the store did not answer the last time; undefined where it did. What was there before stays. */
	get failure(): string | undefined {
		return this.#failure;
	}

	/** Takes live points, columns ascending in time. */
	add(points: LivePoints): void {
		const { spanMs } = this.#covered;
		const bucketMs = Number.isNaN(spanMs) ? 0 : (spanMs * (1 + 2 * MARGIN)) / BUCKETS;
		this.#columns.add(points, bucketMs, this.#apart);
		this.#apart = false;
	}

	/**
	 * Makes sure that the window is covered finely enough; asks the store only when it is not.
	 * @param filled changes when samples of the past came
	 * @returns cancels what was asked for
	 */
	show(view: ViewWindow, nowMs: number, filled = 0): () => void {
		if (!this.#needs(view, nowMs) && filled === this.#filled) return () => undefined;
		const end = new AbortController();
		const first = Number.isNaN(this.#covered.fromMs);
		const timer = setTimeout(
			() => {
				this.#filled = filled;
				void this.#load(view, nowMs, end.signal);
			},
			first ? 0 : REST_MS
		);
		return () => {
			clearTimeout(timer);
			end.abort();
		};
	}

	#needs(view: ViewWindow, nowMs: number): boolean {
		if (this.#lacks(view)) return true;
		const refreshMs = Math.max(REFRESH_LEAST_MS, (view.toMs - view.fromMs) / 400);
		return view.following && nowMs - this.#refreshedMs > refreshMs;
	}

	#lacks({ fromMs, toMs, following }: ViewWindow): boolean {
		const { fromMs: begin, toMs: stop, spanMs: covered } = this.#covered;
		if (Number.isNaN(begin) || fromMs < begin) return true;
		// Twice as near wants finer buckets; wider is a new range anyway.
		if (toMs - fromMs < covered / 2) return true;
		return !following && toMs > stop;
	}

	async #load(view: ViewWindow, nowMs: number, signal: AbortSignal): Promise<void> {
		const { fromMs, toMs } = view;
		const spanMs = toMs - fromMs;
		const range = {
			fromMs: fromMs - spanMs * MARGIN,
			toMs: Math.min(toMs + spanMs * MARGIN, nowMs + 60_000)
		};
		if (this.#lacks(view)) this.#loading = true;
		this.#apart = true;
		try {
			const columns = await this.source.range({ ...range, buckets: BUCKETS }, signal);
			this.#apart = true;
			this.#columns.replace(columns);
			this.#covered = { ...range, spanMs };
			this.#refreshedMs = nowMs;
			this.#loading = false;
			this.#failure = undefined;
		} catch (cause) {
			if (signal.aborted) return;
			this.#loading = false;
			this.#failure = cause instanceof Error ? cause.message : String(cause);
		}
	}
}

import { type ChartSeries, EMPTY_SERIES, firstFrom, type ViewWindow } from '$lib/ui';
import type { SeriesColumns } from '../store';

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

export interface LivePoints {
	readonly timeMs: ArrayLike<number>;
	readonly value: ArrayLike<number>;
}

interface Tail {
	timeMs: number[];
	value: number[];
}

/** Beyond the screen on both sides, so that a hand that pans meets data. */
const MARGIN = 0.5;
const BUCKETS = 1200;
/** A hand on the chart asks many times a second; the store is asked once it rests. */
const REST_MS = 90;
const REFRESH_LEAST_MS = 5_000;
/** Live points kept beside what was asked for; the next refresh has them reduced. */
const TAIL_MOST = 4_000;

/** One metric's history around a window: asked for in pieces, grown by live points. */
export class MetricHistory {
	#asked = $state.raw<ChartSeries>(EMPTY_SERIES);
	#tail = $state.raw<Tail>({ timeMs: [], value: [] });
	#loading = $state(true);
	#covered = { fromMs: NaN, toMs: NaN, spanMs: NaN };
	#refreshedMs = 0;

	readonly series = $derived.by((): ChartSeries => {
		const { timeMs, value } = this.#tail;
		const last = this.#asked.timeMs[this.#asked.timeMs.length - 1] ?? -Infinity;
		const fresh = firstFrom(timeMs, last + 1);
		if (fresh >= timeMs.length) return this.#asked;
		const join = (column: ArrayLike<number>, more: readonly number[]) =>
			Float64Array.from([...Array.from(column), ...more.slice(fresh)]);
		return {
			timeMs: join(this.#asked.timeMs, timeMs),
			min: join(this.#asked.min, value),
			max: join(this.#asked.max, value),
			avg: join(this.#asked.avg, value)
		};
	});

	constructor(private readonly source: Pick<MetricSource, 'range'>) {}

	get loading(): boolean {
		return this.#loading;
	}

	/** Takes live points, columns ascending in time. */
	add(points: LivePoints): void {
		const from = Math.max(0, this.#tail.timeMs.length + points.timeMs.length - TAIL_MOST);
		this.#tail = {
			timeMs: [...this.#tail.timeMs.slice(from), ...Array.from(points.timeMs)],
			value: [...this.#tail.value.slice(from), ...Array.from(points.value)]
		};
	}

	/**
	 * Makes sure that the window is covered finely enough; asks the store only when it is not.
	 * @returns cancels what was asked for
	 */
	show(view: ViewWindow, nowMs: number): () => void {
		if (!this.#needs(view, nowMs)) return () => undefined;
		const end = new AbortController();
		const first = Number.isNaN(this.#covered.fromMs);
		const timer = setTimeout(() => void this.#load(view, nowMs, end.signal), first ? 0 : REST_MS);
		return () => {
			clearTimeout(timer);
			end.abort();
		};
	}

	#needs({ fromMs, toMs, following }: ViewWindow, nowMs: number): boolean {
		const spanMs = toMs - fromMs;
		const { fromMs: begin, toMs: stop, spanMs: covered } = this.#covered;
		if (Number.isNaN(begin) || fromMs < begin) return true;
		// Twice as near wants finer buckets; wider is a new range anyway.
		if (spanMs < covered / 2) return true;
		if (!following) return toMs > stop;
		return nowMs - this.#refreshedMs > Math.max(REFRESH_LEAST_MS, spanMs / 400);
	}

	async #load({ fromMs, toMs }: ViewWindow, nowMs: number, signal: AbortSignal): Promise<void> {
		const spanMs = toMs - fromMs;
		const range = {
			fromMs: fromMs - spanMs * MARGIN,
			toMs: Math.min(toMs + spanMs * MARGIN, nowMs + 60_000)
		};
		this.#loading = true;
		try {
			const columns = await this.source.range({ ...range, buckets: BUCKETS }, signal);
			this.#asked = columns;
			this.#covered = { ...range, spanMs };
			this.#refreshedMs = nowMs;
			this.#loading = false;
		} catch (cause) {
			if (!signal.aborted) throw cause;
		}
	}
}

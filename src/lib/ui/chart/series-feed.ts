import { growing, type ChartLayer } from './layers';
import type { ChartNumber, SentColumns, SeriesNumber } from './painter-messages';
import type { ChartSeries } from './series';

/** When the charts of a page send what they grew by: what they grew by together in one task, in one message at its end. */
export class GrowthPost {
	readonly #due = new Set<SeriesFeed>();
	#waiting = false;

	constructor(private readonly send: (columns: readonly SentColumns[]) => void) {}

	later(feed: SeriesFeed): void {
		this.#due.add(feed);
		if (this.#waiting) return;
		this.#waiting = true;
		queueMicrotask(() => this.#flush());
	}

	now(feed: SeriesFeed): void {
		this.#due.delete(feed);
		const columns = feed.unsent();
		if (columns.length > 0) this.send(columns);
	}

	forget(feed: SeriesFeed): void {
		this.#due.delete(feed);
	}

	#flush(): void {
		this.#waiting = false;
		const columns = [...this.#due].flatMap((feed) => feed.unsent());
		this.#due.clear();
		if (columns.length > 0) this.send(columns);
	}
}

interface Sent {
	readonly number: SeriesNumber;
	/** How many rows of it the worker has. */
	rows: number;
	change: 'none' | 'grew' | 'replaced';
}

/** The series of one chart, and how much of each the worker that draws has already. While the chart is unseen, it is sent nothing. */
export class SeriesFeed {
	#sent = new Map<ChartSeries, Sent>();
	#next = 0;
	#watch = new AbortController();
	#seen = true;

	constructor(
		private readonly chart: ChartNumber,
		private readonly post: GrowthPost
	) {}

	/** The series of these layers are fed from now on, and no others. What is new of them is in `unsent`. */
	follow(layers: readonly ChartLayer[]): void {
		const before = this.#sent;
		const all = layers.flatMap(({ series, compare }) => (compare ? [series, compare.series] : [series]));
		this.#sent = new Map(
			all.map((series) => [
				series,
				before.get(series) ?? { number: this.#next++, rows: 0, change: 'replaced' }
			])
		);
		this.#watch.abort();
		this.#watch = new AbortController();
		for (const series of growing(layers))
			series.watch((how) => this.#changed(series, how), this.#watch.signal);
	}

	numberOf(series: ChartSeries): SeriesNumber {
		const sent = this.#sent.get(series);
		if (!sent) throw new Error('This series is not one of the chart.');
		return sent.number;
	}

	set seen(seen: boolean) {
		this.#seen = seen;
		if (seen) this.post.now(this);
	}

	/** What the worker has not got; it is taken for sent. */
	unsent(): readonly SentColumns[] {
		return [...this.#sent].flatMap(([series, sent]) => {
			if (sent.change === 'none') return [];
			const replaced = sent.change === 'replaced';
			// The last row that was sent may have taken in later values.
			const at = replaced ? 0 : Math.max(0, sent.rows - 1);
			const columns = pack(series, at);
			sent.rows = series.timeMs.length;
			sent.change = 'none';
			return [{ chart: this.chart, series: sent.number, at, columns, replaced }];
		});
	}

	stop(): void {
		this.#watch.abort();
		this.post.forget(this);
	}

	#changed(series: ChartSeries, how: 'grew' | 'replaced'): void {
		const sent = this.#sent.get(series);
		if (!sent) return;
		if (how === 'replaced' || sent.change === 'none') sent.change = how;
		if (!this.#seen) return;
		if (how === 'replaced') this.post.now(this);
		else this.post.later(this);
	}
}

function pack({ timeMs, min, max, avg }: ChartSeries, from: number): Float64Array<ArrayBuffer> {
	const rows = timeMs.length - from;
	const packed = new Float64Array(4 * rows);
	[timeMs, min, max, avg].forEach((column, i) => {
		for (let row = 0; row < rows; row++) packed[i * rows + row] = column[from + row]!;
	});
	return packed;
}

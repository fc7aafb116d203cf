import { untrack } from 'svelte';
import type { ChartComparison, ChartLayer, GrowingSeries, ViewWindow } from '$lib/ui';
import { BentSeries } from './bent-series';
import { type Earlier, earlierReach } from './comparison';
import type { HistoryLine } from './history-line';
import { MetricHistory } from './metric-history.svelte';

interface Kept {
	readonly present: MetricHistory;
	readonly earlier: MetricHistory;
}

/**
 * The histories behind a chart's lines, each kept while its key stays. The layers made of them stay the same objects until a line
 * changes in what is seen of it: callers make new lines with every message of a device, and nothing is to be drawn because of that.
 */
export class LineHistories {
	readonly #kept = new Map<string, Kept>();
	#before: { readonly lines: readonly HistoryLine[]; readonly earlier: Earlier | undefined } | undefined;
	#layers: readonly ChartLayer[] = [];

	layers(lines: readonly HistoryLine[], earlier: Earlier | undefined): readonly ChartLayer[] {
		const before = this.#before;
		if (before && sameLines(before.lines, lines) && before.earlier === earlier) return this.#layers;
		this.#before = { lines, earlier };
		for (const key of this.#kept.keys()) if (!lines.some((line) => line.key === key)) this.#kept.delete(key);
		this.#layers = lines.map((line) => {
			const { key, name, unit, decimals, colour, holes } = line;
			const { present, earlier: past } = this.#of(line);
			return {
				...{ key, name, unit, decimals, series: present.series },
				...(colour === undefined ? {} : { colour }),
				...(holes === undefined ? {} : { holes }),
				...(earlier ? { compare: comparisonOf(earlier, past.series) } : {})
			};
		});
		return this.#layers;
	}

	/** Whether any line waits for its first answer or another one. */
	loading(lines: readonly HistoryLine[]): boolean {
		return lines.some((line) => this.#of(line).present.loading);
	}

	/** Why a line, or its earlier period, could not be read. */
	failure(lines: readonly HistoryLine[]): string | undefined {
		const kept = lines.map((line) => this.#of(line));
		return kept.map(({ present, earlier }) => present.failure ?? earlier.failure).find(Boolean);
	}

	/** Live points of every line, until the signal aborts. */
	listen(lines: readonly HistoryLine[], signal: AbortSignal): void {
		for (const line of lines) {
			const { present } = this.#of(line);
			line.source.listen((points) => present.add(points), signal);
		}
	}

	/** Makes sure that the window is there, of every line and of its earlier period. @returns cancels what was asked for */
	show(
		lines: readonly HistoryLine[],
		earlier: Earlier | undefined,
		view: ViewWindow,
		nowMs: number
	): () => void {
		const cancels = lines.flatMap((line) => {
			const { present, earlier: past } = this.#of(line);
			const shown = present.show(view, nowMs, line.filled);
			return earlier ? [shown, past.show(earlierView(earlier, view), nowMs, line.filled)] : [shown];
		});
		return () => cancels.forEach((cancel) => cancel());
	}

	#of(line: HistoryLine): Kept {
		let kept = this.#kept.get(line.key);
		if (!kept) {
			// The newest of the sources that came under this key: they lead to the same metric.
			const { source } = line;
			kept = untrack(() => ({ present: new MetricHistory(source), earlier: new MetricHistory(source) }));
			this.#kept.set(line.key, kept);
		}
		return kept;
	}
}

const earlierView = ({ shifts }: Earlier, view: ViewWindow): ViewWindow => ({
	...earlierReach(shifts, view),
	following: false
});

function comparisonOf({ name, shifts }: Earlier, own: GrowingSeries): ChartComparison {
	const bent = new BentSeries(own, shifts);
	return { name, shiftMs: bent.shiftMs, series: shifts.length > 1 ? bent : own };
}

const sameLines = (a: readonly HistoryLine[], b: readonly HistoryLine[]): boolean =>
	a.length === b.length && a.every((line, i) => sameLine(line, b[i]!));

const sameLine = (a: HistoryLine, b: HistoryLine): boolean =>
	a.key === b.key &&
	a.name === b.name &&
	a.unit === b.unit &&
	a.decimals === b.decimals &&
	a.colour === b.colour &&
	a.holes === b.holes;

import { untrack } from 'svelte';
import type { ChartLayer, ViewWindow } from '$lib/ui';
import type { HistoryLine } from './history-line';
import { MetricHistory } from './metric-history.svelte';

/** An earlier period to hold a line against. */
export interface Earlier {
	readonly name: string;
	readonly shiftMs: number;
}

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
		if (before && sameLines(before.lines, lines) && sameEarlier(before.earlier, earlier)) return this.#layers;
		this.#before = { lines, earlier };
		for (const key of this.#kept.keys()) if (!lines.some((line) => line.key === key)) this.#kept.delete(key);
		this.#layers = lines.map((line) => {
			const { key, name, unit, decimals, colour, holes } = line;
			const { present, earlier: past } = this.#of(line);
			return {
				...{ key, name, unit, decimals, series: present.series },
				...(colour === undefined ? {} : { colour }),
				...(holes === undefined ? {} : { holes }),
				...(earlier ? { compare: { ...earlier, series: past.series } } : {})
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
			return earlier ? [shown, past.show(shifted(view, earlier.shiftMs), nowMs, line.filled)] : [shown];
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

const shifted = ({ fromMs, toMs }: ViewWindow, byMs: number): ViewWindow => ({
	fromMs: fromMs - byMs,
	toMs: toMs - byMs,
	following: false
});

const sameEarlier = (a: Earlier | undefined, b: Earlier | undefined): boolean =>
	a?.name === b?.name && a?.shiftMs === b?.shiftMs;

const sameLines = (a: readonly HistoryLine[], b: readonly HistoryLine[]): boolean =>
	a.length === b.length && a.every((line, i) => sameLine(line, b[i]!));

const sameLine = (a: HistoryLine, b: HistoryLine): boolean =>
	a.key === b.key &&
	a.name === b.name &&
	a.unit === b.unit &&
	a.decimals === b.decimals &&
	a.colour === b.colour &&
	a.holes === b.holes;

import type { ConsoleLine } from './console-line';
import type { Range } from './line-search';
import { PLAIN, type TextStyle } from './text-style';

/** A piece of a line that is drawn in one way. */
export interface Segment {
	readonly text: string;
	readonly style: TextStyle;
	/** It was searched for. */
	readonly hit: boolean;
}

/** A line in pieces, cut where its style or a hit begins or ends. @param hits in order, without overlap */
export function segments(
	{ text, runs }: Pick<ConsoleLine, 'text' | 'runs'>,
	hits: readonly Range[]
): readonly Segment[] {
	if (runs.length === 0 && hits.length === 0) return text === '' ? [] : [{ text, style: PLAIN, hit: false }];
	const cuts = new Set([0, text.length]);
	for (const { at } of runs) cuts.add(at);
	for (const { at, to } of hits) cuts.add(at).add(to);
	const places = [...cuts].sort((a, b) => a - b);
	let run = -1;
	let hit = 0;
	return places.slice(0, -1).map((from, i) => {
		while (runs[run + 1] && runs[run + 1]!.at <= from) run++;
		while (hits[hit] && hits[hit]!.to <= from) hit++;
		return {
			text: text.slice(from, places[i + 1]),
			style: runs[run]?.style ?? PLAIN,
			hit: hits[hit] !== undefined && hits[hit]!.at <= from
		};
	});
}

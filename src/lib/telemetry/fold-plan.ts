import type { BlockHead } from './codec/block';
import type { StoreLimits } from './store';

/** Blocks span no more than a day, ms, so that a day's end can be dropped without rewriting. */
export const DAY_MS = 86_400_000;

/**
 * The neighbours to join next: `foldFan` consecutive blocks of one level, lowest level and oldest first, that together hold at
 * most `blockRows` rows and a day. Each row is so rewritten once a level, about log(rows a day)/log(foldFan) times in all.
 * @param heads ascending by time
 * @returns empty where there is nothing to do
 */
export function chooseFold(
	heads: readonly BlockHead[],
	{ foldFan, blockRows }: Pick<StoreLimits, 'foldFan' | 'blockRows'>
): readonly BlockHead[] {
	const levels = [...new Set(heads.map((head) => head.level))].sort((a, b) => a - b);
	for (const level of levels) {
		for (let at = 0; at + foldFan <= heads.length; at++) {
			const group = heads.slice(at, at + foldFan);
			const rows = group.reduce((n, head) => n + head.rows, 0);
			const spanMs = Math.max(...group.map((head) => head.toMs)) - group[0]!.fromMs;
			if (group.every((head) => head.level === level) && rows <= blockRows && spanMs <= DAY_MS) return group;
		}
	}
	return [];
}

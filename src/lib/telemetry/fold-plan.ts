import type { BlockHead } from './codec/block';
import type { StoreLimits } from './store';

/** Blocks span no more than a day, ms, so that a day's end can be dropped without rewriting. */
export const DAY_MS = 86_400_000;

/**
 * The neighbours to join next, lowest level and oldest first: `foldFan` consecutive blocks of one level that together hold at most
 * `blockRows` rows and a day, or fewer of them, two at least, where the next one no longer fits: so blocks grow to about a day.
 * Each row is rewritten once a level, about log(rows a day)/log(foldFan) times in all, and once more for the day.
 * @param heads ascending by time
 * @returns empty where there is nothing to do
 */
export function chooseFold(
	heads: readonly BlockHead[],
	{ foldFan, blockRows }: Pick<StoreLimits, 'foldFan' | 'blockRows'>
): readonly BlockHead[] {
	const levels = [...new Set(heads.map((head) => head.level))].sort((a, b) => a - b);
	for (const level of levels) {
		for (let at = 0; at < heads.length; at++) {
			let [end, rows, toMs] = [at, 0, -Infinity];
			for (; end < heads.length && end < at + foldFan && heads[end]!.level === level; end++) {
				const { rows: more, toMs: lastMs } = heads[end]!;
				if (rows + more > blockRows || Math.max(toMs, lastMs) - heads[at]!.fromMs > DAY_MS) break;
				rows += more;
				toMs = Math.max(toMs, lastMs);
			}
			const full = end - at === foldFan || (end < heads.length && heads[end]!.level === level);
			if (full && end - at >= 2) return heads.slice(at, end);
		}
	}
	return [];
}

import { fits } from './block-span';
import type { BlockHead } from './codec/block';
import type { StoreLimits } from './store';

/**
 * The neighbours to join next, lowest level and oldest first: `foldFan` consecutive blocks of one level that together fit into a
 * block, or fewer of them, two at least, where the next one no longer fits: so blocks grow to about a day, and those of a sparse
 * device to about a month. Each row is rewritten once a level, about log(rows a day)/log(foldFan) times in all, and once more for the day.
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
				if (!fits(rows + more, Math.max(toMs, lastMs) - heads[at]!.fromMs, blockRows)) break;
				rows += more;
				toMs = Math.max(toMs, lastMs);
			}
			const full = end - at === foldFan || (end < heads.length && heads[end]!.level === level);
			if (full && end - at >= 2) return heads.slice(at, end);
		}
	}
	return [];
}

import type { BlockHead } from './codec/block';
import type { StateTold } from './codec/state-stats';
import type { StateInterval } from './store';

/** What a query of one state reads, frozen at one moment: no row is in both, and none in neither. */
export interface StateSource {
	readonly metric: number;
	readonly heads: readonly BlockHead[];
	/** Of rows that are in no block yet, as they came. */
	readonly held: readonly StateTold[];
	/** What is told in blocks whose headers do not say it all. */
	readonly toldIn: (heads: readonly BlockHead[]) => Promise<readonly StateTold[]>;
}

/**
 * A state is what it was told last, from then on. What came later wins where two were told at one time.
 * @returns by time, in [fromMs, toMs); between neighbours that touch the value differs, and where it is not known there is none
 */
export async function stateIntervals(
	{ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
	{ metric, heads, held, toldIn }: StateSource
): Promise<readonly StateInterval[]> {
	const told: StateTold[] = [];
	const unread: BlockHead[] = [];
	for (const head of heads) {
		const stats = head.states.find((state) => state.metric === metric);
		if (!stats || stats.firstMs >= toMs) continue;
		// Of a block that ends before, all that matters is what it was last.
		if (stats.lastMs < fromMs) told.push([stats.lastMs, stats.last]);
		else if (stats.told) told.push(...stats.told);
		else unread.push(head);
	}
	told.push(...(await toldIn(unread)), ...held);
	const sorted = told.filter(([timeMs]) => timeMs < toMs).sort(([a], [b]) => a - b);
	const found: { fromMs: number; toMs: number; value: string }[] = [];
	for (const [i, [timeMs, value]] of sorted.entries()) {
		const startMs = Math.max(fromMs, timeMs);
		const endMs = Math.min(toMs, sorted[i + 1]?.[0] ?? toMs);
		if (value === '' || endMs <= startMs) continue;
		const last = found.at(-1);
		if (last?.toMs === startMs && last.value === value) last.toMs = endMs;
		else found.push({ fromMs: startMs, toMs: endMs, value });
	}
	return found;
}

import { crc32 } from '$lib/base';
import { rollupStat, type BlockHead, type NewBlock } from './block';
import { columnsOf } from './columns';
import { makeRollup, ROLLUP_WIDTHS_MS, type NewRollup } from './rollup';
import { encodeRowGroup, type Row } from './row-group';

const [MINUTE_MS, , , DAY_MS] = ROLLUP_WIDTHS_MS;

/** For want of room, a rollup that is made as samples go takes at most so much of the bytes that they leave. */
const MOST_SHARE = 2 / 3;

/** What stays of samples that go. `minutes`: all of them, however few samples each has; `least`: the finest rollup that saves room, days at least. */
export type Stays = 'minutes' | 'least';

/** Whether a finer rollup may be made of a block than it has: then its rows are asked for. */
export const wantsFiner = ({ rollups, fromMs, toMs }: BlockHead): boolean =>
	rollups[0]?.widthMs !== MINUTE_MS && minuteOf(fromMs) < minuteOf(toMs);

const minuteOf = (timeMs: number): number => Math.floor(timeMs / MINUTE_MS);

/**
 * A block without the samples of some metrics: its header and its rollups still tell of them. While the rows are at hand, a finer rollup
 * is made of all that they measure, since no seal stores one that saves a query little.
 * @param all its rows
 * @returns of rollups, only the new one
 */
export function thinBlock(
	head: BlockHead,
	all: readonly Row[],
	drop: ReadonlySet<number>,
	stays: Stays
): NewBlock {
	const rows = all.flatMap((row): Row[] => {
		const kept = row.metrics.flatMap((metric, i) => (drop.has(metric) ? [] : [i]));
		if (kept.length === 0 && !row.states) return [];
		return [{ ...row, metrics: kept.map((i) => row.metrics[i]!), values: kept.map((i) => row.values[i]!) }];
	});
	const bytes = encodeRowGroup(rows);
	const finer = wantsFiner(head) ? finerRollup(head, all, stays, head.bytes - bytes.length) : undefined;
	const columns = head.columns.map((column) =>
		drop.has(column.metric) ? { ...column, gone: true as const } : column
	);
	const { stateRows: _, ...rest } = head;
	const stateRows = rows.filter(({ metrics }) => metrics.length === 0).length;
	const thinned: BlockHead = {
		...{ ...rest, crc: crc32(bytes), bytes: bytes.length, columns, left: rows.length },
		...(finer ? { rollups: [rollupStat(finer), ...head.rollups] } : {}),
		...(stateRows > 0 ? { stateRows } : {})
	};
	return { head: thinned, bytes, rollups: finer ? [finer] : [] };
}

function finerRollup(
	{ rollups, columns }: BlockHead,
	rows: readonly Row[],
	stays: Stays,
	freedBytes: number
): NewRollup | undefined {
	const { timeMs, metrics } = columnsOf(rows);
	for (const widthMs of ROLLUP_WIDTHS_MS) {
		if (widthMs >= (rollups[0]?.widthMs ?? Infinity)) return undefined;
		const made = makeRollup(timeMs, metrics, widthMs);
		const pays = made && (widthMs === DAY_MS || made.bytes <= MOST_SHARE * freedBytes);
		if (!made || (stays === 'least' && !pays)) continue;
		const isPart = columns.some(({ gone }) => gone);
		return { ...made, ...(isPart ? { metrics: metrics.map(({ metric }) => metric) } : {}) };
	}
	return undefined;
}

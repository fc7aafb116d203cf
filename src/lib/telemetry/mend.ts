import { ok, type Result } from '$lib/base';
import { openBlock } from './codec/block';
import { Malformed } from './codec/byte-stream';
import { idsOf, type RowGroup } from './codec/row-group';
import type { BlockKey, Disk, StateRow } from './disk';
import { Ledger } from './ledger';
import type { Names } from './names';
import { byTime, type Series } from './series';
import type { StoreError } from './store';

/**
 * After tables have lost rows, each apart from the others: makes the ledger say what is there and nothing more, so that
 * backfill can bring the rest, makes the newest values anew, forgets rows whose metrics have lost their names, and removes headers without bytes, and bytes and rollups without headers. Reads every block.
 * @returns the state row that was written, or why it could not be
 */
export async function mend(
	disk: Disk,
	state: StateRow,
	names: Names,
	all: readonly Series[]
): Promise<Result<StateRow, StoreError>> {
	const keys = await disk.blockKeys();
	const kept = new Set<string>();
	const mended = { ...state, blocks: 0, blockBytes: 0, rollupBytes: 0, samples: 0 };
	for (const series of all) {
		const ledger = new Ledger();
		const good = [];
		for (const head of [...(await disk.heads(series.id))].sort(byTime)) {
			const ids = [...head.columns, ...head.states].map(({ metric }) => metric);
			for (const id of ids) names.startAbove(id);
			const [bytes] = await disk.blocks([head]);
			const group = readable(() => openBlock(head, bytes));
			const named = ids.every((id) => names.metricName(id) !== undefined);
			const rows = group && named ? readable(() => group.rows()) : undefined;
			if (!rows) continue;
			for (const row of rows) {
				if (row.identity) ledger.add(row.identity.epoch, row.identity.seq, row.timeMs, row.clock);
				series.knowLatest(row);
			}
			good.push(head);
			kept.add(keyText([head.series, head.block]));
			mended.blocks++;
			mended.blockBytes += head.bytes;
			for (const { bytes: rolled } of head.rollups) mended.rollupBytes += rolled;
			mended.samples += head.rows;
			mended.seal = Math.max(mended.seal, head.block);
		}
		series.held = series.held.filter((row) => idsOf(row).every((id) => names.metricName(id) !== undefined));
		for (const { identity, timeMs, clock } of series.held)
			if (identity) ledger.add(identity.epoch, identity.seq, timeMs, clock);
		ledger.inheritLost(series.ledger);
		series.ledger = ledger;
		series.heads = good;
	}
	for (const [series, block] of keys) {
		names.startAbove(series);
		mended.seal = Math.max(mended.seal, block);
	}
	mended.seal++;
	const written = await disk.change({
		state: mended,
		add: [],
		remove: keys.filter((key) => !kept.has(keyText(key))).map(([series, block]) => ({ series, block })),
		ledgers: new Map(all.map(({ id, ledger }) => [id, ledger.encode()])),
		latest: new Map(all.map((series) => [series.id, series.latestRow()]))
	});
	return written.ok ? ok(mended) : written;
}

const keyText = ([series, block]: BlockKey): string => `${series}.${block}`;

function readable<T extends RowGroup | ReturnType<RowGroup['rows']>>(
	read: () => T | undefined
): T | undefined {
	try {
		return read();
	} catch (error) {
		if (error instanceof Malformed) return undefined;
		throw error;
	}
}

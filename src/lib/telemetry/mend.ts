import { ok, type Result } from '$lib/base';
import { openBlock, samplesIn, type BlockHead } from './codec/block';
import { Malformed } from './codec/byte-stream';
import { epochRanges, type EpochRange } from './codec/epoch-range';
import { idsOf, openRowGroup, type Row } from './codec/row-group';
import type { BlockChange, BlockKey, Disk, StateRow } from './disk';
import { KeptNumbers } from './kept-numbers';
import { Ledger } from './ledger';
import type { Names } from './names';
import { asideBytes, asideOf, MOST_ASIDE_BYTES, type AsideBlock } from './quarantine';
import { byTime, type HeldRow, type Series } from './series';
import type { StoreError } from './store';
import { writtenLedger } from './written-ledger';

/**
 * After tables have lost rows, each apart from the others: takes from the ledgers what is not there any more, so that backfill can
 * bring it, makes the newest values anew, forgets rows whose metrics have lost their names, and sets aside headers without bytes,
 * and bytes without headers. A ledger is made anew only where it is lost; where blocks are of which nothing tells, it loses all that
 * is not seen. Reads every block. In a turn of its own: what comes meanwhile stays.
 * @param untold series whose ledger is lost
 * @returns the state row that was written, or why it could not be
 */
export async function mend(
	disk: Disk,
	{ state, names, series: all }: { state: StateRow; names: Names; series: readonly Series[] },
	untold: ReadonlySet<number>,
	noticedMs: number
): Promise<Result<StateRow, StoreError>> {
	const keys = await disk.blockKeys();
	const kept = new Set<string>();
	const mended = { ...state, blocks: 0, blockBytes: 0, rollupBytes: 0, samples: 0 };
	const found = new Map<Series, Found>();
	for (const series of all) {
		const left = await lookAt(disk, series, names, keys, noticedMs);
		found.set(series, left);
		for (const head of left.good) {
			kept.add(keyText([head.series, head.block]));
			mended.blocks++;
			mended.blockBytes += head.bytes;
			for (const { bytes: rolled } of head.rollups) mended.rollupBytes += rolled;
			mended.samples += samplesIn(head);
			mended.seal = Math.max(mended.seal, head.block);
		}
	}
	const known = mended.blocks + [...found.values()].reduce((sum, { lostBlocks }) => sum + lostBlocks, 0);
	for (const [series, left] of found)
		settle(series, left, {
			names,
			anew: untold.has(series.id),
			unseen: known < state.blocks && left.toldWhole
		});
	for (const [series, block] of keys) {
		names.startAbove(series);
		mended.seal = Math.max(mended.seal, block);
	}
	mended.seal++;
	const change: BlockChange = {
		state: mended,
		add: [],
		remove: keys.filter((key) => !kept.has(keyText(key))).map(([series, block]) => ({ series, block })),
		ledgers: new Map(all.map((series) => [series.id, writtenLedger(series, false).encode()])),
		latest: new Map(all.map((series) => [series.id, series.latestRow()]))
	};
	const aside = within([...found.values()].flatMap((left) => left.aside));
	let written = await disk.change({ ...change, aside });
	// Where there is no room to keep them, the rest must be mended all the same.
	if (!written.ok && written.error.kind === 'quota') written = await disk.change(change);
	return written.ok ? ok(mended) : written;
}

/** What is left of one series, and what is told of the rest. */
interface Found {
	readonly good: BlockHead[];
	/** Blocks that are lost, and of which at least something is there. */
	readonly lostBlocks: number;
	readonly lost: readonly EpochRange[];
	/** Of these blocks, what is there. */
	readonly aside: readonly AsideBlock[];
	readonly kept: KeptNumbers;
	/** What blocks and headers tell. */
	readonly ledger: Ledger;
	/** Whether that is all that was received: not where retention let samples go and their header does not tell which. */
	readonly toldWhole: boolean;
}

/** The newest of them, no more than are kept: a store may have lost everything. */
function within(aside: readonly AsideBlock[]): readonly AsideBlock[] {
	let bytes = 0;
	return aside
		.toReversed()
		.filter((one) => (bytes += asideBytes(one)) <= MOST_ASIDE_BYTES)
		.toReversed();
}

async function lookAt(
	disk: Disk,
	series: Series,
	names: Names,
	keys: readonly BlockKey[],
	noticedMs: number
): Promise<Found> {
	const good: BlockHead[] = [];
	const aside: AsideBlock[] = [];
	const lost: EpochRange[] = [];
	const kept = new KeptNumbers();
	const ledger = new Ledger();
	let toldWhole = true;
	const heads = [...(await disk.heads(series.id))].sort(byTime);
	for (const head of heads) {
		const ids = [...head.columns, ...head.states].map(({ metric }) => metric);
		for (const id of ids) names.startAbove(id);
		const [bytes] = await disk.blocks([head]);
		const rows = readable(() => openBlock(head, bytes)?.rows());
		if (!rows || !hasNames(names, ids)) {
			lost.push(...(head.logs ?? []));
			aside.push(asideOf(head, bytes, noticedMs));
			continue;
		}
		good.push(head);
		for (const row of rows) {
			addTo(ledger, kept, row);
			series.knowLatest(row);
		}
		if (!head.columns.some(({ gone }) => gone)) continue;
		toldWhole &&= head.logs !== undefined;
		for (const range of head.logs ?? []) {
			kept.addRange(range);
			ledger.addRun(range.epoch, [range.from, range.to, head.fromMs, head.toMs]);
		}
	}
	const headless = await withoutHead(disk, series, heads, keys);
	for (const { block, bytes, ranges } of headless) {
		lost.push(...(ranges ?? []));
		aside.push({ series: series.id, block, noticedMs, head: undefined, bytes });
	}
	return {
		...{ good, lost, aside, kept, ledger, toldWhole },
		lostBlocks: heads.length - good.length + headless.filter(({ ranges }) => ranges).length
	};
}

function addTo(ledger: Ledger, kept: KeptNumbers, { identity, timeMs, clock }: Row): void {
	if (!identity) return;
	const { epoch, seq } = identity;
	ledger.add(epoch, seq, timeMs, clock);
	kept.addRange({ epoch, from: seq, to: seq });
}

interface Headless {
	readonly block: number;
	readonly bytes: Uint8Array;
	readonly ranges: readonly EpochRange[] | undefined;
}

/** Blocks whose header is lost, and what they had where that can be read. */
async function withoutHead(
	disk: Disk,
	{ id }: Series,
	heads: readonly BlockHead[],
	keys: readonly BlockKey[]
): Promise<readonly Headless[]> {
	const told = new Set(heads.map(({ block }) => block));
	const numbers = new Set(
		keys.flatMap(([series, block]) => (series === id && !told.has(block) ? block : []))
	);
	const found: Headless[] = [];
	for (const block of numbers) {
		const [bytes] = await disk.blocks([{ series: id, block }]);
		if (!bytes) continue;
		const columns = readable(() => openRowGroup(bytes).columns());
		found.push({ block, bytes, ranges: columns && epochRanges(columns) });
	}
	return found;
}

const hasNames = (names: Names, ids: readonly number[]): boolean =>
	ids.every((id) => names.metricName(id) !== undefined);

/** @param how `anew`: the ledger is lost; `unseen`: nothing tells of all that is lost */
function settle(
	series: Series,
	{ good, lost, kept, ledger }: Found,
	how: { readonly names: Names; readonly anew: boolean; readonly unseen: boolean }
): void {
	const held: HeldRow[] = [];
	const better: HeldRow[] = [];
	const gone = [...lost];
	for (const row of series.held) {
		const { identity } = row;
		// The ledger that would have told the log's replay so is lost: a better time of what a block has.
		if (how.anew && identity && idsOf(row).length === 0 && ledger.has(identity.epoch, identity.seq))
			better.push(row);
		else if (hasNames(how.names, idsOf(row))) {
			held.push(row);
			addTo(ledger, kept, row);
		} else if (identity) gone.push({ epoch: identity.epoch, from: identity.seq, to: identity.seq });
	}
	series.held = held;
	series.heads = good;
	series.changes++;
	kept.addWaiting(series);
	if (how.anew) {
		ledger.inheritLost(series.ledger);
		series.ledger = ledger;
		for (const { identity, timeMs, clock } of better)
			if (identity) series.correct(identity.epoch, identity.seq, { timeMs, clock }, undefined);
	} else kept.takeRest(series.ledger, how.unseen ? receivedIn(series.ledger) : gone);
}

const receivedIn = (ledger: Ledger): EpochRange[] =>
	ledger.epochs.flatMap((epoch) => ledger.intervals(epoch).map(([from, to]) => ({ epoch, from, to })));

const keyText = ([series, block]: BlockKey): string => `${series}.${block}`;

function readable<T>(read: () => T | undefined): T | undefined {
	try {
		return read();
	} catch (error) {
		if (error instanceof Malformed) return undefined;
		throw error;
	}
}

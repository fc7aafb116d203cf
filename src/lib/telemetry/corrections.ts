import { done, type Clock, type Result } from '$lib/base';
import { isLater } from '$lib/model';
import type { BlockHold } from './backup/snapshot';
import type { BetterTime, BetterTimes } from './better-time';
import type { BlockReader } from './block-reader';
import { encodeColumnBlock, type BlockHead, type NewBlock } from './codec/block';
import { CLOCKS, joinColumns, pickRows, sortByTime, type Columns } from './codec/columns';
import { blockParts } from './block-parts';
import type { Disk } from './disk';
import { latestAt } from './latest-at';
import type { SealedBlocks } from './sealed-blocks';
import type { Series } from './series';
import type { SeriesTable } from './series-table';
import type { StoreError, StoreLimits } from './store';

/** What a device tells of one boot comes in pages: a block is written anew once for all of them, ms. */
const GATHER_MS = 2000;

/**
 * Gives sealed samples the time that was learned later. The log has it before, so a crash costs nothing: what is done twice is the
 * same. Blocks of which retention has let samples go stay as they are: there is nothing left to make their rollups of.
 */
export class Corrections {
	#cancel: (() => void) | undefined;

	constructor(
		private readonly parts: {
			readonly disk: Disk | undefined;
			readonly blocks: SealedBlocks;
			readonly reader: BlockReader;
			readonly table: SeriesTable;
			readonly hold: BlockHold;
			readonly clock: Clock;
			readonly limits: Pick<StoreLimits, 'blockRows'>;
			readonly onFailed: (error: StoreError) => void;
		}
	) {}

	/** Something is to be corrected: soon, together with what comes meanwhile. */
	schedule(): void {
		const { clock, hold, onFailed } = this.parts;
		this.#cancel ??= clock.after(GATHER_MS, () => {
			this.#cancel = undefined;
			hold.take(async () => {
				const applied = await this.apply();
				if (!applied.ok) onFailed(applied.error);
			});
		});
	}

	stop(): void {
		this.#cancel?.();
	}

	get waiting(): boolean {
		return this.parts.table.all.some(({ better, staleLatest }) => better.size > 0 || staleLatest);
	}

	/** Corrects all that is to be; the caller has the turn. */
	async apply(): Promise<Result<void, StoreError>> {
		for (const series of this.parts.table.all) {
			const applied = series.better.size > 0 ? await this.#correct(series) : done;
			if (!applied.ok) return applied;
			if (series.staleLatest) await this.#learnLatest(series);
		}
		return done;
	}

	async #correct(series: Series): Promise<Result<void, StoreError>> {
		const { blocks, reader, disk, limits } = this.parts;
		if (!disk) return done;
		const heads = (await blocks.headsOf(series)).filter(
			(head) => !reader.isDamaged(head) && !head.columns.some(({ gone }) => gone)
		);
		// What comes from here on is for the next time, and what a bulk has on its way to a block.
		const better = series.better;
		series.better = new Map();
		for (const [epoch, numbers] of better)
			for (const [seq, time] of numbers) if (series.isFlying(epoch, seq)) series.know(epoch, seq, time);
		const changed: BlockHead[] = [];
		const kept: { head: BlockHead; columns: Columns }[] = [];
		const moved: Columns[] = [];
		for (const head of heads.filter((one) => mayHave(one, better))) {
			const [bytes] = await disk.blocks([head]);
			const columns = reader.open(head, bytes)?.columns();
			const parts = columns && divide(columns, better);
			if (!parts) continue;
			changed.push(head);
			for (const { metric, values } of parts.before.metrics)
				for (const [i, value] of values.entries())
					if (!Number.isNaN(value) && series.latest.get(metric)?.timeMs === parts.before.timeMs[i])
						series.staleLatest = true;
			moved.push(parts.moved);
			if (parts.kept.timeMs.length > 0) kept.push({ head, columns: parts.kept });
		}
		if (changed.length === 0) return done;
		const made: NewBlock[] = [];
		const place = (level: number) => ({
			...{ series: series.id, level },
			block: blocks.state.seal + made.length + 1
		});
		for (const { head, columns } of kept) made.push(encodeColumnBlock(columns, place(head.level)));
		for (const part of blockParts(sortByTime(joinColumns(moved)), limits.blockRows))
			made.push(encodeColumnBlock(part, place(0)));
		// The ledger goes with the next seal: it claims rows that only the log has.
		const written = await blocks.change(changed, made);
		if (!written.ok) {
			for (const [epoch, numbers] of better)
				for (const [seq, time] of numbers) if (!series.betterTime(epoch, seq)) series.know(epoch, seq, time);
			return written;
		}
		series.replaceBlocks(
			changed,
			made.map(({ head }) => head)
		);
		// It may be the newest of its metrics now.
		for (const { timeMs, metrics } of moved)
			for (const { metric, values } of metrics)
				for (const [i, value] of values.entries())
					if (!Number.isNaN(value)) series.takeLatest([[metric, value, timeMs[i]!]]);
		return done;
	}

	/** Newest values from held rows and the newest blocks. */
	async #learnLatest(series: Series): Promise<void> {
		const { blocks, reader, disk } = this.parts;
		series.staleLatest = false;
		const { untilMs } = series;
		// The latest that a block may have.
		const reachMs = ({ fromMs, toMs }: BlockHead) => (fromMs <= untilMs ? Math.min(toMs, untilMs) : toMs);
		const later = (timeMs: number, thanMs: number | undefined) =>
			thanMs === undefined || (timeMs !== thanMs && isLater(timeMs, thanMs, untilMs));
		const heads = [...(await blocks.headsOf(series))].sort((a, b) =>
			later(reachMs(a), reachMs(b)) ? -1 : Number(later(reachMs(b), reachMs(a)))
		);
		const newest = new Map<number, readonly [metric: number, value: number, timeMs: number]>();
		const known = (metric: number) => newest.get(metric)?.[2];
		for (const head of heads) {
			const wanted = head.columns.filter(({ metric, gone }) => !gone && later(reachMs(head), known(metric)));
			if (wanted.length === 0 || reader.isDamaged(head)) continue;
			const [bytes] = (await disk?.blocks([head])) ?? [];
			const columns = reader.open(head, bytes)?.columns();
			for (const { metric, values } of columns?.metrics ?? []) {
				const at = latestAt(columns!.timeMs, values, untilMs);
				const timeMs = columns!.timeMs[at];
				if (timeMs !== undefined && later(timeMs, known(metric)))
					newest.set(metric, [metric, values[at]!, timeMs]);
			}
		}
		series.setLatest([...newest.values()]);
		await blocks.change([], [], { latest: new Map([[series.id, series.latestRow()]]) });
	}
}

const mayHave = ({ logs }: BlockHead, better: BetterTimes): boolean =>
	!logs ||
	logs.some(({ epoch, from, to }) => {
		for (const seq of better.get(epoch)?.keys() ?? []) if (seq >= from && seq <= to) return true;
		return false;
	});

/** Rows that stay, and those that are given their time; undefined where none is. `before`: those as they were. */
function divide(
	columns: Columns,
	better: BetterTimes
): { kept: Columns; moved: Columns; before: Columns } | undefined {
	const { epoch, seq, clock } = columns;
	const stay: number[] = [];
	const go: number[] = [];
	const times: BetterTime[] = [];
	for (let i = 0; i < seq.length; i++) {
		const time = better.get(epoch[i]!)?.get(seq[i]!);
		if (time && CLOCKS.indexOf(time.clock) < clock[i]!) {
			go.push(i);
			times.push(time);
		} else stay.push(i);
	}
	if (go.length === 0) return undefined;
	const before = pickRows(columns, Uint32Array.from(go));
	const moved = {
		...before,
		timeMs: Float64Array.from(times, ({ timeMs }) => timeMs),
		clock: Uint8Array.from(times, (time) => CLOCKS.indexOf(time.clock))
	};
	return { kept: pickRows(columns, Uint32Array.from(stay)), moved, before };
}

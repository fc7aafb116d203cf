import { done, ok, Stopwatch, type Clock, type Result } from '$lib/base';
import type { DeviceId } from '$lib/model';
import type { BlockHold } from './backup/snapshot';
import type { BlockHead, NewBlock } from './codec/block';
import type { Corrections } from './corrections';
import type { Disk } from './disk';
import type { SealedBlocks } from './sealed-blocks';
import type { Series } from './series';
import type { SeriesTable } from './series-table';
import type { StoreError, StoreLimits } from './store';
import type { Turns } from './turns';
import { RETRY_MS, type WriteAhead } from './write-ahead';
import { writtenLedger } from './written-ledger';

/** Folds after one seal; the rest waits for the next, so that flushes are not held up. */
const FOLDS_PER_SEAL = 16;

/** From the write-ahead log to blocks: when, what, and what of it is removed instead. */
export class Sealer {
	/** Since a seal failed: it is not tried again at once. */
	#failed: Stopwatch | undefined;
	#seals = 0;
	#folds = 0;

	constructor(
		private readonly parts: {
			readonly disk: Disk | undefined;
			readonly blocks: SealedBlocks;
			readonly log: WriteAhead;
			readonly table: SeriesTable;
			readonly turns: Turns;
			readonly clock: Clock;
			readonly limits: StoreLimits;
			readonly hold: BlockHold;
			/** Gives blocks the times that only the log has; in its turn. */
			readonly corrections: Pick<Corrections, 'waiting' | 'apply'>;
			/** In its turn. */
			readonly onSealed: () => void;
			/** What is to be done after a seal that fell due, and the folds that it brought. */
			readonly onFolding: () => void;
		}
	) {}

	/** Since the store was opened. */
	get figures(): { readonly seals: number; readonly folds: number } {
		return { seals: this.#seals, folds: this.#folds };
	}

	/** Seals and folds in turns of their own, where the log is long or old enough. */
	sealWhereDue(): void {
		if (this.#due()) void this.parts.turns.take(() => this.#sealAndFold());
	}

	/** Seals now what is written ahead, whatever its age: after a loss, so that the log has no hole. */
	seal(): Promise<Result<void, StoreError>> {
		return this.parts.turns.take(() => this.#seal());
	}

	/** Seals, and looks at what lies there in the same turn. */
	async sealed<T>(act: () => Promise<T>): Promise<Result<T, StoreError>> {
		return this.parts.turns.take(async () => {
			const sealed = await this.#seal();
			return sealed.ok ? ok(await act()) : sealed;
		});
	}

	/** Removes a device's history and ledger. */
	async forget(device: DeviceId): Promise<Result<void, StoreError>> {
		const { table, turns, log } = this.parts;
		const forgotten = await turns.take(async () => {
			const gone = (['real', 'simulated'] as const).flatMap((kind) => table.find(device, kind) ?? []);
			const removed = await this.#seal(gone);
			if (removed.ok || removed.error.kind === 'fenced') return removed;
			// No room even for that: what only deletes is let through by a full disk, and makes the room.
			const freed = await this.#empty(gone);
			return freed.ok ? this.#seal(gone) : freed;
		});
		if (forgotten.ok) log.retry();
		return forgotten;
	}

	/** Removes what is stored of some series, and their rows that wait; the log and the small rows keep theirs. */
	async #empty(gone: readonly Series[]): Promise<Result<void, StoreError>> {
		this.parts.log.forget(gone);
		for (const series of gone) {
			const emptied = await this.parts.blocks.empty(series);
			if (!emptied.ok) return emptied;
			series.held = series.held.filter((row) => row.wal > 0);
		}
		return done;
	}

	#due(): boolean {
		const { limits, log, blocks, hold, corrections } = this.parts;
		if (this.#failed && this.#failed.ms < RETRY_MS) return false;
		// To seal is to let go of times that only the log has, and those move blocks.
		if (hold.held && corrections.waiting) return false;
		const records = log.newest - blocks.state.sealedWal;
		return log.bytes >= limits.sealBytes || records >= limits.sealRecords || log.ageMs >= limits.sealAgeMs;
	}

	async #sealAndFold(): Promise<void> {
		if (!this.#due()) return;
		const { table, turns, log, clock } = this.parts;
		const touched = table.all.filter(({ held }) => held.some((row) => row.wal > 0));
		const sealed = await this.#seal();
		if (!sealed.ok) {
			this.#failed = new Stopwatch(clock);
			log.failed(sealed.error);
			return;
		}
		// Each fold takes its own turn, so that flushes get in between.
		for (const series of touched.slice(0, FOLDS_PER_SEAL)) void turns.take(() => this.#fold(series));
		this.parts.onFolding();
	}

	/**
	 * Moves all that is written ahead into blocks, with ledger and latest values, in one transaction.
	 * @param gone series that are removed instead: their rows in the log would bring them back at the next start
	 */
	async #seal(gone: readonly Series[] = []): Promise<Result<void, StoreError>> {
		const { disk, blocks, log, table } = this.parts;
		const ahead = table.all.some(({ ledgerAhead }) => ledgerAhead);
		if (log.newest === blocks.state.sealedWal && gone.length === 0 && !ahead) return done;
		const corrected = await this.parts.corrections.apply();
		if (!corrected.ok) return corrected;
		const { seal, sealedWal } = blocks.state;
		const remove: BlockHead[] = [];
		for (const { id } of gone) remove.push(...((await disk?.heads(id)) ?? []));
		const made: { series: Series; block: NewBlock }[] = [];
		const touched = table.all.filter(
			(series) => !gone.includes(series) && (series.ledgerAhead || series.held.some((row) => row.wal > 0))
		);
		for (const series of touched) {
			series.ledgerAhead = false;
			const rows = series.held.filter((row) => row.wal > 0);
			const encoded = blocks.encode(series, rows, seal + made.length);
			for (const block of encoded) made.push({ series, block });
			series.sealing = new Set(encoded.map(({ head }) => head.block));
		}
		const changed = await blocks.change(
			remove,
			made.map(({ block }) => block),
			{
				...(log.newest > sealedWal ? { walUpTo: log.newest } : {}),
				forget: gone.map(({ id }) => id),
				ledgers: new Map(touched.map((series) => [series.id, writtenLedger(series, true).encode()])),
				latest: new Map(touched.map((series) => [series.id, series.latestRow()]))
			}
		);
		for (const series of touched) series.sealing = new Set();
		if (!changed.ok) {
			for (const series of touched) series.ledgerAhead = true;
			return changed;
		}
		for (const series of touched) {
			series.held = series.held.filter((row) => row.wal === 0);
			series.replaceBlocks(
				[],
				made.filter((m) => m.series === series).map(({ block }) => block.head)
			);
		}
		for (const series of gone) table.remove(series);
		if (gone.length > 0) log.forget(gone);
		log.sealed();
		this.#seals++;
		this.parts.onSealed();
		return done;
	}

	/** Joins small neighbours of one series, if there are enough of a level. */
	async #fold(series: Series): Promise<void> {
		if (this.parts.hold.held || !this.parts.table.has(series)) return;
		const { blocks, log } = this.parts;
		const before = blocks.state.seal;
		const folded = await blocks.fold(series);
		if (!folded.ok) log.failed(folded.error);
		else if (blocks.state.seal > before) this.#folds++;
	}
}

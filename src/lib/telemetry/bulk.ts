import { done, err, ok, type Result } from '$lib/base';
import { withBetterTimes } from './better-time';
import { admitColumns, type Run } from './bulk-admission';
import { encodeColumnBlock, type NewBlock } from './codec/block';
import { joinColumns, sliceColumns, sortByTime, type Columns } from './codec/columns';
import { blockParts } from './block-parts';
import type { LatestRow } from './disk';
import { withIds, type BulkSource, type SampleColumns } from './sample-columns';
import type { SealedBlocks } from './sealed-blocks';
import type { Series } from './series';
import type { SeriesTable } from './series-table';
import { latestAt } from './latest-at';
import { finiteValues, possibleRows, Refusals } from './refused';
import type { AppendReport, BulkReport, StoreError, StoreLimits, StoreTrouble } from './store';
import type { Turns } from './turns';
import type { WriteAhead } from './write-ahead';
import { writtenLedger } from './written-ledger';

/** Of all that is held for blocks not yet full; the longest is sealed as it is when it gets more. */
const HELD_BYTES = 64 << 20;

export interface BulkParts {
	readonly blocks: SealedBlocks;
	readonly table: SeriesTable;
	readonly turns: Turns;
	readonly log: Pick<WriteAhead, 'append' | 'flush' | 'writeCorrections'>;
	readonly limits: Pick<StoreLimits, 'blockRows'>;
	readonly onSealed: () => void;
	readonly onTrouble: (trouble: StoreTrouble) => void;
}

/** Rows of one series on their way to blocks. */
interface Held {
	readonly parts: Columns[];
	rows: number;
}

/** What one transaction stores. */
interface Job {
	readonly series: Series;
	/** By time. */
	readonly columns: Columns;
	/** Of them. */
	readonly blocks: readonly NewBlock[];
	/** Numbers that were new to the ledger. */
	readonly runs: readonly Run[];
	readonly stored: number;
	readonly repeats: number;
	/** What became of the repeats that bring a better time; undefined where none does. */
	readonly correcting: Promise<Result<AppendReport, StoreError>> | undefined;
}

/**
 * Samples that come as columns, straight into sealed blocks. One block of a device is made while the one before is being
 * committed; more is taken from the source only then. Each transaction is strict and whole: block, rollups, ledger, latest.
 * Better times of what is there already go the way of those that come by `append`.
 */
export class Bulk {
	readonly #held = new Map<Series, Held>();
	#bytes = 0;
	#flying: Promise<Result<void, StoreError>> = Promise.resolve(done);
	#stored = 0;
	#repeats = 0;
	#corrected = 0;
	readonly #refusals: Refusals;

	constructor(private readonly parts: BulkParts) {
		this.#refusals = new Refusals(parts.onTrouble);
	}

	/** Resolves when all is committed. Throws the signal's reason; what was committed before stays, and is a duplicate the next time. */
	async run(source: BulkSource, signal: AbortSignal): Promise<Result<BulkReport, StoreError>> {
		try {
			for await (const batch of source) {
				const taken = await this.#take(batch, signal);
				if (!taken.ok) return taken;
			}
			for (const series of [...this.#held.keys()]) {
				signal.throwIfAborted();
				const sent = await this.#send(series);
				if (!sent.ok) return sent;
			}
			const last = await this.#flying;
			if (!last.ok) return last;
			// Better times of what has landed meanwhile.
			const told = this.#corrected > 0 ? await this.parts.log.flush() : done;
			return told.ok ? ok(this.#report) : told;
		} finally {
			this.#refusals.tell();
			await this.#flying; // nothing of it is under way when the caller hears of an end
		}
	}

	get #report(): BulkReport {
		const corrected = this.#corrected;
		const duplicates = this.#repeats - corrected;
		const refused = this.#refusals.all;
		return {
			...{ stored: this.#stored, duplicates },
			...(corrected > 0 ? { corrected } : {}),
			...(refused ? { refused } : {})
		};
	}

	/** Holds a batch, and sends each series that is full. */
	async #take(batch: SampleColumns, signal: AbortSignal): Promise<Result<void, StoreError>> {
		const { limits, table } = this.parts;
		const series = table.findOrMake(batch.device, batch.provenance);
		const columns = possibleRows(withIds(batch, table.names), this.#refusals.of(batch.device));
		const { length } = columns.timeMs;
		for (let at = 0; at < length;) {
			signal.throwIfAborted();
			const room = limits.blockRows - (this.#held.get(series)?.rows ?? 0);
			const end = Math.min(length, at + room);
			this.#hold(series, sliceColumns(columns, at, end));
			at = end;
			const full = this.#full();
			const sent = full ? await this.#send(full) : done;
			if (!sent.ok) return sent;
		}
		return done;
	}

	#hold(series: Series, columns: Columns): void {
		const held = this.#held.get(series) ?? { parts: [], rows: 0 };
		this.#held.set(series, held);
		held.parts.push(columns);
		held.rows += columns.timeMs.length;
		this.#bytes += bytesOf(columns);
	}

	/** A series whose rows are to be sealed now. */
	#full(): Series | undefined {
		const all = [...this.#held];
		const full = all.find(([, { rows }]) => rows >= this.parts.limits.blockRows);
		if (full ?? this.#bytes <= HELD_BYTES) return full?.[0];
		return all.reduce((a, b) => (b[1].rows > a[1].rows ? b : a))[0];
	}

	/** Makes the next blocks while the last ones are being committed, and gives them away when those are. */
	async #send(series: Series): Promise<Result<void, StoreError>> {
		const held = this.#held.get(series);
		if (!held) return done;
		this.#held.delete(series);
		for (const part of held.parts) this.#bytes -= bytesOf(part);
		// No wait from here until `series.flying` tells of it: a seal between would put these numbers into its ledger.
		const job = this.#prepare(series, joinColumns(held.parts));
		const last = await this.#flying;
		if (!last.ok) {
			takeBack(job);
			return last;
		}
		this.#flying = this.parts.turns.take(() => this.#commit(job));
		const corrected = await job.correcting;
		if (corrected && !corrected.ok) return corrected;
		this.#corrected += corrected?.value.corrected ?? 0;
		return done;
	}

	#prepare(series: Series, arrived: Columns): Job {
		const { runs, columns, better } = admitColumns(series, arrived);
		const sorted = sortByTime(finiteValues(columns, this.#refusals.of(series.device)));
		series.flying.push(...runs);
		const { log } = this.parts;
		const correcting = better.length > 0 ? log.append(better) : undefined;
		if (correcting) void log.flush();
		const stored = sorted.timeMs.length;
		const repeats = arrived.timeMs.length - stored;
		return { series, columns: sorted, blocks: encode(series, sorted), runs, stored, repeats, correcting };
	}

	async #commit(job: Job): Promise<Result<void, StoreError>> {
		const { blocks, table } = this.parts;
		const { series, runs } = job;
		if (!table.has(series)) return done; // forgotten meanwhile: this goes with the rest
		// The ledger, written below, tells of them.
		const told = job.stored > 0 ? await this.parts.log.writeCorrections(series) : done;
		if (!told.ok) {
			takeBack(job);
			return told;
		}
		landed(job);
		if (job.stored > 0) {
			const { seal } = blocks.state;
			const redated = withBetterTimes(job.columns, series.better);
			const columns = redated ? sortByTime(redated) : job.columns;
			const latest = latestOf(columns, series.untilMs);
			const made = (redated ? encode(series, columns) : job.blocks).map((block, i) => ({
				...block,
				head: { ...block.head, block: seal + i + 1 }
			}));
			const names = [...table.names.unsaved];
			const changed = await blocks.change([], made, {
				names,
				ledgers: new Map([[series.id, writtenLedger(series, false).encode()]]),
				latest: new Map([[series.id, series.latestRow(latest)]])
			});
			if (!changed.ok) {
				for (const { epoch, from, to } of runs) series.ledger.removeRun(epoch, from, to);
				return err(changed.error);
			}
			table.names.saved(names);
			series.replaceBlocks(
				[],
				made.map(({ head }) => head)
			);
			series.takeLatest(latest);
			this.parts.onSealed();
		}
		this.#stored += job.stored;
		this.#repeats += job.repeats;
		return done;
	}
}

const landed = ({ series, runs }: Job): void => {
	const gone = new Set<Run>(runs);
	series.flying = series.flying.filter((run) => !gone.has(run));
};

function takeBack(job: Job): void {
	landed(job);
	for (const { epoch, from, to } of job.runs) job.series.ledger.removeRun(epoch, from, to);
}

/** To be numbered when their turn comes. @param columns by time */
const encode = (series: Series, columns: Columns): NewBlock[] =>
	blockParts(columns).map((part) => encodeColumnBlock(part, { series: series.id, block: 0, level: 0 }));

/** The newest value of each metric. @param sorted by time */
const latestOf = ({ timeMs, metrics }: Columns, untilMs: number): LatestRow =>
	metrics.flatMap(({ metric, values }) => {
		const at = latestAt(timeMs, values, untilMs);
		return at < 0 ? [] : [[metric, values[at]!, timeMs[at]!] as const];
	});

const bytesOf = ({ timeMs, metrics }: Columns): number => timeMs.length * (21 + 8 * metrics.length);

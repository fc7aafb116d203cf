import { done, err, ok, type Result } from '$lib/base';
import { encodeColumnBlock, type NewBlock } from './codec/block';
import {
	CLOCKS,
	NO_SEQ,
	joinColumns,
	pickRows,
	sliceColumns,
	sortByTime,
	type Columns
} from './codec/columns';
import type { LatestRow } from './disk';
import { DAY_MS } from './fold-plan';
import { withIds, type BulkSource, type SampleColumns } from './sample-columns';
import type { SealedBlocks } from './sealed-blocks';
import type { Series } from './series';
import type { SeriesTable } from './series-table';
import type { BulkReport, StoreError, StoreLimits } from './store';
import type { Turns } from './turns';
import { writtenLedger } from './written-ledger';

/** Of all that is held for blocks not yet full; the longest is sealed as it is when it gets more. */
const HELD_BYTES = 64 << 20;

export interface BulkParts {
	readonly blocks: SealedBlocks;
	readonly table: SeriesTable;
	readonly turns: Turns;
	readonly limits: Pick<StoreLimits, 'blockRows'>;
	readonly onSealed: () => void;
}

/** Rows of one series on their way to blocks. */
interface Held {
	readonly parts: Columns[];
	rows: number;
}

/** What one transaction stores. */
interface Job {
	readonly series: Series;
	readonly blocks: readonly NewBlock[];
	/** Numbers that were new to the ledger. */
	readonly runs: readonly Run[];
	readonly latest: LatestRow;
	readonly stored: number;
	readonly duplicates: number;
}

export interface Run {
	readonly epoch: number;
	/** Both ends inclusive. */
	readonly from: number;
	readonly to: number;
}

/**
 * Samples that come as columns, straight into sealed blocks. One block of a device is made while the one before is being
 * committed; more is taken from the source only then. Each transaction is strict and whole: block, rollups, ledger, latest.
 */
export class Bulk {
	readonly #held = new Map<Series, Held>();
	#bytes = 0;
	#flying: Promise<Result<void, StoreError>> = Promise.resolve(done);
	#stored = 0;
	#duplicates = 0;

	constructor(private readonly parts: BulkParts) {}

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
			return last.ok ? ok({ stored: this.#stored, duplicates: this.#duplicates }) : last;
		} finally {
			await this.#flying; // nothing of it is under way when the caller hears of an end
		}
	}

	/** Holds a batch, and sends each series that is full. */
	async #take(batch: SampleColumns, signal: AbortSignal): Promise<Result<void, StoreError>> {
		const { limits, table } = this.parts;
		const series = table.findOrMake(batch.device, batch.provenance);
		const columns = withIds(batch, table.names);
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
		return done;
	}

	#prepare(series: Series, arrived: Columns): Job {
		const { runs, columns } = admit(series, arrived);
		const sorted = sortByTime(columns);
		const blocks: NewBlock[] = [];
		const { timeMs } = sorted;
		for (let at = 0; at < timeMs.length;) {
			const end = endOfDay(timeMs, at);
			const place = { series: series.id, block: 0, level: 0 }; // numbered when its turn comes
			blocks.push(encodeColumnBlock(sliceColumns(sorted, at, end), place));
			at = end;
		}
		const stored = timeMs.length;
		series.flying.push(...runs);
		return {
			series,
			blocks,
			runs,
			latest: latestOf(sorted),
			stored,
			duplicates: arrived.timeMs.length - stored
		};
	}

	async #commit(job: Job): Promise<Result<void, StoreError>> {
		const { blocks, table } = this.parts;
		const { series, runs } = job;
		if (!table.has(series)) return done; // forgotten meanwhile: this goes with the rest
		landed(job);
		if (job.stored > 0) {
			const { seal } = blocks.state;
			const made = job.blocks.map((block, i) => ({ ...block, head: { ...block.head, block: seal + i + 1 } }));
			const names = [...table.names.unsaved];
			const changed = await blocks.change([], made, {
				names,
				ledgers: new Map([[series.id, writtenLedger(series).encode()]]),
				latest: new Map([[series.id, series.latestRow(job.latest)]])
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
			series.takeLatest(job.latest);
			this.parts.onSealed();
		}
		this.#stored += job.stored;
		this.#duplicates += job.duplicates;
		return done;
	}
}

/** Keeps what the ledger does not have, and tells the ledger. */
function admit(series: Series, columns: Columns): { runs: Run[]; columns: Columns } {
	const { ledger } = series;
	const { epoch, seq, timeMs } = columns;
	const runs: Run[] = [];
	const kept = new Uint8Array(seq.length);
	let count = 0;
	for (let start = 0; start < seq.length;) {
		let end = start + 1;
		if (seq[start] === NO_SEQ) {
			while (end < seq.length && seq[end] === NO_SEQ) end++;
			kept.fill(1, start, end);
			count += end - start;
		} else {
			while (end < seq.length && seq[end] === seq[end - 1]! + 1 && epoch[end] === epoch[start]) end++;
			const first = seq[start]!;
			const added = ledger.addRun(epoch[start]!, [first, seq[end - 1]!, timeMs[start]!, timeMs[end - 1]!]);
			for (const [from, to] of added) {
				doubtful(series, columns, start + from - first, start + to - first);
				runs.push({ epoch: epoch[start]!, from, to });
				kept.fill(1, start + from - first, start + to - first + 1);
				count += to - from + 1;
			}
		}
		start = end;
	}
	if (count === seq.length) return { runs, columns };
	const places = new Uint32Array(count);
	let at = 0;
	for (let i = 0; i < kept.length; i++) if (kept[i]) places[at++] = i;
	return { runs, columns: pickRows(columns, places) };
}

/** Tells the ledger of times among these places that are not synchronised. */
function doubtful({ ledger }: Series, { clock, epoch, seq }: Columns, from: number, to: number): void {
	for (let start = from, end = from; start <= to; start = end) {
		while (end <= to && clock[end] === clock[start]) end++;
		ledger.doubt(epoch[start]!, seq[start]!, seq[end - 1]!, CLOCKS[clock[start]!]!);
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

/** Where a block that begins at `start` must end, so that it spans no more than a day. */
function endOfDay(timeMs: Float64Array, start: number): number {
	const limitMs = timeMs[start]! + DAY_MS;
	let low = start + 1;
	let high = timeMs.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (timeMs[middle]! < limitMs) low = middle + 1;
		else high = middle;
	}
	return low;
}

/** The newest value of each metric. @param sorted by time */
const latestOf = ({ timeMs, metrics }: Columns): LatestRow =>
	metrics.flatMap(({ metric, values }) => {
		let at = values.length - 1;
		while (at >= 0 && Number.isNaN(values[at]!)) at--;
		return at < 0 ? [] : [[metric, values[at]!, timeMs[at]!] as const];
	});

const bytesOf = ({ timeMs, metrics }: Columns): number => timeMs.length * (21 + 8 * metrics.length);

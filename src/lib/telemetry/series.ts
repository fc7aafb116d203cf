import type { Clock } from '$lib/base';
import {
	isLater,
	presentUntil,
	type ClockQuality,
	type DeviceId,
	type Provenance,
	type SampleIdentity
} from '$lib/model';
import type { BlockHead } from './codec/block';
import type { Row } from './codec/row-group';
import { isBetter, type BetterTime } from './better-time';
import type { LatestRow } from './disk';
import { Ledger } from './ledger';
import type { Names } from './names';

/** A row in memory and the write-ahead record that holds it: 0 while none does. Its time may be corrected. */
export interface HeldRow extends Row {
	timeMs: number;
	clock: ClockQuality;
	wal: number;
}

/** `refused`: how many were not finite, and are not in it. */
type Readings = Pick<Row, 'metrics' | 'values'> & { readonly refused: number };

/** All that memory knows of one device's data of one provenance. */
export class Series {
	/** Rows not yet in blocks, in order of arrival. */
	held: HeldRow[] = [];
	/** Numbers that the ledger has and that are being written as blocks. */
	flying: { readonly epoch: number; readonly from: number; readonly to: number }[] = [];
	/** Headers of its blocks, by time; undefined until a query or a fold has read them. */
	heads: readonly BlockHead[] | undefined;
	/** Blocks of a seal that is being written: on the disk perhaps, while their rows are still held. */
	sealing: ReadonlySet<number> = new Set();
	/** Rises when blocks go or come, also while their headers are not known. */
	changes = 0;
	/** Times learned since, by epoch and number, that blocks may not have yet. */
	better = new Map<number, Map<number, BetterTime>>();
	/** A sample that was the newest of a metric may not be it any more. */
	staleLatest = false;
	/** The ledger tells of what no seal has written. */
	ledgerAhead = false;
	#shape: { names: readonly string[]; metrics: readonly number[] } = { names: [], metrics: [] };
	readonly #latest = new Map<number, { value: number; timeMs: number }>();

	constructor(
		readonly id: number,
		readonly device: DeviceId,
		readonly provenance: Provenance,
		private readonly clock: Pick<Clock, 'now'>,
		public ledger = new Ledger(),
		latest: LatestRow = []
	) {
		for (const [metric, value, timeMs] of latest) this.#latest.set(metric, { value, timeMs });
	}

	get latest(): ReadonlyMap<number, { readonly value: number; readonly timeMs: number }> {
		return this.#latest;
	}

	/** What lies behind it is ahead of the present, ms. */
	get untilMs(): number {
		return presentUntil(this.clock.now());
	}

	betterTime(epoch: number, seq: number): BetterTime | undefined {
		return this.better.get(epoch)?.get(seq);
	}

	/** Whether a number is on its way to a block. */
	isFlying(epoch: number, seq: number): boolean {
		return this.flying.some((run) => run.epoch === epoch && run.from <= seq && seq <= run.to);
	}

	/** A sample's time is known better than it was stored. */
	know(epoch: number, seq: number, time: BetterTime): void {
		const numbers = this.better.get(epoch) ?? new Map<number, BetterTime>();
		this.better.set(epoch, numbers);
		numbers.set(seq, time);
	}

	/** As `know`, for a sample that may be held: its row and the ledger have the time from now on. */
	correct(epoch: number, seq: number, time: BetterTime, row: HeldRow | undefined): void {
		this.ledger.redate(epoch, seq, time.timeMs, time.clock);
		this.ledgerAhead = true;
		this.know(epoch, seq, time);
		if (!row || !isBetter(time.clock, row.clock)) return;
		if (row.metrics.some((metric) => this.#latest.get(metric)?.timeMs === row.timeMs))
			this.staleLatest = true;
		row.timeMs = time.timeMs;
		row.clock = time.clock;
		this.knowLatest(row);
	}

	/** Held rows by their identity. */
	heldByNumber(): Map<string, HeldRow> {
		return new Map(
			this.held.flatMap((row) => (row.identity ? [[numberKey(row.identity), row] as const] : []))
		);
	}

	/** Replaces all newest values by those of blocks, and of held rows where these are newer. */
	setLatest(ofBlocks: LatestRow): void {
		this.#latest.clear();
		this.takeLatest(ofBlocks);
		for (const row of this.held) this.knowLatest(row);
	}

	/** @param newer as if these were known too */
	latestRow(newer: LatestRow = []): LatestRow {
		const rows = new Map(
			[...this.#latest].map(([metric, { value, timeMs }]) => [metric, [metric, value, timeMs] as const])
		);
		for (const row of newer) {
			const known = rows.get(row[0]);
			if (!known || isLater(row[2], known[2], this.untilMs)) rows.set(row[0], row);
		}
		return [...rows.values()];
	}

	/** Makes these the latest of their metrics where they are. */
	takeLatest(newer: LatestRow): void {
		for (const [metric, value, timeMs] of newer) {
			const known = this.#latest.get(metric);
			if (!known || isLater(timeMs, known.timeMs, this.untilMs)) this.#latest.set(metric, { value, timeMs });
		}
	}

	/** The finite readings of a message. Most of a device's have the same metrics: they share one list of ids. */
	readings(values: Readonly<Record<string, number>>, names: Names): Readings {
		const { names: last, metrics } = this.#shape;
		const numbers = new Array<number>(last.length);
		let count = 0;
		for (const name in values) {
			const value = values[name]!;
			if (name !== last[count] || !Number.isFinite(value)) return this.#reshaped(values, names);
			numbers[count++] = value;
		}
		return count === last.length ? { metrics, values: numbers, refused: 0 } : this.#reshaped(values, names);
	}

	#reshaped(values: Readonly<Record<string, number>>, names: Names): Readings {
		const told = Object.keys(values);
		const finite = told.filter((name) => Number.isFinite(values[name]));
		this.#shape = { names: finite, metrics: finite.map((name) => names.metric(name)) };
		return {
			metrics: this.#shape.metrics,
			values: finite.map((name) => values[name]!),
			refused: told.length - finite.length
		};
	}

	/** Holds a row, and makes it the latest of its metrics where it is. */
	hold(row: HeldRow): void {
		this.held.push(row);
		this.knowLatest(row);
	}

	/** Makes a row the latest of its metrics where it is. */
	knowLatest(row: Row): void {
		const { metrics, values, timeMs } = row;
		const { untilMs } = this;
		for (let i = 0; i < metrics.length; i++) {
			const known = this.#latest.get(metrics[i]!);
			if (!known) this.#latest.set(metrics[i]!, { value: values[i]!, timeMs });
			else if (isLater(timeMs, known.timeMs, untilMs)) {
				known.value = values[i]!;
				known.timeMs = timeMs;
			}
		}
	}

	/** Takes in the outcome of a seal or fold. */
	replaceBlocks(remove: readonly BlockHead[], add: readonly BlockHead[]): void {
		this.changes++;
		if (!this.heads) return;
		const gone = new Set([...remove, ...add].map((head) => head.block));
		this.heads = [...this.heads.filter((head) => !gone.has(head.block)), ...add].sort(byTime);
	}
}

/** What only says what something is measures nothing. */
export const isSample = ({ metrics, states }: Row): boolean => metrics.length > 0 || !states;

export const byTime = (a: BlockHead, b: BlockHead): number => a.fromMs - b.fromMs || a.block - b.block;

export const numberKey = ({ epoch, seq }: SampleIdentity): string => `${epoch}.${seq}`;

import type { DeviceId, Provenance } from '$lib/model';
import type { BlockHead } from './codec/block';
import type { Row } from './codec/row-group';
import type { LatestRow } from './disk';
import { Ledger } from './ledger';

/** A row in memory and the write-ahead record that holds it: 0 while none does. */
export interface HeldRow extends Row {
	wal: number;
}

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
	readonly #latest = new Map<number, { value: number; timeMs: number }>();

	constructor(
		readonly id: number,
		readonly device: DeviceId,
		readonly provenance: Provenance,
		public ledger = new Ledger(),
		latest: LatestRow = []
	) {
		for (const [metric, value, timeMs] of latest) this.#latest.set(metric, { value, timeMs });
	}

	get latest(): ReadonlyMap<number, { readonly value: number; readonly timeMs: number }> {
		return this.#latest;
	}

	/** @param newer as if these were known too */
	latestRow(newer: LatestRow = []): LatestRow {
		const rows = new Map(
			[...this.#latest].map(([metric, { value, timeMs }]) => [metric, [metric, value, timeMs] as const])
		);
		for (const row of newer) if ((rows.get(row[0])?.[2] ?? -Infinity) <= row[2]) rows.set(row[0], row);
		return [...rows.values()];
	}

	/** Makes these the latest of their metrics where they are. */
	takeLatest(newer: LatestRow): void {
		for (const [metric, value, timeMs] of newer)
			if ((this.#latest.get(metric)?.timeMs ?? -Infinity) <= timeMs)
				this.#latest.set(metric, { value, timeMs });
	}

	/** Holds a row, and makes it the latest of its metrics where it is. */
	hold(row: HeldRow): void {
		this.held.push(row);
		this.knowLatest(row);
	}

	/** Makes a row the latest of its metrics where it is. */
	knowLatest(row: Row): void {
		row.metrics.forEach((metric, i) => {
			const known = this.#latest.get(metric);
			if (!known || known.timeMs <= row.timeMs)
				this.#latest.set(metric, { value: row.values[i]!, timeMs: row.timeMs });
		});
	}

	/** Takes in the outcome of a seal or fold. */
	replaceBlocks(remove: readonly BlockHead[], add: readonly BlockHead[]): void {
		this.changes++;
		if (!this.heads) return;
		const gone = new Set([...remove, ...add].map((head) => head.block));
		this.heads = [...this.heads.filter((head) => !gone.has(head.block)), ...add].sort(byTime);
	}
}

export const byTime = (a: BlockHead, b: BlockHead): number => a.fromMs - b.fromMs || a.block - b.block;

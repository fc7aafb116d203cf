import type { Sample } from '$lib/model';
import { CLOCKS, NO_SEQ, pickRows, type Columns } from './codec/columns';
import type { Series } from './series';

export interface Run {
	readonly epoch: number;
	/** Both ends inclusive. */
	readonly from: number;
	readonly to: number;
}

/** What columns bring to a series. */
export interface Admission {
	/** Numbers that are new to the ledger, which has them now. */
	readonly runs: readonly Run[];
	/** Rows of those numbers, and rows without one. */
	readonly columns: Columns;
	/** Repeats whose time is known better than the one that is there: that time alone. */
	readonly better: readonly Sample[];
}

/** Keeps what the ledger does not have, tells the ledger, and finds times that are better than its. */
export function admitColumns(series: Series, columns: Columns): Admission {
	const { ledger } = series;
	const { epoch, seq, timeMs, clock } = columns;
	const runs: Run[] = [];
	const better: Sample[] = [];
	const kept = new Uint8Array(seq.length);
	let count = 0;
	for (let start = 0, end = 1; start < seq.length; start = end++) {
		if (seq[start] === NO_SEQ) {
			while (end < seq.length && seq[end] === NO_SEQ) end++;
			kept.fill(1, start, end);
			count += end - start;
			continue;
		}
		// One log, one number after the other, one quality of clock.
		const follows = (i: number) =>
			seq[i] === seq[i - 1]! + 1 && epoch[i] === epoch[start] && clock[i] === clock[start];
		while (end < seq.length && follows(end)) end++;
		const [log, first, last] = [epoch[start]!, seq[start]!, seq[end - 1]!];
		const quality = CLOCKS[clock[start]!]!;
		for (const [from, to] of ledger.worseThan(quality, log, first, last))
			for (let n = from; n <= to; n++) better.push(timeOf(series, columns, start + n - first));
		for (const [from, to] of ledger.addRun(log, [first, last, timeMs[start]!, timeMs[end - 1]!])) {
			ledger.doubt(log, from, to, quality);
			runs.push({ epoch: log, from, to });
			kept.fill(1, start + from - first, start + to - first + 1);
			count += to - from + 1;
		}
	}
	if (count === seq.length) return { runs, columns, better };
	const places = new Uint32Array(count);
	let at = 0;
	for (let i = 0; i < kept.length; i++) if (kept[i]) places[at++] = i;
	return { runs, columns: pickRows(columns, places), better };
}

/** A row without what it measured. */
const timeOf = (
	{ device, provenance }: Series,
	{ epoch, seq, timeMs, clock }: Columns,
	i: number
): Sample => ({
	...{ device, provenance, identity: { epoch: epoch[i]!, seq: seq[i]! } },
	...{ timeMs: timeMs[i]!, clock: CLOCKS[clock[i]!]!, values: {} }
});

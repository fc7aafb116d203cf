import type { BlockHead } from './codec/block';
import { NO_SEQ, type Columns } from './codec/columns';
import type { EpochRange } from './codec/epoch-range';
import { IntervalSet } from './interval-set';
import type { Ledger } from './ledger';
import type { Series } from './series';

/** Numbers of one series that lie elsewhere, where blocks are lost whose headers tell only of ranges. */
export class KeptNumbers {
	readonly #logs = new Map<number, IntervalSet>();

	addRange({ epoch, from, to }: EpochRange): void {
		this.#log(epoch).addRange(from, to);
	}

	addRows({ epoch, seq }: Pick<Columns, 'epoch' | 'seq'>): void {
		for (let i = 0; i < seq.length; i++)
			if (seq[i] !== NO_SEQ) this.#log(epoch[i]!).addRange(seq[i]!, seq[i]!);
	}

	/** What is in no block yet. */
	addWaiting({ held, flying }: Pick<Series, 'held' | 'flying'>): void {
		for (const { identity } of held)
			if (identity) this.addRange({ epoch: identity.epoch, from: identity.seq, to: identity.seq });
		for (const run of flying) this.addRange(run);
	}

	/** Takes from a ledger what of these ranges is not kept, so that it may come again. */
	takeRest(ledger: Ledger, lost: readonly EpochRange[]): void {
		for (const { epoch, from, to } of lost)
			for (const [first, last] of this.#log(epoch).missing(from, to)) ledger.removeRun(epoch, first, last);
	}

	#log(epoch: number): IntervalSet {
		const known = this.#logs.get(epoch) ?? new IntervalSet([], Infinity);
		this.#logs.set(epoch, known);
		return known;
	}
}

/**
 * What sound blocks have of these ranges.
 * @param columns a block's rows; undefined where it cannot be read: then it has all that its header tells of
 */
export async function keptIn(
	sound: readonly BlockHead[],
	lost: readonly EpochRange[],
	columns: (head: BlockHead) => Promise<Columns | undefined>
): Promise<KeptNumbers> {
	const kept = new KeptNumbers();
	for (const head of sound) {
		const { logs } = head;
		if (!mayShare(logs, lost)) continue;
		// What retention let go of stays known.
		const told = logs && head.columns.some(({ gone }) => gone);
		const rows = told ? undefined : await columns(head);
		if (rows) kept.addRows(rows);
		else for (const range of logs ?? []) kept.addRange(range);
	}
	return kept;
}

/** Whether a block may have numbers of these ranges: one that an earlier version made may have any. */
const mayShare = (logs: readonly EpochRange[] | undefined, lost: readonly EpochRange[]): boolean =>
	!logs ||
	logs.some((one) => lost.some((two) => two.epoch === one.epoch && two.from <= one.to && two.to >= one.from));

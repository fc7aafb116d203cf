import { NO_SEQ, type Columns } from './columns';

/** Which numbers of one log a block has at most: those between may lie elsewhere. Both ends inclusive. */
export interface EpochRange {
	readonly epoch: number;
	readonly from: number;
	readonly to: number;
}

/** By epoch, in the order in which rows have them first. */
export function epochRanges({ epoch, seq }: Pick<Columns, 'epoch' | 'seq'>): EpochRange[] {
	const found = new Map<number, { epoch: number; from: number; to: number }>();
	let range: { epoch: number; from: number; to: number } | undefined;
	for (let i = 0; i < seq.length; i++) {
		const number = seq[i]!;
		if (number === NO_SEQ) continue;
		if (range?.epoch !== epoch[i]) range = found.get(epoch[i]!);
		if (!range) found.set(epoch[i]!, (range = { epoch: epoch[i]!, from: number, to: number }));
		if (number < range.from) range.from = number;
		if (number > range.to) range.to = number;
	}
	return [...found.values()];
}

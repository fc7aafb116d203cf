import type { StateColumn } from './columns';

/** A header tells at most so many values of a state; beyond, the block is read. */
const MOST_TOLD = 32;

/** What a block's header tells of one of its states. */
export interface StateStats {
	readonly metric: number;
	/** Rows that tell it. */
	readonly count: number;
	/** When it was told first and last, ms, and what it was last. */
	readonly firstMs: number;
	readonly lastMs: number;
	readonly last: string;
	/** Each time it was told; absent where there were too many. */
	readonly told?: readonly StateTold[];
}

export type StateTold = readonly [timeMs: number, value: string];

/** None where no row has it. @param timeMs of the rows, ascending */
export function stateStats({ metric, values }: StateColumn, timeMs: Float64Array): StateStats[] {
	const told = toldIn(values, timeMs);
	const [first, last] = [told[0], told.at(-1)];
	if (!first || !last) return [];
	const stats = { metric, count: told.length, firstMs: first[0], lastMs: last[0], last: last[1] };
	return [told.length > MOST_TOLD ? stats : { ...stats, told }];
}

/** In the rows' order. */
export const toldIn = (values: readonly (string | undefined)[], timeMs: Float64Array): StateTold[] =>
	values.flatMap((value, i) => (value === undefined ? [] : [[timeMs[i]!, value] as const]));

/** As it lies on disk. */
export function isStateStats(raw: unknown): raw is StateStats {
	if (typeof raw !== 'object' || raw === null) return false;
	const row = raw as Readonly<Record<string, unknown>>;
	const { told } = row;
	return (
		['metric', 'count', 'firstMs', 'lastMs'].every((key) => typeof row[key] === 'number') &&
		typeof row['last'] === 'string' &&
		(told === undefined || (Array.isArray(told) && told.every(isTold)))
	);
}

const isTold = (raw: unknown): boolean =>
	Array.isArray(raw) && raw.length === 2 && typeof raw[0] === 'number' && typeof raw[1] === 'string';

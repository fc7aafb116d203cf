import { sliceColumns, type Columns } from './codec/columns';
import { DAY_MS, SPARSE_MS, SPARSE_ROWS } from './block-span';
import { lowerBound } from './range';

/**
 * What becomes a block each: none spans more than a day but where it has few rows, and no sample of a wrong date makes one long.
 * @param columns by time
 * @param mostRows of a part
 */
export const blockParts = (columns: Columns, mostRows = Infinity): Columns[] =>
	partsOf(columns, (timeMs, start) => {
		const dayEnd = endOf(timeMs, start, DAY_MS);
		const sparseEnd = Math.min(start + SPARSE_ROWS, endOf(timeMs, start, SPARSE_MS));
		return Math.min(Math.max(dayEnd, sparseEnd), start + mostRows);
	});

/** Parts that span no more than a day. @param columns by time */
export const dayParts = (columns: Columns): Columns[] =>
	partsOf(columns, (timeMs, start) => endOf(timeMs, start, DAY_MS));

function partsOf(columns: Columns, endFrom: (timeMs: Float64Array, start: number) => number): Columns[] {
	const { timeMs } = columns;
	const parts: Columns[] = [];
	for (let start = 0; start < timeMs.length;) {
		const end = endFrom(timeMs, start);
		parts.push(sliceColumns(columns, start, end));
		start = end;
	}
	return parts;
}

/** The first of the times that lies `spanMs` or more behind that at `start`. */
function endOf(timeMs: Float64Array, start: number, spanMs: number): number {
	return lowerBound(timeMs, timeMs[start]! + spanMs, start + 1);
}

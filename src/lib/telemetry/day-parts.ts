import { sliceColumns, type Columns } from './codec/columns';
import { DAY_MS } from './fold-plan';

/**
 * What becomes a block each: so that none spans more than a day, and one sample of a wrong date holds no others back from retention.
 * @param columns by time
 * @param mostRows of a part
 */
export function dayParts(columns: Columns, mostRows = Infinity): Columns[] {
	const { timeMs } = columns;
	const parts: Columns[] = [];
	let start = 0;
	while (start < timeMs.length) {
		const end = Math.min(endOfDay(timeMs, start), start + mostRows);
		parts.push(sliceColumns(columns, start, end));
		start = end;
	}
	return parts;
}

/** The first of the times that lies a day or more behind that at `start`. */
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

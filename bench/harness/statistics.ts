/** @param values at least one; a copy is sorted. The mean of the middle two where there is no middle. */
export function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = sorted.length >> 1;
	const upper = at(sorted, middle);
	return sorted.length % 2 === 1 ? upper : (at(sorted, middle - 1) + upper) / 2;
}

/**
 * The smallest value that at least `share` of all values do not exceed (nearest rank).
 * @param share above 0, at most 1
 */
export function percentile(values: readonly number[], share: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	return at(sorted, Math.ceil(share * sorted.length) - 1);
}

function at(values: readonly number[], index: number): number {
	const value = values[index];
	if (value === undefined) throw new RangeError('there are no values');
	return value;
}

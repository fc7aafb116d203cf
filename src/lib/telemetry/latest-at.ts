/**
 * Where the newest value of a column is: of those that do not lie ahead of the present, where there is one; −1 where no row has any.
 * @param timeMs ascending
 * @param values NaN where a row has none
 * @param untilMs `presentUntil` of now
 */
export function latestAt(timeMs: Float64Array, values: Float64Array, untilMs: number): number {
	let ahead = -1;
	for (let i = values.length - 1; i >= 0; i--) {
		if (Number.isNaN(values[i]!)) continue;
		if (timeMs[i]! <= untilMs) return i;
		if (ahead < 0) ahead = i;
	}
	return ahead;
}

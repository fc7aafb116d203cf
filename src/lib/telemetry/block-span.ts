/** What a block of many rows spans at most, ms: so that a day's end can be dropped without rewriting. */
export const DAY_MS = 86_400_000;
/** So few rows are cheap to write anew: a block of them may be longer than a day, and retention cuts it. */
export const SPARSE_ROWS = 8192;
/** What such a block spans at most, ms. */
export const SPARSE_MS = 32 * DAY_MS;

/** Whether so many rows over such a time may be one block. */
export const fits = (rows: number, spanMs: number, blockRows: number): boolean =>
	spanMs > DAY_MS ? rows <= Math.min(SPARSE_ROWS, blockRows) && spanMs <= SPARSE_MS : rows <= blockRows;

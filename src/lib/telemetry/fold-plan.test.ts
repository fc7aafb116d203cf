import { expect, it } from 'vitest';
import { DAY_MS } from './block-span';
import type { BlockHead } from './codec/block';
import { chooseFold } from './fold-plan';
import { DEFAULT_LIMITS } from './limits';

/** Blocks as seals of so many rows leave them, and how often a row was written. */
function fold(rows: number, everyMs: number, seal: number) {
	let heads: BlockHead[] = [];
	let written = 0;
	const make = (level: number, count: number, fromMs: number): BlockHead => ({
		...{ version: 3, series: 1, block: written, level, rows: count },
		...{ fromMs, toMs: fromMs + (count - 1) * everyMs },
		...{ crc: 0, bytes: 0, columns: [], rollups: [], states: [] }
	});
	for (let row = 0; row < rows; row += seal) {
		heads = [...heads, make(0, seal, row * everyMs)];
		written += seal;
		for (let group = chooseFold(heads, DEFAULT_LIMITS); group.length > 0;) {
			const joined = make(
				group[0]!.level + 1,
				group.reduce((sum, head) => sum + head.rows, 0),
				group[0]!.fromMs
			);
			heads = [...heads.filter((head) => !group.includes(head)), joined].sort((a, b) => a.fromMs - b.fromMs);
			written += joined.rows;
			group = chooseFold(heads, DEFAULT_LIMITS);
		}
	}
	return { heads, timesWritten: written / rows };
}

it('lets blocks of 1 s data grow to about a day, and rewrites a row about four times for it', () => {
	const days = 12;
	const { heads, timesWritten } = fold(days * 86_400, 1000, 600);
	expect(heads.length).toBeLessThan(days + 24);
	expect(heads[0]!.rows).toBeGreaterThan(75_000);
	expect(heads[0]!.rows).toBeLessThanOrEqual(86_400);
	expect(timesWritten).toBeLessThan(4.1);
	expect(timesWritten).toBeGreaterThan(3);
});

it('lets blocks of hourly data grow to about a month, and no longer', () => {
	const { heads, timesWritten } = fold(365 * 24, 3_600_000, 1);
	expect(heads.length).toBeLessThan(12 + 4 * 8);
	expect(heads[0]!.toMs - heads[0]!.fromMs).toBeGreaterThan(20 * DAY_MS);
	for (const { fromMs, toMs } of heads) expect(toMs - fromMs).toBeLessThanOrEqual(32 * DAY_MS);
	expect(timesWritten).toBeLessThan(6);
});

import { expect, it } from 'vitest';
import type { BlockHead } from './codec/block';
import { chooseFold } from './fold-plan';
import { DEFAULT_LIMITS } from './limits';

it('lets blocks of 1 s data grow to about a day, and rewrites a row about four times for it', () => {
	const seal = 600;
	const days = 12;
	let heads: BlockHead[] = [];
	let written = 0;
	const make = (level: number, rows: number, fromMs: number): BlockHead => ({
		...{ version: 3, series: 1, block: written, level, rows, fromMs, toMs: fromMs + (rows - 1) * 1000 },
		...{ crc: 0, bytes: 0, columns: [], rollups: [], states: [] }
	});
	for (let row = 0; row < days * 86_400; row += seal) {
		heads = [...heads, make(0, seal, row * 1000)];
		written += seal;
		for (let group = chooseFold(heads, DEFAULT_LIMITS); group.length > 0;) {
			const rows = group.reduce((sum, head) => sum + head.rows, 0);
			const joined = make(group[0]!.level + 1, rows, group[0]!.fromMs);
			heads = heads.filter((head) => !group.includes(head));
			heads = [...heads, joined].sort((a, b) => a.fromMs - b.fromMs);
			written += rows;
			group = chooseFold(heads, DEFAULT_LIMITS);
		}
	}
	expect(heads.length).toBeLessThan(days + 24);
	expect(heads[0]!.rows).toBeGreaterThan(75_000);
	expect(heads[0]!.rows).toBeLessThanOrEqual(86_400);
	expect(written / (days * 86_400)).toBeLessThan(4.1);
	expect(written / (days * 86_400)).toBeGreaterThan(3);
});

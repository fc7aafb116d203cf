import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntervalSet, MAX_INTERVALS } from './interval-set';
import { Ledger, MAX_EPOCHS, MAX_LEDGER_INTERVALS } from './ledger';

describe('interval set', () => {
	it('behaves as a set of numbers under any order of adding and removing', () => {
		const step = fc.record({ remove: fc.boolean(), n: fc.nat(40) });
		fc.assert(
			fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
				const set = new IntervalSet();
				const model = new Set<number>();
				for (const { remove, n } of steps) {
					if (remove) {
						set.remove(n);
						model.delete(n);
					} else {
						expect(set.add(n)).toBe(!model.has(n));
						model.add(n);
					}
					for (let i = 0; i <= 41; i++) expect(set.has(i)).toBe(model.has(i));
				}
				set.intervals.forEach(([from, to], i) => {
					expect(from).toBeLessThanOrEqual(to);
					if (i > 0) expect(from).toBeGreaterThan(set.intervals[i - 1]![1] + 1);
				});
			}),
			{ numRuns: 200 }
		);
	});

	it('stays within its bound by closing the oldest gap, and counts it', () => {
		const set = new IntervalSet();
		for (let i = 0; i <= MAX_INTERVALS; i++) set.add(i * 2);
		expect(set.intervals).toHaveLength(MAX_INTERVALS);
		expect(set.closedGaps).toBe(1);
		expect(set.has(1)).toBe(true);
		expect(set.has(3)).toBe(false);
	});
});

describe('ledger', () => {
	it('comes back as it was, and refuses a cut or a flipped bit', () => {
		const ledger = new Ledger();
		for (const seq of [0, 1, 2, 7, 9, 4294967295]) ledger.add(0xdeadbeef, seq);
		ledger.add(1, 5);
		const bytes = ledger.encode();
		const again = Ledger.decode(bytes);
		expect(again?.intervals(0xdeadbeef)).toStrictEqual([
			[0, 2],
			[7, 7],
			[9, 9],
			[4294967295, 4294967295]
		]);
		expect(again?.has(1, 5)).toBe(true);
		for (let cut = 0; cut < bytes.length; cut++)
			expect(Ledger.decode(bytes.subarray(0, cut))).toBeUndefined();
		for (let bit = 0; bit < bytes.length * 8; bit++) {
			const flipped = bytes.slice();
			flipped[bit >> 3]! ^= 1 << (bit & 7);
			expect(Ledger.decode(flipped)).toBeUndefined();
		}
	});

	it('closes the oldest gaps when all logs together have too many', () => {
		const ledger = new Ledger();
		const perLog = 4000;
		const logs = Math.ceil(MAX_LEDGER_INTERVALS / perLog) + 1;
		for (let epoch = 1; epoch <= logs; epoch++) for (let n = 0; n < perLog; n++) ledger.add(epoch, n * 2);
		const total = Array.from({ length: logs }, (_, i) => ledger.intervals(i + 1).length);
		expect(total.reduce((sum, n) => sum + n, 0)).toBe(MAX_LEDGER_INTERVALS);
		expect(total.at(-1)).toBe(perLog);
		expect(ledger.add(1, 1)).toBe(false);
		expect(ledger.add(logs, 1)).toBe(true);
	});

	it('forgets the oldest log when there are too many', () => {
		const ledger = new Ledger();
		for (let epoch = 1; epoch <= MAX_EPOCHS + 1; epoch++) ledger.add(epoch, 0);
		expect(ledger.has(1, 0)).toBe(false);
		expect(ledger.has(2, 0)).toBe(true);
	});
});

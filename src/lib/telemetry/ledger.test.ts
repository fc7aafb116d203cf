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

	it('stays within its bound by closing the oldest gap', () => {
		const set = new IntervalSet([], 3);
		for (let i = 0; i <= 3; i++) set.add(i * 2);
		expect(set.intervals).toHaveLength(3);
		expect(set.has(1)).toBe(true);
		expect(set.has(3)).toBe(false);
	});
});

describe('ledger', () => {
	it('comes back as it was, and refuses a cut or a flipped bit', () => {
		const ledger = new Ledger();
		for (const seq of [0, 1, 2, 7, 9, 4294967295]) ledger.add(0xdeadbeef, seq, 0);
		ledger.add(1, 5, 0);
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

	it('tells what is missing, where in time, and what is lost of it', () => {
		const ledger = new Ledger();
		for (const seq of [5, 6, 10, 20]) ledger.add(9, seq, 1000 * seq);
		expect(ledger.missing(9)).toStrictEqual([
			[0, 4],
			[7, 9],
			[11, 19]
		]);
		ledger.giveUp(9, 0, 4);
		ledger.giveUp(9, 13, 14);
		expect(ledger.missing(9)).toStrictEqual([
			[7, 9],
			[11, 12],
			[15, 19]
		]);
		const again = Ledger.decode(ledger.encode());
		for (const each of [ledger, again])
			expect(each?.gaps()).toStrictEqual([
				{ epoch: 9, from: 7, to: 9, fromMs: 6000, toMs: 10_000, lost: false },
				{ epoch: 9, from: 11, to: 12, fromMs: 10_000, toMs: 13_000, lost: false },
				{ epoch: 9, from: 13, to: 14, fromMs: 12_000, toMs: 15_000, lost: true },
				{ epoch: 9, from: 15, to: 19, fromMs: 14_000, toMs: 20_000, lost: false }
			]);
		for (let seq = 0; seq <= 20; seq++) ledger.add(9, seq, 1000 * seq); // what was lost came after all
		expect(ledger.gaps()).toStrictEqual([]);
		expect(ledger.missing(9)).toStrictEqual([]);
	});

	it('finds what is missing as a set does, for any numbers', () => {
		const numbers = fc.array(fc.nat(60), { maxLength: 60 });
		fc.assert(
			fc.property(numbers, fc.nat(60), fc.nat(60), (all, a, b) => {
				const set = new IntervalSet();
				for (const n of all) set.add(n);
				const [from, to] = [Math.min(a, b), Math.max(a, b)];
				const told = set
					.missing(from, to)
					.flatMap(([x, y]) => Array.from({ length: y - x + 1 }, (_, i) => x + i));
				const wanted = Array.from({ length: to - from + 1 }, (_, i) => from + i).filter(
					(n) => !all.includes(n)
				);
				expect(told).toStrictEqual(wanted);
			}),
			{ numRuns: 200 }
		);
	});

	it('joins ranges as a set does', () => {
		const range = fc.tuple(fc.nat(60), fc.nat(8));
		fc.assert(
			fc.property(fc.array(range, { maxLength: 30 }), (ranges) => {
				const set = new IntervalSet();
				const model = new Set<number>();
				for (const [from, length] of ranges) {
					set.addRange(from, from + length);
					for (let n = from; n <= from + length; n++) model.add(n);
				}
				for (let n = 0; n <= 70; n++) expect(set.has(n)).toBe(model.has(n));
				set.intervals.forEach(
					([from], i) => i > 0 && expect(from).toBeGreaterThan(set.intervals[i - 1]![1] + 1)
				);
			})
		);
	});

	it('closes the oldest gaps when all logs together have too many', () => {
		const ledger = new Ledger();
		const perLog = 4000;
		const logs = Math.ceil(MAX_LEDGER_INTERVALS / perLog) + 1;
		for (let epoch = 1; epoch <= logs; epoch++) for (let n = 0; n < perLog; n++) ledger.add(epoch, n * 2, 0);
		const total = Array.from({ length: logs }, (_, i) => ledger.intervals(i + 1).length);
		expect(total.reduce((sum, n) => sum + n, 0)).toBe(MAX_LEDGER_INTERVALS);
		expect(total.at(-1)).toBe(perLog);
		expect(ledger.add(logs, 1, 0)).toBe(true);
	});

	it('says of each number beyond its bound whether it came, and takes the others when they come', () => {
		const ledger = new Ledger();
		const gaps = MAX_INTERVALS + 9; // ten more than are remembered
		for (let n = 0; n <= gaps; n++) ledger.add(1, n * 4, n * 4000, 'synchronised');
		for (const each of [ledger, Ledger.decode(ledger.encode())!]) {
			expect(each.abandoned).toBe(30);
			expect(each.missing(1)[0]).toStrictEqual([41, 43]); // no longer asked for below
			expect(each.gaps()).toHaveLength(gaps);
			expect(each.gaps().filter(({ lost }) => lost)).toHaveLength(10);
			expect(each.gaps()[0]).toStrictEqual({
				...{ epoch: 1, from: 1, to: 3, fromMs: 0, toMs: 4000, lost: true }
			});
			for (let n = 0; n <= 40; n++) expect(each.has(1, n)).toBe(n % 4 === 0);
			expect(each.add(1, 4, 4000)).toBe(false);
			expect(each.add(1, 6, 6000)).toBe(true); // too late to be asked for, not to be stored
			expect(each.add(1, 6, 6000)).toBe(false);
			expect(each.addRun(1, [0, 8, 0, 8000])).toStrictEqual([
				[1, 3],
				[5, 5],
				[7, 7]
			]);
			expect(each.abandoned).toBe(24);
		}
	});

	it('counts what it abandoned also where it does not know any more which numbers those were', () => {
		const ledger = new Ledger();
		const numbers = 3 * MAX_INTERVALS;
		for (let n = 0; n < numbers; n++) ledger.add(1, n * 2, n * 2000);
		const again = Ledger.decode(ledger.encode())!;
		expect(again.abandoned).toBe(numbers - MAX_INTERVALS);
		const lost = again.gaps().filter((gap) => gap.lost);
		expect(lost).toHaveLength(MAX_INTERVALS);
		expect(lost[0]).toMatchObject({ from: 1, fromMs: 0 });
		expect(lost[1]!.from).toBe(lost[0]!.to + 2); // one band as far as the single ones
		expect(again.add(1, 1, 0)).toBe(false); // it may be among those that came
		expect(again.add(1, numbers * 2, 0)).toBe(true);
	});

	it('forgets the oldest log when there are too many', () => {
		const ledger = new Ledger();
		for (let epoch = 1; epoch <= MAX_EPOCHS + 1; epoch++) ledger.add(epoch, 0, 0);
		expect(ledger.has(1, 0)).toBe(false);
		expect(ledger.has(2, 0)).toBe(true);
	});
});

import { describe, expect, it, vi } from 'vitest';
import { BentSeries } from './bent-series';
import { earlierRange, earlierReach, earlierShifts } from './comparison';
import type { Comparison } from './history-query';

// Summer time began on 29 March 2026 at 2 o'clock and ended on 25 October at 3.
vi.hoisted(() => void (process.env.TZ = 'Europe/Berlin'));
const HOUR = 3_600_000;
const at = (text: string) => new Date(text).getTime();
const range = (from: string, to: string) => ({ fromMs: at(from), toMs: at(to) });

describe('the earlier time', () => {
	it('is told where clocks are changed', () => {
		expect(new Date('2026-07-01T00:00Z').getTimezoneOffset()).toBe(-120);
	});

	it('is of the same local time of day at both ends', () => {
		const before = (comparison: Comparison, from: string, to: string) =>
			earlierRange(comparison, range(from, to));
		const spring = before('day', '2026-03-29T00:00', '2026-03-30T00:00');
		expect(spring).toEqual(range('2026-03-28T00:00', '2026-03-29T00:00'));
		expect(before('day', '2026-03-30T00:00', '2026-03-31T00:00')).toEqual(
			range('2026-03-29T00:00', '2026-03-30T00:00')
		);
		expect(before('week', '2026-10-20T00:00', '2026-10-27T10:00')).toEqual(
			range('2026-10-13T00:00', '2026-10-20T10:00')
		);
		expect(before('year', '2024-02-28T10:00', '2024-02-29T12:00')).toEqual(
			range('2023-02-28T10:00', '2023-02-28T12:00')
		);
		expect(earlierRange('previous', { fromMs: 5000, toMs: 7000 })).toEqual({ fromMs: 3000, toMs: 5000 });
		expect(earlierRange('off', { fromMs: 0, toMs: 1 })).toBeUndefined();
	});

	it('is never nothing, in the hour that comes twice neither', () => {
		const first = at('2026-10-25T00:30Z');
		const twice = earlierRange('day', { fromMs: first, toMs: first + HOUR });
		expect(twice).toEqual({ fromMs: at('2026-10-24T01:30'), toMs: at('2026-10-24T02:30') });
	});

	it('lies otherwise far back on both sides of a change', () => {
		const spring = range('2026-03-27T00:00', '2026-04-02T00:00');
		expect(earlierShifts('day', spring, 0)).toEqual([
			{ fromMs: -Infinity, shiftMs: 24 * HOUR },
			{ fromMs: at('2026-03-29T03:00'), shiftMs: 23 * HOUR },
			{ fromMs: at('2026-03-30T03:00'), shiftMs: 24 * HOUR }
		]);
		expect(earlierShifts('day', range('2026-05-01T00:00', '2026-06-01T00:00'), 0)).toHaveLength(1);
		expect(
			earlierReach(earlierShifts('day', spring, 0), range('2026-03-29T01:00', '2026-03-29T04:00'))
		).toEqual(range('2026-03-28T01:00', '2026-03-28T04:00'));
	});

	it('is drawn at its time of day throughout: an hour without a counterpart left out, one with two there twice', () => {
		const drawn = (day: string, from: string) => {
			const hours = Array.from({ length: 24 }, (_, h) => at(from) + h * HOUR);
			const own = {
				...{ timeMs: hours, min: hours, max: hours, avg: hours.map((ms) => new Date(ms).getHours()) },
				watch: () => undefined
			};
			const shifts = earlierShifts('day', { fromMs: at(day), toMs: at(day) + 24 * HOUR }, 0);
			const bent = new BentSeries(own, shifts);
			return [...bent.timeMs].map((ms, i) => [new Date(ms + bent.shiftMs).getHours(), bent.avg[i]]);
		};
		const each = Array.from({ length: 24 }, (_, h) => [h, h]);
		expect(drawn('2026-03-29T00:00', '2026-03-28T00:00')).toEqual(each.filter(([h]) => h !== 2));
		expect(drawn('2026-10-25T00:00', '2026-10-24T00:00')).toEqual(
			each.flatMap((one) => (one[0] === 2 ? [one, one] : [one]))
		);
	});
});

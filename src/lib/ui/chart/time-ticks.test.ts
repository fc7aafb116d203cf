import { describe, expect, it, vi } from 'vitest';
import { timeTicks } from './time-ticks';

// Before the import: formats keep the zone they were made in.
vi.hoisted(() => void (process.env.TZ = 'Europe/Berlin'));

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** In a leap year, two days before the leap day; 11:03:17 in Berlin. */
const LEAP = Date.UTC(2028, 1, 27, 10, 3, 17);

describe('timeTicks', () => {
	const local = (ms: number) => new Date(ms);

	it('stands on round minutes', () => {
		const from = Date.UTC(2026, 10, 21, 9, 3, 17);
		const ticks = timeTicks(from, from + HOUR, 8);
		expect(ticks.length).toBeGreaterThan(3);
		expect(ticks.length).toBeLessThanOrEqual(8);
		for (const { value } of ticks) expect(value % (10 * MINUTE)).toBe(0);
	});

	it('begins days at midnight where the reader lives, over the end of summer time', () => {
		const from = Date.UTC(2026, 9, 22, 12);
		const ticks = timeTicks(from, from + 7 * DAY, 8);
		expect(ticks).toHaveLength(7);
		for (const tick of ticks) {
			expect(local(tick.value).getHours()).toBe(0);
			expect(tick.major).toBe(false);
		}
	});

	it.each([
		['end', Date.UTC(2026, 9, 24, 20)],
		['start', Date.UTC(2026, 2, 28, 20)]
	])('counts hours from local midnight, over the %s of summer time', (_which, from) => {
		const ticks = timeTicks(from, from + 30 * HOUR, 10);
		expect(ticks.length).toBeGreaterThanOrEqual(9);
		for (const { value } of ticks) expect(local(value).getHours() % 3).toBe(0);
	});

	it.each([
		['a minute', MINUTE, 10_000, '11:03:20'],
		['an hour', HOUR, 10 * MINUTE, '11:10'],
		['a day', DAY, 3 * HOUR, '12:00']
	])('has round steps on %s, and says the date once', (_what, span, step, first) => {
		const ticks = timeTicks(LEAP, LEAP + span, 9);
		expect(ticks.length).toBeGreaterThanOrEqual(5);
		for (const [i, { value }] of ticks.entries()) expect(value - (ticks[0]?.value ?? 0)).toBe(i * step);
		expect(ticks[0]?.label).toContain(first);
		expect(ticks.filter(({ context }) => context)).toHaveLength(span === DAY ? 2 : 1);
	});

	it('counts a month in weeks from Mondays, the leap day among its days', () => {
		const days = timeTicks(LEAP, LEAP + 6 * DAY, 9).map(({ value }) => local(value).getDate());
		expect(days).toEqual([28, 29, 1, 2, 3, 4]);
		const weeks = timeTicks(LEAP, LEAP + 30 * DAY, 9);
		expect(weeks.map(({ value }) => local(value).getDay())).toEqual(weeks.map(() => 1));
		expect(weeks.length).toBeGreaterThanOrEqual(4);
	});

	it.each([
		['a year', 366, [2, 4, 6, 8, 10, 0], ['2028', '2029']],
		['five years', 1827, [0, 0, 0, 0, 0], []]
	])('stands on firsts of months over %s', (_what, days, months, years) => {
		const ticks = timeTicks(LEAP, LEAP + days * DAY, 9);
		expect(ticks.map(({ value }) => local(value).getMonth())).toEqual(months);
		for (const { value } of ticks) expect([local(value).getDate(), local(value).getHours()]).toEqual([1, 0]);
		expect(ticks.map(({ context }) => context).filter(Boolean)).toEqual(years);
	});

	it('always ends, at any range', () => {
		for (const span of [1, 999, MINUTE, 400 * DAY, 1827 * DAY, 20_000 * DAY])
			expect(timeTicks(1_700_000_000_123, 1_700_000_000_123 + span, 6).length).toBeLessThan(80);
	});
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { timeTicks } from './time-ticks';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('timeTicks', () => {
	const zone = process.env.TZ;
	beforeEach(() => void (process.env.TZ = 'Europe/Berlin'));
	afterEach(() => {
		if (zone === undefined) delete process.env.TZ;
		else process.env.TZ = zone;
	});
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
			expect(tick.major).toBe(true);
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

	it('always ends, at any range', () => {
		for (const span of [1, 999, MINUTE, 400 * DAY, 20_000 * DAY])
			expect(timeTicks(1_700_000_000_123, 1_700_000_000_123 + span, 6).length).toBeLessThan(80);
	});
});

import { expect, test } from 'vitest';
import { runFleet } from '../soak/fleet';

/** The long one is tests/soak/fleet.ts by itself. */
test('fifty devices lose no sample of a day whose broker dies twice, and take no more memory', async () => {
	const day = { devices: 50, simulatedS: 86_400, periodS: 60, outages: 2 };
	const { taken, live, backfilled, missing, different, rss } = await runFleet(day);
	expect(missing).toEqual([]);
	expect(different).toBe(0);
	expect(taken).toBeGreaterThan(50 * 1440 - 50);
	expect(live + backfilled).toBe(taken);
	// Both ways were needed: else one of them was not tried.
	expect(live).toBeGreaterThan(taken / 10);
	expect(backfilled).toBeGreaterThan(0);
	expect(rss.late - rss.early).toBeLessThan(4 * 2 ** 20);
}, 180_000);

import { expect, test } from 'vitest';
import { ManualClock } from '$lib/base';
import { MinuteCounts } from './minute-counts';

const MINUTE = 60_000;

test('tells whole minutes only, and of the time before it began nothing', () => {
	const clock = new ManualClock(100 * MINUTE + 30_000);
	const counts = new MinuteCounts(clock);
	counts.count();
	clock.advance(MINUTE); // 101:30, and 100 was seen in part
	expect(counts.whole()).toEqual({ endMs: 101 * MINUTE, perMinute: [] });
	counts.count();
	counts.count();
	clock.advance(2 * MINUTE); // 103:30
	counts.count();
	expect(counts.whole()).toEqual({ endMs: 103 * MINUTE, perMinute: [2, 0] });
});

test('forgets what is older than an hour, also after a long sleep', () => {
	const clock = new ManualClock(100 * MINUTE);
	const counts = new MinuteCounts(clock);
	for (let i = 0; i < 200; i++) {
		for (let n = 0; n <= i % 3; n++) counts.count();
		clock.advance(MINUTE);
	}
	const { perMinute } = counts.whole();
	expect(perMinute).toHaveLength(60);
	expect(perMinute.slice(-3)).toEqual([198, 199, 200].map((i) => ((i - 1) % 3) + 1));
	clock.advance(500 * MINUTE);
	expect(counts.whole().perMinute).toEqual(Array.from({ length: 60 }, () => 0));
});

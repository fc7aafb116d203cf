import { expect, test } from 'vitest';
import { ManualClock } from '$lib/base';
import { parseDeviceId, type Sample } from '$lib/model';
import { LiveTails } from './live-tails';
import type { LiveTail } from './messages';

const parsed = parseDeviceId('node-1');
if (!parsed.ok) throw new Error('no id');
const device = parsed.value;

test('moves what came of all metrics in one buffer, a few times a second', () => {
	const clock = new ManualClock();
	const tails = new LiveTails(clock);
	const end = new AbortController();
	const got: LiveTail['points'][] = [];
	tails.follow(
		device,
		'real',
		(tail, transfer) => {
			expect(transfer).toHaveLength(1);
			got.push(structuredClone(tail, { transfer }).points);
		},
		end.signal
	);
	const push = (timeMs: number, values: Sample['values']) =>
		tails.push({ device, provenance: 'real', timeMs, clock: 'synchronised', values, identity: undefined });
	clock.advance(1000);
	push(1, { a: 10, b: 20 });
	clock.advance(0);
	for (let timeMs = 2; timeMs < 102; timeMs++) {
		push(timeMs, timeMs % 2 ? { a: timeMs } : { a: timeMs, b: -timeMs });
		clock.advance(10);
	}
	clock.advance(1000);
	expect(got.length).toBeLessThanOrEqual(7);
	const all = (metric: string, column: 'timeMs' | 'value') =>
		got.flatMap((points) => [...(points[metric]?.[column] ?? [])]);
	const times = Array.from({ length: 101 }, (_, i) => i + 1);
	expect(all('a', 'timeMs')).toEqual(times);
	expect(all('a', 'value')).toEqual(times.map((t) => (t === 1 ? 10 : t)));
	expect(all('b', 'timeMs')).toEqual(times.filter((t) => t === 1 || t % 2 === 0));
	expect(all('b', 'value')).toEqual(
		times.filter((t) => t === 1 || t % 2 === 0).map((t) => (t === 1 ? 20 : -t))
	);
	end.abort();
	push(200, { a: 1 });
	clock.advance(1000);
	expect(all('a', 'timeMs')).toEqual(times);
});

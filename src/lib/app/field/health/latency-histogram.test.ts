import { expect, test } from 'vitest';
import { err, ManualClock, ok } from '$lib/base';
import type { TelemetryStore } from '$lib/telemetry';
import { LATENCY_WINDOW_MS, LatencyHistogram, PERCENTILE_ERROR } from './latency-histogram';
import { Latencies, timedStore } from './timed-store';

/** mulberry32: the same numbers in each run. */
function seeded(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

test('percentiles are within the stated error of the exact ones, over six orders of magnitude', () => {
	const histogram = new LatencyHistogram(new ManualClock());
	const random = seeded(7);
	const all = Array.from({ length: 5000 }, () => 0.05 * 10 ** (6 * random()));
	for (const ms of all) histogram.add(ms);
	all.sort((a, b) => a - b);
	const { count, p50Ms, p95Ms, maxMs } = histogram.summary();
	expect(count).toBe(5000);
	expect(maxMs).toBe(all.at(-1));
	for (const [told, exact] of [
		[p50Ms, all[2499]!],
		[p95Ms, all[4749]!]
	] as const) {
		expect(told / exact).toBeGreaterThanOrEqual(1 / (1 + PERCENTILE_ERROR) - 1e-9);
		expect(told / exact).toBeLessThanOrEqual(1 + PERCENTILE_ERROR + 1e-9);
	}
});

test('forgets what is older than its window, slice by slice', () => {
	const clock = new ManualClock();
	const histogram = new LatencyHistogram(clock);
	histogram.add(1000);
	histogram.fail();
	clock.advance(LATENCY_WINDOW_MS / 2);
	histogram.add(1);
	expect(histogram.summary()).toMatchObject({ count: 2, failed: 1, maxMs: 1000 });
	clock.advance(LATENCY_WINDOW_MS / 2);
	expect(histogram.summary()).toMatchObject({ count: 1, failed: 0, maxMs: 1 });
	clock.advance(100 * LATENCY_WINDOW_MS);
	expect(histogram.summary()).toEqual({ count: 0, failed: 0, p50Ms: 0, p95Ms: 0, maxMs: 0 });
});

test('the store’s door times each call by its name, and counts what was refused apart', async () => {
	const clock = new ManualClock();
	const latencies = new Latencies(clock);
	let nowMs = 0;
	class Store {
		#private = 3; // methods must still be called on the store itself
		async append(samples: readonly unknown[]) {
			nowMs += 40;
			return samples.length > 0 ? ok(this.#private) : err({ kind: 'closed' });
		}
		async range(_: unknown, signal: AbortSignal) {
			signal.throwIfAborted();
			throw new Error('unreadable');
		}
		gaps() {
			return [this.#private];
		}
	}
	const store = timedStore(new Store() as unknown as TelemetryStore, latencies, () => nowMs);
	expect(await store.append([{}] as never)).toEqual(ok(3));
	await store.append([]);
	expect(store.gaps({} as never)).toEqual([3]);
	await expect(store.range({} as never, AbortSignal.abort())).rejects.toThrow();
	await expect(store.range({} as never, new AbortController().signal)).rejects.toThrow('unreadable');
	const told = latencies.summaries();
	expect(Object.keys(told)).toEqual(['append', 'range']);
	expect(told['append']).toMatchObject({ count: 1, failed: 1, maxMs: 40 });
	expect(told['range']).toMatchObject({ count: 0, failed: 1 });
});

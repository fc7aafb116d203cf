import { expect, it } from 'vitest';
import type { ViewWindow } from '$lib/ui';
import type { SeriesColumns } from '../store';
import { MetricHistory } from './metric-history.svelte';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;
const view = (minutes: number, endMs = NOW): ViewWindow => ({
	fromMs: endMs - minutes * MINUTE,
	toMs: endMs,
	following: endMs === NOW
});
const columns = (...at: number[]): SeriesColumns => ({
	timeMs: Float64Array.from(at),
	min: Float64Array.from(at),
	max: Float64Array.from(at),
	avg: Float64Array.from(at),
	count: Uint32Array.from(at, () => 1)
});

function history(answer = columns(NOW - 1_000)) {
	const asked: { fromMs: number; toMs: number }[] = [];
	const made = new MetricHistory({
		range: (range) => {
			asked.push(range);
			return Promise.resolve(answer);
		}
	});
	return { made, asked };
}

it('asks once for a window and its margin, and not again while it covers', async () => {
	const { made, asked } = history();
	made.show(view(60), NOW);
	await expect.poll(() => made.loading).toBe(false);
	expect(asked).toHaveLength(1);
	expect(asked[0]?.fromMs).toBe(NOW - 90 * MINUTE);
	made.show(view(60, NOW - 10 * MINUTE), NOW);
	made.show(view(40, NOW - 10 * MINUTE), NOW);
	expect(asked).toHaveLength(1);
});

it('asks again for what it does not cover, and for finer buckets when one comes near', async () => {
	const { made, asked } = history();
	made.show(view(60), NOW);
	await expect.poll(() => asked.length).toBe(1);
	await expect.poll(() => made.loading).toBe(false);
	made.show(view(60, NOW - 60 * MINUTE), NOW);
	await expect.poll(() => asked.length).toBe(2);
	await expect.poll(() => made.loading).toBe(false);
	made.show(view(5, NOW - 60 * MINUTE), NOW);
	await expect.poll(() => asked.length).toBe(3);
});

it('asks again when samples of the past came', async () => {
	const { made, asked } = history();
	const past = view(60, NOW - 60 * MINUTE);
	made.show(past, NOW);
	await expect.poll(() => made.loading).toBe(false);
	made.show(past, NOW, 0);
	made.show(past, NOW, 70);
	await expect.poll(() => asked.length).toBe(2);
	await expect.poll(() => made.loading).toBe(false);
	made.show(past, NOW, 70);
	expect(asked).toHaveLength(2);
});

it('says what could not be read, keeps what it has, and asks again', async () => {
	let fails = false;
	const made = new MetricHistory({
		range: () => (fails ? Promise.reject(new Error('disk full')) : Promise.resolve(columns(NOW - 1_000)))
	});
	made.show(view(60), NOW);
	await expect.poll(() => made.loading).toBe(false);
	fails = true;
	const wider = view(240);
	made.show(wider, NOW);
	await expect.poll(() => made.failure).toBe('disk full');
	expect(made.loading).toBe(false);
	expect(made.series.timeMs).toHaveLength(1);
	fails = false;
	made.show(wider, NOW);
	await expect.poll(() => made.failure).toBeUndefined();
});

it('leaves unasked what a hand has moved on from', async () => {
	const { made, asked } = history();
	made.show(view(60), NOW)();
	made.show(view(30), NOW);
	await expect.poll(() => asked.length).toBe(1);
	expect(asked[0]?.fromMs).toBe(NOW - 45 * MINUTE);
});

it('grows by live points, and shows none twice', async () => {
	const { made } = history(columns(NOW - 3_000, NOW - 1_000));
	made.add({ timeMs: [NOW - 1_000, NOW], value: [1, 2] });
	made.show(view(60), NOW);
	await expect.poll(() => made.loading).toBe(false);
	expect(Array.from(made.series.timeMs)).toEqual([NOW - 3_000, NOW - 1_000, NOW]);
	made.add({ timeMs: [NOW + 1_000], value: [3] });
	expect(made.series.avg[made.series.avg.length - 1]).toBe(3);
});

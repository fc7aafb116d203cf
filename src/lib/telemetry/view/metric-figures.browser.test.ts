import { expect, it } from 'vitest';
import type { ViewWindow } from '$lib/ui';
import type { Aggregates } from '../store';
import { MetricFigures } from './metric-figures.svelte';

const NOW = 1_700_000_000_000;
const MINUTE = 60_000;
const view = (minutes: number, endMs = NOW): ViewWindow => ({
	fromMs: endMs - minutes * MINUTE,
	toMs: endMs,
	following: endMs === NOW
});
const answer = { count: 3, min: 1, max: 3, avg: 2 } as Aggregates;

function figures() {
	const asked: { fromMs: number; toMs: number; signal: AbortSignal; give: (a?: Aggregates) => void }[] = [];
	const made = new MetricFigures(
		(range, signal) => new Promise((give) => void asked.push({ ...range, signal, give }))
	);
	return { made, asked };
}

it('asks once for a window however often it is drawn, and again when it moved, cancelling what nobody waits for', async () => {
	const { made, asked } = figures();
	made.show(view(60), NOW, 'off');
	await expect.poll(() => asked.length).toBe(1);
	made.show(view(60, NOW + 1000), NOW + 1000, 'off');
	for (const minutes of [50, 40, 30]) made.show(view(minutes, NOW - MINUTE), NOW, 'off');
	expect(asked[0]?.signal.aborted).toBe(true);
	await expect.poll(() => asked.length).toBe(2);
	expect(asked[1]?.fromMs).toBe(NOW - 31 * MINUTE);
	asked[0]?.give({ ...answer, min: -1 });
	asked[1]?.give(answer);
	await expect.poll(() => made.stale).toBe(false);
	expect(made.figures?.now?.min).toBe(1);
	made.show(view(20, NOW - MINUTE), NOW, 'off');
	expect(made.stale).toBe(true);
	made.stop();
});

it('lets a slow answer to a following window come, and asks for the next only when some of it is new', async () => {
	const { made, asked } = figures();
	made.show(view(60), NOW, 'off');
	await expect.poll(() => asked.length).toBe(1);
	const later = { ...view(60, NOW + 30_000), following: true };
	made.show(later, NOW + 30_000, 'off');
	expect(asked[0]?.signal.aborted).toBe(false);
	asked[0]?.give(answer);
	await expect.poll(() => made.stale).toBe(false);
	made.show({ ...view(60, NOW + 10_000), following: true }, NOW + 10_000, 'off');
	expect(asked).toHaveLength(1);
	made.show(later, NOW + 30_000, 'off');
	await expect.poll(() => asked.length).toBe(2);
	made.stop();
});

it('asks for the earlier time too, and says where nothing was measured then', async () => {
	const { made, asked } = figures();
	made.show(view(60), NOW, 'previous');
	await expect.poll(() => asked.length).toBe(2);
	expect(asked[1]?.fromMs).toBe(NOW - 120 * MINUTE);
	asked[0]?.give(answer);
	asked[1]?.give(undefined);
	await expect.poll(() => made.figures).toEqual({ spanMs: 60 * MINUTE, now: answer, earlier: null });
});

it('lets nobody read the figures of another window while the chart is out of view, and asks when it is seen', async () => {
	const { made, asked } = figures();
	made.show(view(60), NOW, 'off');
	await expect.poll(() => asked.length).toBe(1);
	asked[0]?.give(answer);
	await expect.poll(() => made.stale).toBe(false);
	made.leave(view(60), NOW, 'off');
	expect(made.outdated, 'of the same window').toBe(false);
	const week = view(7 * 1440);
	made.leave(week, NOW, 'off');
	expect([made.stale, made.outdated]).toEqual([true, true]);
	expect(asked).toHaveLength(1);
	made.show(week, NOW, 'off');
	await expect.poll(() => asked.length).toBe(2);
	expect(made.outdated, 'until the answer').toBe(true);
	asked[1]?.give({ ...answer, max: 9 });
	await expect.poll(() => made.outdated).toBe(false);
	expect(made.figures?.now?.max).toBe(9);
	made.leave(week, NOW + 3_600_000, 'off');
	expect(made.outdated, 'the clock went on').toBe(true);
});

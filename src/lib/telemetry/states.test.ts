import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import { parseDeviceId, type Sample } from '$lib/model';
import { openTelemetryStore, type StateInterval } from './index';

const START_MS = 1_763_690_000_000;
const parsed = parseDeviceId('fb-bench');
if (!parsed.ok) throw new Error('impossible id');
const series = { device: parsed.value, provenance: 'real' as const };

const open = async (factory: IDBFactory) => {
	const clock = new ManualClock(START_MS);
	const limits = { sealRecords: 2, foldFan: 2 };
	const options = { fence: 1, known: [null], onSentinel: () => undefined, clock, indexedDB: factory, limits };
	return (await openTelemetryStore(options)).store;
};

/** The value at each second of [from, to): of what was told at or before it, what came last of the newest. */
function modelled(told: readonly (readonly [number, string])[], from: number, to: number): string[] {
	return Array.from({ length: to - from }, (_, i) => {
		let [newest, value] = [-Infinity, ''];
		for (const [second, state] of told)
			if (second <= from + i && second >= newest) [newest, value] = [second, state];
		return value;
	});
}
const spread = (intervals: readonly StateInterval[], from: number, to: number): string[] =>
	Array.from({ length: to - from }, (_, i) => {
		const atMs = START_MS + (from + i) * 1000;
		return intervals.find(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs)?.value ?? '';
	});

it('tells what a state was at each moment, whatever was sealed, folded and opened again, and never twice alike', async () => {
	const batch = fc.record({
		from: fc.integer({ min: 0, max: 90 }),
		values: fc.array(fc.constantFrom('online', 'offline', '', 'true'), { minLength: 1, maxLength: 40 }),
		reopen: fc.boolean(),
		asked: fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 100 }))
	});
	await fc.assert(
		fc.asyncProperty(fc.array(batch, { maxLength: 8 }), async (batches) => {
			const factory = new IDBFactory();
			let store = await open(factory);
			let told: [number, string][] = [];
			const taken = new Set<number>();
			let measured = 0;
			for (const { from, values, reopen, asked } of batches) {
				// One each second at most: which of two came last is forgotten where they are folded out of order.
				const fresh = values.map((value, i) => [from + i, value] as [number, string]);
				const news = fresh.filter(([second]) => !taken.has(second));
				for (const [second] of news) taken.add(second);
				told = [...told, ...news];
				const samples = news.map(([second, presence], i): Sample => {
					const at = {
						timeMs: START_MS + second * 1000,
						clock: 'synchronised' as const,
						identity: undefined
					};
					return { ...series, ...at, values: i % 2 ? { v: 1 } : {}, states: { presence } };
				});
				measured += samples.filter(({ values: { v } }) => v === 1).length;
				void store.append(samples);
				await store.flush();
				await store.flush();
				if (reopen) {
					await store.close();
					store = await open(factory);
				}
				expect((await store.stats()).samples).toBe(measured);
				const [first, length] = asked;
				const ends = { fromMs: START_MS + first * 1000, toMs: START_MS + (first + length) * 1000 };
				const never = new AbortController().signal;
				const found = await store.states({ ...series, state: 'presence', ...ends }, never);
				expect(spread(found, first, first + length)).toStrictEqual(modelled(told, first, first + length));
				for (const [i, { fromMs, toMs, value }] of found.entries()) {
					expect(fromMs).toBeLessThan(toMs);
					const before = found[i - 1];
					if (before?.toMs === fromMs) expect(before.value).not.toBe(value);
				}
			}
			await store.close();
		}),
		{ numRuns: 25 }
	);
});

import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import { parseDeviceId, type Sample } from '$lib/model';
import { openTelemetryStore } from './index';

const never = new AbortController().signal;
const id = parseDeviceId('fb-scan');
if (!id.ok) throw new Error('no id');
const device = id.value;
const series = { device, provenance: 'simulated' as const };
const all = { ...series, fromMs: -Infinity, toMs: Infinity };

const open = async (pageSamples = 4) => {
	const clock = new ManualClock(1_763_690_000_000);
	const { store } = await openTelemetryStore({
		...{ fence: 1, known: [], onSentinel: () => undefined, clock, indexedDB: new IDBFactory() },
		limits: { sealRecords: 2, foldFan: 2, blockRows: 40, pageSamples }
	});
	let seq = 0;
	const put = async (times: readonly number[]) => {
		const appended = store.append(
			times.map((timeMs): Sample => {
				const values = { v: seq, ...(seq % 3 === 0 ? { third: -seq } : {}) };
				return { ...series, identity: { epoch: 7, seq: seq++ }, timeMs, clock: 'synchronised', values };
			})
		);
		await store.flush();
		await appended;
	};
	return { store, put };
};
const seqs = (samples: readonly Sample[]) => samples.map(({ identity }) => identity!.seq);

describe('a scan', () => {
	it('gives what was there once and in order, whatever is appended, sealed and folded between its pages', async () => {
		const batches = fc.array(fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 9 }), {
			minLength: 1,
			maxLength: 8
		});
		await fc.assert(
			fc.asyncProperty(batches, batches, async (before, during) => {
				const { store, put } = await open();
				for (const times of before) await put(times);
				const there = before.flat().map((timeMs, seq) => ({ timeMs, seq }));
				const found: Sample[] = [];
				for await (const page of store.scan(all, never)) {
					found.push(...page);
					const more = during.shift();
					if (more) await put(more);
				}
				expect(found.map(({ timeMs }) => timeMs)).toEqual(
					found.map(({ timeMs }) => timeMs).sort((a, b) => a - b)
				);
				expect(new Set(seqs(found)).size, 'nothing twice').toBe(found.length);
				const given = new Set(seqs(found));
				expect(
					there.filter(({ seq }) => !given.has(seq)),
					'nothing left out'
				).toEqual([]);
				await store.close();
			}),
			{ numRuns: 15, seed: 6 }
		);
	});

	it('keeps to its range and its metrics, and says how far all of it reaches', async () => {
		const { store, put } = await open();
		for (let at = 0; at < 12; at++) await put([at * 10, at * 10]);
		const query = { ...series, fromMs: 20, toMs: 90, metrics: ['third'] };
		const found: Sample[] = [];
		for await (const page of store.scan(query, never)) found.push(...page);
		expect(found.map(({ timeMs, values }) => [timeMs, values])).toEqual([
			[30, { third: -6 }],
			[40, { third: -9 }],
			[60, { third: -12 }],
			[70, { third: -15 }]
		]);
		expect(await store.extents()).toEqual([
			{ ...series, samples: 24, fromMs: 0, toMs: 110, metrics: ['third', 'v'] }
		]);
		await store.close();
	});

	it('ends where it is told to', async () => {
		const { store, put } = await open();
		await put([1, 2, 3, 4, 5, 6]);
		const stop = new AbortController();
		const pages = store.scan(all, stop.signal)[Symbol.asyncIterator]();
		await pages.next();
		stop.abort(new Error('enough'));
		await expect(pages.next()).rejects.toThrow('enough');
		await store.close();
	});
});

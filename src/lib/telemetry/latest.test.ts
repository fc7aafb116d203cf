import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import type { ClockQuality, DeviceId, Sample } from '$lib/model';
import { openTelemetryStore, sampleColumns, type TelemetryStore } from './index';

const NOW_MS = 1_763_690_000_000;
const [AHEAD_MS, FAR_MS] = [Date.UTC(2098, 0, 1), Date.UTC(2099, 0, 1)];
const device = 'fb-1' as DeviceId;
const never = new AbortController().signal;
const sampleOf = (seq: number, timeMs: number, clock: ClockQuality = 'synchronised'): Sample => ({
	...{ device, provenance: 'real', identity: { epoch: 7, seq }, timeMs, clock },
	values: { power: seq }
});
const latestOf = async (store: TelemetryStore) => (await store.latest())[0]?.values['power'];

const ways = {
	append: async (store: TelemetryStore, samples: readonly Sample[]) => {
		const appended = store.append(samples);
		await store.flush();
		await appended;
	},
	bulk: async (store: TelemetryStore, samples: readonly Sample[]) => {
		await store.bulk(sampleColumns(samples), never);
	}
};

it.each(['append', 'bulk'] as const)(
	'%s: a time ahead of the present does not hide the latest',
	async (way) => {
		const indexedDB = new IDBFactory();
		const clock = new ManualClock(NOW_MS);
		const common = {
			known: [null],
			onSentinel: () => undefined,
			clock,
			indexedDB,
			limits: { sealRecords: 2 }
		};
		const { store } = await openTelemetryStore({ ...common, fence: 1 });
		await ways[way](store, [sampleOf(1, AHEAD_MS)]);
		await ways[way](store, [sampleOf(2, FAR_MS)]);
		expect(await latestOf(store), 'there is no other').toEqual({ value: 2, timeMs: FAR_MS });
		await ways[way](store, [sampleOf(3, NOW_MS - 5000), sampleOf(4, NOW_MS), sampleOf(5, FAR_MS)]);
		expect(await latestOf(store)).toEqual({ value: 4, timeMs: NOW_MS });
		await ways[way](store, [sampleOf(6, NOW_MS + 1000, 'unsynchronised')]); // within a day of now
		expect(await latestOf(store)).toEqual({ value: 6, timeMs: NOW_MS + 1000 });
		// Its time was guessed: the newest is another, and is looked for in all blocks.
		await ways[way](store, [sampleOf(6, NOW_MS - 9000)]);
		for (let i = 0; i < 4; i++) await store.flush();
		expect(await latestOf(store)).toEqual({ value: 4, timeMs: NOW_MS });
		await store.close();
		const again = await openTelemetryStore({ ...common, fence: 2 });
		expect(await latestOf(again.store)).toEqual({ value: 4, timeMs: NOW_MS });
		await again.store.close();
	}
);

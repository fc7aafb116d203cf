import 'fake-indexeddb/auto';
import { IDBFactory, IDBObjectStore as FDBObjectStore } from 'fake-indexeddb';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '$lib/base';
import { parseDeviceId, type Sample } from '$lib/model';
import {
	KEEP_ALL,
	openTelemetryStore,
	sampleColumns,
	type OpenOptions,
	type Retention,
	type StoreTrouble
} from './index';

const START_MS = 1_763_690_400_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const never = new AbortController().signal;
const parsed = parseDeviceId('fb-bench');
if (!parsed.ok) throw new Error('impossible id');
const device = parsed.value;

const sampleOf = (seq: number): Sample => ({
	...{ device, provenance: 'real', identity: { epoch: 7, seq }, timeMs: START_MS + 1000 * seq },
	clock: 'synchronised',
	values: { power: 1000 + (seq % 600), wifi_rssi: -60 - (seq % 7) }
});

/** A store of so many hours at a sample a second, sealed each quarter of an hour, and the clock at the end of it. */
async function filled(hours: number, retention: Retention = KEEP_ALL, factory = new IDBFactory()) {
	const clock = new ManualClock(START_MS);
	const troubles: StoreTrouble[] = [];
	const options: OpenOptions = {
		...{ fence: 1, known: [null], onSentinel: () => undefined, clock, indexedDB: factory, retention },
		onTrouble: (trouble) => troubles.push(trouble),
		limits: { foldFan: 100 }
	};
	const { store } = await openTelemetryStore(options);
	for (let seq = 0; seq < 3600 * hours; seq += 900) {
		const appended = store.append(Array.from({ length: 900 }, (_, i) => sampleOf(seq + i)));
		clock.advance(16 * MINUTE);
		await store.flush();
		expect(await appended).toMatchObject({ ok: true });
		await store.flush();
	}
	await settle(store); // folds come after their flush
	return { store, clock, troubles, options };
}

type Store = Awaited<ReturnType<typeof filled>>['store'];

async function settle(store: Store): Promise<void> {
	for (let i = 0; i < 20; i++) await store.flush();
}

const ask = async (
	store: Store,
	metric: string,
	buckets: number,
	[from, to]: readonly [number, number] = [0, 4]
) => {
	const span = { fromMs: START_MS + from * HOUR, toMs: START_MS + to * HOUR };
	const columns = await store.range({ device, provenance: 'real', metric, ...span, buckets }, never);
	return [...columns.timeMs].map((timeMs, i) => ({
		...{ timeMs, count: columns.count[i], min: columns.min[i], max: columns.max[i] },
		avg: Number(columns.avg[i]!.toFixed(6))
	}));
};

/** How many samples the store's figures, its sizes and its extents tell of. */
const countedIn = async (store: Store) => [
	(await store.stats()).samples,
	(await store.sizes()).reduce((sum, { sealed, held }) => sum + sealed + held, 0),
	(await store.extents()).reduce((sum, { samples }) => sum + samples, 0)
];

afterEach(() => vi.restoreAllMocks());

/** Two days of a sample each so often, in blocks as a bulk makes them, and the clock at their end. */
async function sparse(stepMs: number) {
	const clock = new ManualClock(START_MS + 2 * DAY);
	const options: OpenOptions = {
		...{ fence: 1, known: [null], onSentinel: () => undefined, clock, indexedDB: new IDBFactory() }
	};
	const { store } = await openTelemetryStore(options);
	let [seed, level] = [7, 100_000];
	const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
	const samples = Array.from({ length: (2 * DAY) / stepMs }, (_, i): Sample => {
		level += Math.round(40 * random() - 20);
		const timeMs = START_MS + i * stepMs + Math.round(8 * random());
		return { ...sampleOf(i), timeMs, values: { power: level / 100, wifi_rssi: -60 - (i % 7) } };
	});
	expect(await store.bulk(sampleColumns(samples), never)).toMatchObject({ ok: true });
	const points = samples.map(({ timeMs, values }) => ({ timeMs, value: values.power! }));
	return { store, clock, points, options };
}

/** What minutes, or wider, say of points. */
function rolled(points: readonly { readonly timeMs: number; readonly value: number }[], widthMs: number) {
	const buckets = new Map<number, (typeof points)[number][]>();
	for (const point of points) {
		const startMs = Math.floor(point.timeMs / widthMs) * widthMs;
		buckets.set(startMs, [...(buckets.get(startMs) ?? []), point]);
	}
	return [...buckets].map(([timeMs, of]) => {
		const values = of.map(({ value }) => value);
		const avg = Number((values.reduce((a, b) => a + b) / values.length).toFixed(6));
		return { timeMs, count: values.length, min: Math.min(...values), max: Math.max(...values), avg };
	});
}

describe('samples further apart than a second', () => {
	it.each([10_000, MINUTE, 10 * MINUTE])(
		'leave each minute of %i ms behind when they go by age',
		async (stepMs) => {
			const { store, points } = await sparse(stepMs);
			const before = [await ask(store, 'power', 48, [0, 48]), await ask(store, 'power', 7, [0, 48])];
			store.retain({ ...KEEP_ALL, samplesMs: { measurement: Infinity, diagnostic: 0 } });
			await settle(store);
			expect(await ask(store, 'wifi_rssi', 2880, [0, 48])).toHaveLength(rolled(points, MINUTE).length);
			store.retain({ ...KEEP_ALL, samplesMs: { measurement: 0, diagnostic: 0 } });
			await settle(store);
			expect(await countedIn(store)).toEqual([0, 0, 0]);
			expect(await ask(store, 'power', 2880, [0, 48])).toEqual(rolled(points, MINUTE));
			expect([await ask(store, 'power', 48, [0, 48]), await ask(store, 'power', 7, [0, 48])]).toEqual(before);
			await store.close();
		}
	);

	it.each([
		[10_000, MINUTE, 0.5],
		[MINUTE, 15 * MINUTE, 0.5],
		[10 * MINUTE, HOUR, 0.8]
	])(
		'of %i ms leave what saves room, %i ms wide, when they go for want of it',
		async (stepMs, widthMs, share) => {
			const { store, points } = await sparse(stepMs);
			const { blockBytes, rollupBytes } = await store.stats();
			store.retain({ ...KEEP_ALL, maxBytes: rollupBytes + share * blockBytes });
			await settle(store);
			const after = await store.stats();
			expect(after.blockBytes + after.rollupBytes).toBeLessThanOrEqual(rollupBytes + share * blockBytes);
			expect(after.letGo[0]).toMatchObject({ what: 'samples', why: 'size' });
			const half = rolled(points.slice(0, (12 * HOUR) / stepMs), widthMs);
			expect(await ask(store, 'power', 720, [0, 12])).toEqual(half);
			await store.close();
		}
	);
});

describe('retention by age', () => {
	it('is not held up by one sample of a wrong date', async () => {
		const { store, clock } = await filled(1);
		const wrong = { ...sampleOf(3601), timeMs: Date.UTC(2099, 0, 1) };
		for (const samples of [[sampleOf(3600), wrong], [sampleOf(3602)]]) {
			void store.append(samples);
			await store.flush();
			clock.advance(16 * MINUTE);
		}
		await settle(store);
		expect((await store.stats()).held).toBe(0);
		clock.advance(60 * DAY);
		store.retain({ ...KEEP_ALL, rollupsMs: 30 * DAY });
		await settle(store);
		expect(await store.extents()).toMatchObject([{ samples: 1, fromMs: wrong.timeMs }]);
	});

	it('cuts a block of weeks, and lets each of its days go in time', async () => {
		const clock = new ManualClock(START_MS);
		const options = { fence: 1, known: [null], onSentinel: () => undefined, clock };
		const { store } = await openTelemetryStore({ ...options, indexedDB: new IDBFactory() });
		const hourly = Array.from({ length: 720 }, (_, i) => ({ ...sampleOf(i), timeMs: START_MS + i * HOUR }));
		expect(await store.bulk(sampleColumns(hourly), never)).toMatchObject({ value: { stored: 720 } });
		expect((await store.stats()).blocks).toBe(1);
		clock.advance(30 * DAY);
		const days = { measurement: 10 * DAY, diagnostic: 5 * DAY };
		store.retain({ samplesMs: days, rollupsMs: 20 * DAY, maxBytes: Infinity });
		await settle(store);
		const oldest = async (metric: string) => {
			const all = { fromMs: START_MS, toMs: START_MS + 30 * DAY, buckets: 1000 };
			const { timeMs } = await store.range({ device, provenance: 'real', metric, ...all }, never);
			const { samples } = await store.page({ device, provenance: 'real', ...all, metrics: [metric] }, never);
			return [timeMs[0], samples[0]?.timeMs].map((at) => Math.round((at! - START_MS) / DAY));
		};
		// Days of it at 10, samples from day 20 and 25 on; up to a day more of each.
		expect(await oldest('power')).toEqual([10, 20]);
		expect(await oldest('wifi_rssi')).toEqual([10, 25]);
		expect((await store.stats()).blocks).toBe(16);
		clock.advance(DAY);
		store.retain({ samplesMs: days, rollupsMs: 20 * DAY, maxBytes: Infinity });
		await settle(store);
		expect(await oldest('power')).toEqual([11, 21]);
		store.retain({ ...KEEP_ALL, samplesMs: { measurement: 0, diagnostic: 0 } });
		await settle(store);
		store.retain({ ...KEEP_ALL, rollupsMs: 4 * DAY });
		await settle(store);
		expect(await oldest('power'), 'whatever went of it before').toEqual([27, NaN]);
		await store.close();
	});

	it('lets samples go and keeps what they say of minutes, by class', async () => {
		const { store, clock } = await filled(4);
		const before = { wide: await ask(store, 'power', 20), fine: await ask(store, 'power', 240) };
		const figures = await store.stats();
		clock.advance(DAY);
		store.retain({ ...KEEP_ALL, samplesMs: { measurement: Infinity, diagnostic: DAY } });
		await settle(store);
		expect(await ask(store, 'power', 240)).toEqual(before.fine);
		expect((await ask(store, 'wifi_rssi', 10_000)).every(({ count }) => count === 60)).toBe(true);
		expect(await countedIn(store)).toEqual([14_400, 14_400, 14_400]);

		store.retain({ ...KEEP_ALL, samplesMs: { measurement: DAY, diagnostic: DAY } });
		await settle(store);
		expect(await ask(store, 'power', 20)).toEqual(before.wide);
		const minutes = await ask(store, 'power', 10_000);
		expect(minutes.map(({ timeMs }) => Math.round(timeMs / MINUTE) * MINUTE)).toEqual(
			Array.from({ length: 240 }, (_, i) => START_MS + i * MINUTE)
		);
		expect(await countedIn(store), 'minutes are no samples').toEqual([0, 0, 0]);
		const after = await store.stats();
		expect(after.blockBytes).toBeLessThan(figures.blockBytes / 10);
		expect(after.rollupBytes).toBe(figures.rollupBytes);
		expect(after.letGo.at(-1)).toMatchObject({ device, what: 'samples', why: 'age' });
		const whole = { fromMs: START_MS, toMs: START_MS + 4 * HOUR, maxGapMs: 5000 };
		expect(
			await store.aggregate({ device, provenance: 'real', metric: 'power', ...whole }, never)
		).toMatchObject({
			...{ reduced: true, count: 14_400, min: 1000, max: 1599 },
			avg: expect.closeTo(1299.5, 6),
			integral: expect.closeTo(1299.5 * 4, -2)
		});
		await store.close();
	});

	it('removes what is older than anything is kept for, and asks for none of it again', async () => {
		const { store, clock, options } = await filled(4);
		clock.advance(10 * DAY);
		store.retain({ ...KEEP_ALL, rollupsMs: 5 * DAY });
		await settle(store);
		expect(await ask(store, 'power', 20)).toEqual([]);
		expect(await store.stats()).toMatchObject({ blocks: 0, blockBytes: 0, rollupBytes: 0, samples: 0 });
		expect(store.missing({ device, provenance: 'real' }, 7)).toEqual([]);
		expect(await store.append([sampleOf(17)])).toMatchObject({
			ok: true,
			value: { stored: 0, duplicates: 1 }
		});
		await store.close();
		const again = await openTelemetryStore({ ...options, fence: 2 });
		expect(again.losses).toEqual([]);
		await again.store.close();
	});

	it('is finished by the next start where this one ends in the middle', async () => {
		const { store, clock, options } = await filled(4);
		clock.advance(DAY);
		const retention = { ...KEEP_ALL, samplesMs: { measurement: HOUR, diagnostic: HOUR } };
		store.retain(retention);
		await store.close();
		const again = await openTelemetryStore({ ...options, fence: 2, retention });
		again.store.retain(retention);
		await settle(again.store);
		expect(again.losses).toEqual([]);
		expect(await ask(again.store, 'power', 10_000)).toHaveLength(240);
		await again.store.close();
	});
});

describe('a window that cuts what is left of samples', () => {
	const inside = async (store: Store, fromH: number, toH: number, buckets: number) => {
		const told = await ask(store, 'power', buckets, [fromH, toH]);
		const span = { fromMs: START_MS + fromH * HOUR, toMs: START_MS + toH * HOUR };
		const all = await store.aggregate({ device, provenance: 'real', metric: 'power', ...span }, never);
		const sum = told.reduce((n, { count }) => n + count!, 0);
		expect(all?.count ?? 0).toBe(sum);
		expect(all?.max ?? -Infinity).toBe(Math.max(...told.map(({ max }) => max!)));
		return { sum, min: all?.min, max: all?.max };
	};

	it('tells of none that may lie outside it, and adjoining ones of none twice', async () => {
		const { store, points } = await sparse(10 * MINUTE);
		store.retain({ ...KEEP_ALL, maxBytes: 480 });
		await settle(store);
		const hours = rolled(points, HOUR);
		expect(await ask(store, 'power', 48, [0, 48]), 'hours are left').toEqual(hours);
		const [low, high] = [Math.min(hours[4]!.min, hours[5]!.min), Math.max(hours[4]!.max, hours[5]!.max)];
		for (const buckets of [1, 2, 100])
			expect(await inside(store, 3.5, 6.25, buckets)).toEqual({ sum: 12, min: low, max: high });
		expect((await inside(store, 0, 3.5, 1)).sum + (await inside(store, 3.5, 48, 1)).sum).toBe(288 - 6);
		expect((await inside(store, 3, 4, 100)).sum).toBe(6);
		expect((await inside(store, 3.25, 3.75, 100)).sum).toBe(0);
		await store.close();
	});

	it('goes to its ends by minutes where quarters serve its middle', async () => {
		const { store, clock } = await filled(4);
		clock.advance(DAY);
		store.retain({ ...KEEP_ALL, samplesMs: { measurement: HOUR, diagnostic: HOUR } });
		await settle(store);
		expect((await inside(store, 0.0125, 3.9875, 1)).sum).toBe((240 - 2) * 60);
		await store.close();
	});
});

describe('retention by size', () => {
	it('lets the oldest samples go first, no more than it must, and all of diagnostics before any of what devices measure', async () => {
		const { store } = await filled(4);
		const { blockBytes, rollupBytes } = await store.stats();
		const fine = { power: await ask(store, 'power', 10_000), rssi: await ask(store, 'wifi_rssi', 10_000) };
		store.retain({ ...KEEP_ALL, maxBytes: rollupBytes + 0.9 * blockBytes });
		await settle(store);
		expect(await ask(store, 'power', 10_000)).toEqual(fine.power);
		const some = await ask(store, 'wifi_rssi', 10_000);
		expect([some[0]!.count, some.at(-1)]).toEqual([60, fine.rssi.at(-1)]);

		const maxBytes = rollupBytes + 0.4 * blockBytes;
		store.retain({ ...KEEP_ALL, maxBytes });
		await settle(store);
		expect((await ask(store, 'wifi_rssi', 10_000)).every(({ count }) => count === 60)).toBe(true);
		const after = await store.stats();
		expect(after.blockBytes + after.rollupBytes).toBeLessThanOrEqual(maxBytes);
		expect(after.letGo.every(({ why, what }) => why === 'size' && what === 'samples')).toBe(true);
		expect((await ask(store, 'power', 10_000, [3.75, 4])).every(({ count }) => count === 1)).toBe(true);
		expect((await ask(store, 'power', 10_000, [0, 0.25])).every(({ count }) => count === 60)).toBe(true);
		await store.close();
	});
});

describe('a full disk', () => {
	it('costs the oldest and stops nothing that comes in', async () => {
		const { store, clock, troubles } = await filled(4);
		const { put } = FDBObjectStore.prototype;
		const full = vi.spyOn(FDBObjectStore.prototype, 'put').mockImplementation(function (
			this: IDBObjectStore,
			...args
		) {
			if (this.name === 'wal') throw new DOMException('full', 'QuotaExceededError');
			return put.apply(this, args);
		});
		const remove = vi.spyOn(FDBObjectStore.prototype, 'delete').mockImplementation(function (
			this: IDBObjectStore,
			key
		) {
			full.mockRestore();
			remove.mockRestore();
			return this.delete(key);
		});
		const appended = store.append([sampleOf(20_000)]);
		clock.advance(1000);
		await store.flush();
		expect(await appended).toMatchObject({ ok: true, value: { stored: 1 } });
		expect(troubles).toMatchObject([
			{ kind: 'made-room', helped: true, letGo: [{ why: 'full', what: 'samples' }] }
		]);
		const last = await ask(store, 'power', 10_000, [5, 6]);
		expect(last.at(-1)).toMatchObject({ timeMs: START_MS + 20_000_000 });
		await store.close();
	});

	it('lets samples go once and not each try where others filled it, and keeps the minutes', async () => {
		const { store, clock, troubles, options } = await filled(4);
		const before = { wide: await ask(store, 'power', 20), ...(await store.stats()) };
		const full = vi.spyOn(FDBObjectStore.prototype, 'put').mockImplementation(() => {
			throw new DOMException('full', 'QuotaExceededError');
		});
		const appended = store.append([sampleOf(20_000)]);
		for (let second = 0; second < 50 * 60; second += 300) {
			clock.advance(300_000);
			await store.flush();
		}
		expect(await appended).toMatchObject({ ok: false, error: { kind: 'quota' } });
		expect(troubles).toMatchObject([
			{ kind: 'made-room', helped: false, letGo: [{ why: 'full', what: 'samples' }] },
			{ kind: 'failing', error: { kind: 'quota' } }
		]);
		expect(await ask(store, 'power', 20)).toEqual(before.wide);
		expect((await ask(store, 'power', 10_000, [0, 0.25])).every(({ count }) => count === 60)).toBe(true);
		let scanned = 0;
		const all = { device, provenance: 'real', fromMs: 0, toMs: START_MS + 4 * HOUR } as const;
		for await (const page of store.scan(all, never)) scanned += page.length;
		expect(scanned).toBe(14_400 - (await store.stats()).letGo[0]!.samples);
		expect(await countedIn(store)).toEqual([scanned + 1, scanned + 1, scanned + 1]);

		full.mockRestore();
		clock.advance(60_000);
		await vi.waitFor(() => expect(troubles.at(-1)).toStrictEqual({ kind: 'recovered' }));
		clock.advance(16 * MINUTE);
		void store.append([sampleOf(20_001)]);
		await settle(store);
		expect(await store.stats()).toMatchObject({ damagedBlocks: 0, rollupBytes: before.rollupBytes });
		await store.close();
		const again = await openTelemetryStore({ ...options, fence: 2 });
		expect(again.losses).toEqual([]);
		expect(await ask(again.store, 'power', 20)).toEqual(before.wide);
		await again.store.close();
	});

	it('costs samples ten seconds apart no minutes', async () => {
		const { store, clock, points, options } = await sparse(10_000);
		const full = vi.spyOn(FDBObjectStore.prototype, 'put').mockImplementation(() => {
			throw new DOMException('full', 'QuotaExceededError');
		});
		void store.append([sampleOf(20_000)]);
		await store.flush();
		expect((await store.stats()).letGo).toMatchObject([{ why: 'full', what: 'samples' }]);
		expect(await ask(store, 'power', 7200, [0, 2]), 'from memory').toHaveLength(120);
		full.mockRestore();
		clock.advance(MINUTE);
		await settle(store);
		await store.close();
		const again = await openTelemetryStore({ ...options, fence: 2 });
		expect(again.losses).toEqual([]);
		expect(await ask(again.store, 'power', 120, [0, 2])).toEqual(rolled(points.slice(0, 720), MINUTE));
		expect(await again.store.stats()).toMatchObject({ damagedBlocks: 0, damagedRollups: 0 });
		await again.store.close();
	});

	it('costs simulated samples before older real ones', async () => {
		const { store, clock } = await filled(2);
		for (const seq of [10_000, 10_001]) {
			void store.append([{ ...sampleOf(seq), provenance: 'simulated' }]);
			await store.flush();
			clock.advance(16 * MINUTE);
		}
		await settle(store);
		vi.spyOn(FDBObjectStore.prototype, 'put').mockImplementation(() => {
			throw new DOMException('full', 'QuotaExceededError');
		});
		void store.append([sampleOf(20_000)]);
		await store.flush();
		expect((await store.stats()).letGo.map(({ provenance }) => provenance)).toEqual(['simulated', 'real']);
		await store.close();
	});
});

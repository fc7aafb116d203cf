import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { expect, it, vi } from 'vitest';
import { ManualClock } from '$lib/base';
import { parseDeviceId, type Sample } from '$lib/model';
import { openTelemetryStore } from './index';

const START_MS = 1_763_690_000_000;
const parsed = parseDeviceId('fb-bench');
if (!parsed.ok) throw new Error('impossible id');
const device = parsed.value;
const sample = (seq: number): Sample => ({
	...{ device, provenance: 'real', identity: { epoch: 77, seq }, clock: 'synchronised' },
	timeMs: START_MS + seq * 1000,
	values: { temperature: seq }
});
const asked = {
	...{ device, provenance: 'real' as const, metric: 'temperature' },
	...{ fromMs: START_MS, toMs: START_MS + 1e6, buckets: 1000 }
};

/** Holds the table of records for writing, as a disk that hangs would, until it is told to let go. */
async function hang(factory: IDBFactory): Promise<() => void> {
	const db = await new Promise<IDBDatabase>((resolve) => {
		const request = factory.open('fieldbench-telemetry');
		request.onsuccess = () => resolve(request.result);
	});
	let held = true;
	await new Promise<void>((resolve) => {
		const wal = db.transaction('wal', 'readwrite').objectStore('wal');
		const again = () => {
			resolve();
			if (held) wal.get(0).onsuccess = again;
			else db.close();
		};
		wal.get(0).onsuccess = again;
	});
	return () => void (held = false);
}

it('answers a range from blocks and memory while a write hangs, and tells how much waits', async () => {
	const factory = new IDBFactory();
	const clock = new ManualClock(START_MS);
	const options = { ...{ known: [null], onSentinel: () => undefined, clock }, indexedDB: factory };
	const first = await openTelemetryStore({ ...options, fence: 1, limits: { sealRecords: 1 } });
	for (let seq = 0; seq < 5; seq++) {
		void first.store.append([sample(seq)]);
		await first.store.flush();
	}
	await first.store.close();

	const { store } = await openTelemetryStore({ ...options, fence: 2 });
	const release = await hang(factory);
	void store.append([sample(5), sample(6)]);
	const flushed = store.flush();
	void store.append([sample(7)]);
	const { avg } = await store.range(asked, new AbortController().signal);
	expect([...avg]).toStrictEqual([0, 1, 2, 3, 4, 5, 6, 7]);
	expect(await store.stats()).toMatchObject({ waiting: 3, held: 3, queueDepth: 1, flushMs: undefined });
	clock.advance(70);
	release();
	expect(await flushed).toMatchObject({ ok: true });
	await vi.waitFor(async () => expect(await store.stats()).toMatchObject({ waiting: 0, queueDepth: 0 }));
	expect(await store.stats()).toMatchObject({ held: 3, flushMs: 70, dropped: 0 });
});

it('writes sooner where many samples wait, and a few together', async () => {
	const clock = new ManualClock(START_MS);
	const options = { known: [null], onSentinel: () => undefined, clock, indexedDB: new IDBFactory() };
	const { store } = await openTelemetryStore({ ...options, fence: 1 });
	void store.append([sample(0)]);
	clock.advance(100);
	expect(await store.stats()).toMatchObject({ waiting: 1, queueDepth: 0 });
	void store.append(Array.from({ length: 300 }, (_, i) => sample(i + 1)));
	clock.advance(0); // the first has waited long enough for that
	await vi.waitFor(async () => expect(await store.stats()).toMatchObject({ flushes: 1, waiting: 0 }));

	void store.append([sample(301)]);
	clock.advance(60);
	void store.append(Array.from({ length: 300 }, (_, i) => sample(i + 302)));
	clock.advance(39);
	expect(await store.stats()).toMatchObject({ waiting: 301, queueDepth: 0 });
	clock.advance(1);
	await vi.waitFor(async () => expect(await store.stats()).toMatchObject({ flushes: 2, waiting: 0 }));
});

it('writes in time and tells the sentinel though the clock is set back', async () => {
	const clock = new ManualClock(START_MS);
	let backMs = 0;
	const setBack = { now: () => clock.now() - backMs, after: clock.after.bind(clock) };
	const told = vi.fn();
	const { store } = await openTelemetryStore({
		...{ fence: 1, known: [null], onSentinel: told, clock: setBack, indexedDB: new IDBFactory() }
	});
	void store.append([sample(0)]);
	await store.flush(); // told
	void store.append([sample(1)]);
	clock.advance(50);
	backMs = 3_600_000;
	void store.append(Array.from({ length: 300 }, (_, i) => sample(i + 2)));
	clock.advance(100);
	await vi.waitFor(async () => expect(await store.stats()).toMatchObject({ flushes: 2, waiting: 0 }));
	told.mockClear();
	clock.advance(5000);
	expect(told).toHaveBeenCalledOnce();
	await store.close();
});

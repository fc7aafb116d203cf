import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { systemClock, type Clock } from '$lib/base';
import { VirtualDeviceHost } from '$lib/lab';
import { testFirmware } from '$lib/lab/test-firmware';
import type { LoopbackPort } from '$lib/link';
import type { DeviceId, Sample } from '$lib/model';
import { openTelemetryStore, type TelemetryStore } from '$lib/telemetry';
import { memoryStorage, startCore, untilFeed } from './field-environment';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const ID = 'sim-late' as DeviceId;
const SOURCE = { device: ID, provenance: 'simulated' } as const;
/** So far behind ours its clock is when it is set at last: nothing can have been received then. */
const BEHIND_MS = 24 * 3600_000;
const PERIOD_MS = 200;
const never = new AbortController().signal;
const ends: (() => unknown)[] = [];

let firmware: WebAssembly.Module;
beforeAll(async () => {
	firmware = await testFirmware();
}, 300_000);
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

async function history(store: TelemetryStore): Promise<Sample[]> {
	const all: Sample[] = [];
	for await (const page of store.scan({ ...SOURCE, fromMs: -Infinity, toMs: Infinity }, never))
		all.push(...page.filter(({ states }) => !states));
	return all.sort((a, b) => a.identity!.seq - b.identity!.seq);
}

test('what a device measured before its clock was set gets its true time in the history, and is there once', async () => {
	const { store } = await openTelemetryStore({
		...{ fence: 1, known: [null], onSentinel: () => undefined, indexedDB: new IDBFactory() },
		limits: { sealRecords: 2 } // most of it lies in sealed blocks when its times come
	});
	// Twenty times as fast in the field: it waits seconds before it asks a device's log.
	const hasty: Clock = { ...systemClock, after: (ms, act) => systemClock.after(ms / 20, act) };
	const field = await startCore({ storage: memoryStorage(undefined, store), clock: hasty });
	ends.push(() => field.close());
	let isSet = false;
	const wall: Clock = { ...systemClock, now: () => (isSet ? Date.now() - BEHIND_MS : 0) };
	const host = await VirtualDeviceHost.load(firmware, { clock: wall, monoMs: () => performance.now() });
	if (!host.ok) throw new Error(host.error.kind);
	ends.push(() => host.value.close());
	const components = [{ id: 'climate', type: 'sim-climate', config: { period_ms: PERIOD_MS } }];
	const added = host.value.add(
		{ id: ID, name: ID, seed: 1, config: { complete: true, components } },
		{
			publish: ({ topic, payload, retain }) =>
				port.onmessage?.({ data: { type: 'publish', topic, payload, retain } } as MessageEvent)
		}
	);
	if (!added.ok) throw new Error(added.error.kind);
	const device = added.value;
	const port: LoopbackPort = {
		onmessage: null,
		close: () => {},
		postMessage: (message) => {
			if (message.type === 'deliver') device.deliver(message.topic, message.payload);
		}
	};
	field.attachLab(port);
	device.setLink(true);

	await untilFeed(field, 'intake', null, ({ samples }) => samples >= 8);
	await field.flush();
	const before = await history(store);
	expect(
		before.every(({ clock, timeMs }) => clock === 'unsynchronised' && Date.now() - timeMs < 60_000)
	).toBe(true);
	const last = before.at(-1)!.identity!;

	isSet = true;
	await vi.waitFor(
		async () => {
			expect(store.guessed(SOURCE, last.epoch)).toEqual([]);
			await store.flush();
			expect((await history(store)).every(({ clock }) => clock !== 'unsynchronised')).toBe(true);
		},
		{ timeout: 30_000, interval: 100 }
	);
	const after = await history(store);
	expect(after.map(({ identity }) => identity!.seq)).toEqual(
		after.map((_, i) => before[0]!.identity!.seq + i)
	);
	const old = after.slice(0, before.length);
	expect(old.map(({ clock }) => clock)).toEqual(old.map(() => 'corrected'));
	expect(old.map(({ values }) => values)).toEqual(before.map(({ values }) => values));
	for (const [i, { timeMs }] of after.entries()) {
		if (i > 0) expect(Math.abs(timeMs - after[i - 1]!.timeMs - PERIOD_MS)).toBeLessThan(PERIOD_MS / 2);
		expect(Math.abs(Date.now() - BEHIND_MS - timeMs)).toBeLessThan(60_000);
	}
	const { buckets: _, ...query } = { ...SOURCE, metric: 'temperature', fromMs: 0, toMs: 2 ** 45, buckets: 0 };
	expect((await store.aggregate(query, never))?.count).toBe(after.length);
});

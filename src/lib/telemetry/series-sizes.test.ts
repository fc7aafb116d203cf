import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { expect, test, vi } from 'vitest';
import type { DeviceId, Sample } from '$lib/model';
import { openTelemetryStore, type OpenOptions } from './index';
import * as disks from './indexeddb-disk';

const T0 = 1_763_700_000_000;
const device = 'sensor-1' as DeviceId;
const other = 'sensor-2' as DeviceId;

const samples = (of: DeviceId, from: number, count: number): readonly Sample[] =>
	Array.from({ length: count }, (_, i) => ({
		device: of,
		provenance: 'real',
		identity: { epoch: 9, seq: from + i },
		timeMs: T0 + (from + i) * 1000,
		clock: 'synchronised',
		values: { temperature: 20 + Math.sin(from + i), humidity: 40 }
	}));

test('tells each device’s size from headers alone, and what the whole store says is their sum', async () => {
	const options: OpenOptions = {
		...{ fence: 1, known: [], onSentinel: () => undefined, indexedDB: new IDBFactory() },
		limits: { sealRecords: 1, flushMs: 0, foldFan: 4 }
	};
	const first = await openTelemetryStore(options);
	for (let i = 0; i < 6; i++)
		await first.store.append([...samples(device, i * 100, 100), ...samples(other, i, 1)]);
	await first.store.close();

	const { store } = await openTelemetryStore({
		...options,
		fence: 2,
		limits: { ...options.limits, sealRecords: 99 }
	});
	const read = vi.spyOn(disks.IndexedDbDisk.prototype, 'blocks');
	const headers = vi.spyOn(disks.IndexedDbDisk.prototype, 'heads');
	await store.append(samples(device, 600, 5));
	const sizes = await store.sizes();
	const stats = await store.stats();
	expect(sizes).toMatchObject([
		{ device, sealed: 600, held: 5, fromMs: T0, toMs: T0 + 604_000 },
		{ device: other, sealed: 6, held: 0, fromMs: T0, toMs: T0 + 5000 }
	]);
	for (const name of ['blocks', 'blockBytes', 'rollupBytes'] as const)
		expect(sizes.reduce((sum, size) => sum + size[name], 0)).toBe(stats[name]);
	expect(sizes.reduce((sum, size) => sum + size.sealed + size.held, 0)).toBe(stats.samples);
	await store.sizes();
	expect(headers).toHaveBeenCalledTimes(2);
	expect(read).not.toHaveBeenCalled();

	await store.forget(other);
	expect(await store.sizes()).toHaveLength(1);
	expect(await store.stats()).toMatchObject({ seals: 1, folds: 0 });
	await store.close();
});

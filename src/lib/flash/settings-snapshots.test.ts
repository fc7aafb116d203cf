import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { buildNvs, DATA_SUBTYPE, DATA_TYPE, type Partition } from '$lib/formats';
import { bytesOf } from './fake-bench';
import { settingsAtStake, snapshotSource, type KeptPartition } from './settings-snapshot';
import { SettingsSnapshots } from './settings-snapshots';

const MAC = 'fa:b0:11:22:33:44';
const facts = (takenMs: number, mac = MAC) =>
	({ mac, chip: 'ESP32-C3', practice: true, takenMs, before: 'Blinky 1.2' }) as const;
const nvsOf = (seed: number, length = 0x5000): KeptPartition => ({
	...{ label: 'nvs', subtype: DATA_SUBTYPE.nvs, offset: 0x9000, bytes: bytesOf(length, seed) }
});
const row = (label: string, subtype: number, offset: number, size: number): Partition => ({
	...{ label, type: DATA_TYPE, subtype, offset, size, encrypted: false, readOnly: false }
});

describe('settings that are kept', () => {
	it('come back byte for byte, also in another page, until they are removed', async () => {
		const factory = new IDBFactory();
		const kept = await new SettingsSnapshots(factory).keep(facts(1000), [nvsOf(1)]);
		if (!kept.ok) throw new Error(kept.error.kind);
		const { id } = kept.value.snapshot;
		const store = new SettingsSnapshots(factory);
		expect(await store.open(id)).toEqual({ ok: true, value: [nvsOf(1)] });
		expect(await store.list()).toMatchObject({ ok: true, value: [{ mac: MAC, before: 'Blinky 1.2' }] });
		await store.remove(id);
		expect(await store.list()).toEqual({ ok: true, value: [] });
		expect(await store.open(id)).toEqual({ ok: false, error: { kind: 'gone' } });
	});

	it('are one entry where they did not change, and two on two boards', async () => {
		const store = new SettingsSnapshots(new IDBFactory());
		await store.keep(facts(1000), [nvsOf(1)]);
		await store.keep(facts(2000), [nvsOf(1)]);
		await store.keep(facts(3000, 'fa:b0:99:99:99:99'), [nvsOf(1)]);
		const list = await store.list();
		expect(list.ok && list.value.map(({ takenMs }) => takenMs)).toEqual([3000, 2000]);
	});

	it('are bounded in number and size: the oldest goes, and is told', async () => {
		const bounds = { mostBytes: 0x10000, mostEntries: 3 };
		const store = new SettingsSnapshots(new IDBFactory(), bounds);
		for (const [i, seed] of [1, 2, 3].entries()) await store.keep(facts(1000 * (i + 1)), [nvsOf(seed)]);
		const fourth = await store.keep(facts(4000), [nvsOf(4)]);
		expect(fourth.ok && fourth.value.dropped.map(({ takenMs }) => takenMs)).toEqual([1000]);
		const large = await store.keep(facts(5000), [nvsOf(5, 0xb000)]);
		expect(large.ok && large.value.dropped.map(({ takenMs }) => takenMs)).toEqual([3000, 2000]);
		expect(await store.keep(facts(6000), [nvsOf(6, 0x11000)])).toMatchObject({
			ok: false,
			error: { kind: 'too-large' }
		});
	});

	it('are refused where their bytes are not those that were kept', async () => {
		const factory = new IDBFactory();
		const store = new SettingsSnapshots(factory);
		const kept = await store.keep(facts(1000), [nvsOf(1)]);
		if (!kept.ok) throw new Error(kept.error.kind);
		const { id } = kept.value.snapshot;
		const request = factory.open('fieldbench-settings');
		await new Promise((done) => (request.onsuccess = done));
		request.result
			.transaction('partitions', 'readwrite')
			.objectStore('partitions')
			.put([nvsOf(2)], id);
		expect(await store.open(id)).toEqual({ ok: false, error: { kind: 'damaged' } });
	});
});

describe('what a write costs', () => {
	const nvs = row('nvs', DATA_SUBTYPE.nvs, 0x9000, 0x5000);
	const keys = row('nvs_keys', DATA_SUBTYPE.nvs_keys, 0xe000, 0x1000);
	const table = {
		partitions: [nvs, keys, row('fs', DATA_SUBTYPE.littlefs, 0x90000, 0x8000)],
		md5: 'ok'
	} as const;
	const plan = (...erased: [number, number][]) => ({
		erased: erased.map(([offset, length]) => ({ offset, length, label: '' }))
	});

	it('is told by what the plan erases: settings and their keys, and nothing else', () => {
		expect(settingsAtStake(plan([0, 0x400000]), table)).toEqual([nvs, keys]);
		expect(settingsAtStake(plan([0x8000, 0x1001]), table)).toEqual([nvs]);
		expect(settingsAtStake(plan([0x8000, 0x1000], [0x90000, 0x8000]), table)).toEqual([]);
		expect(settingsAtStake(plan([0, 0x400000]), undefined)).toEqual([]);
	});

	it('goes back to the place that the board has for it now, or is refused', () => {
		const image = buildNvs([{ namespace: 'a', key: 'b', type: 'u8', value: 1 }], 0x5000);
		if (!image.ok) throw new Error(image.error.kind);
		const kept = { label: 'nvs', subtype: DATA_SUBTYPE.nvs, offset: 0x9000, bytes: image.value };
		const snapshot = { id: 'x', ...facts(1000), labels: ['nvs'], sizeBytes: 0x5000 };
		const on = (partitions: Partition[]) => snapshotSource(snapshot, [kept], { partitions, md5: 'ok' });
		expect(on([row('settings', DATA_SUBTYPE.nvs, 0x11000, 0x8000)])).toMatchObject({
			ok: true,
			value: { source: { parts: [{ name: 'settings', offset: 0x11000 }], copyOf: { mac: MAC } } }
		});
		const two = [row('a', DATA_SUBTYPE.nvs, 0x9000, 0x5000), row('b', DATA_SUBTYPE.nvs, 0x11000, 0x5000)];
		expect(on(two)).toEqual({ ok: false, error: { kind: 'no-place', label: 'nvs' } });
	});
});

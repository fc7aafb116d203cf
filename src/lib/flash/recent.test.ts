import { IDBFactory } from 'fake-indexeddb';
import { describe, expect, it } from 'vitest';
import { buildAppImage } from '$lib/formats';
import type { FirmwareSource } from './facts';
import { RecentFirmwares } from './recent';

const app = (fill: number, bytes = 1000) =>
	buildAppImage({
		chipId: 9,
		entry: 0,
		segments: [{ address: 0x3fc80000, bytes: new Uint8Array(bytes).fill(fill) }]
	});
const source = (name: string, bytes = app(name.length)): FirmwareSource => ({
	name,
	version: '1.0',
	parts: [{ name: 'app.bin', offset: 0x10000, bytes, from: 'https://host/app.bin' }],
	eraseFirst: 'ask',
	improvWaitS: 5
});
const names = async (recent: RecentFirmwares) => {
	const found = await recent.list();
	return found.ok ? found.value.map(({ name }) => name) : found.error.kind;
};

describe('recently used firmware', () => {
	it('comes back whole in another page, with what it is and where it came from', async () => {
		const factory = new IDBFactory();
		const kept = await new RecentFirmwares(factory).keep(source('node'), 'https://host/manifest.json', 7);
		if (!kept.ok) throw new Error(kept.error.kind);
		expect(kept.value).toMatchObject({ family: 'ESP32-S3', usedMs: 7, from: 'https://host/manifest.json' });
		const later = new RecentFirmwares(factory);
		expect(await later.list()).toStrictEqual({ ok: true, value: [kept.value] });
		expect(await later.open(kept.value.id)).toStrictEqual({ ok: true, value: source('node') });
	});

	it('is one entry however often it is used, the last used first', async () => {
		const recent = new RecentFirmwares(new IDBFactory());
		await recent.keep(source('a'), '', 1);
		await recent.keep(source('bb'), '', 2);
		await recent.keep(source('a'), '', 3);
		expect(await names(recent)).toStrictEqual(['a', 'bb']);
	});

	it('is bounded in bytes and in number: the longest unused goes', async () => {
		const one = app(1).length;
		const few = new RecentFirmwares(new IDBFactory(), { mostBytes: 1e6, mostEntries: 2 });
		const small = new RecentFirmwares(new IDBFactory(), { mostBytes: 2 * one, mostEntries: 9 });
		for (const recent of [few, small]) {
			for (const [i, name] of ['a', 'bb', 'ccc'].entries()) await recent.keep(source(name), '', i);
			expect(await names(recent)).toStrictEqual(['ccc', 'bb']);
		}
		expect(await small.keep(source('large', app(9, 3000)), '', 9)).toMatchObject({
			error: { kind: 'too-large', mostBytes: 2 * one }
		});
		expect(await names(small)).toStrictEqual(['ccc', 'bb']);
	});

	it('can be removed, and says when it is gone or damaged', async () => {
		const factory = new IDBFactory();
		const recent = new RecentFirmwares(factory);
		const kept = await recent.keep(source('a'), '', 1);
		const id = kept.ok ? kept.value.id : '';
		const db = await new Promise<IDBDatabase>((resolve) => {
			const request = factory.open('fieldbench-firmware');
			request.onsuccess = () => resolve(request.result);
		});
		const tx = db.transaction('sources', 'readwrite');
		tx.objectStore('sources').put(source('a', app(200)), id);
		await new Promise((resolve) => (tx.oncomplete = resolve));
		expect(await recent.open(id)).toStrictEqual({ ok: false, error: { kind: 'damaged' } });
		await recent.remove(id);
		expect(await recent.open(id)).toStrictEqual({ ok: false, error: { kind: 'gone' } });
		expect(await names(recent)).toStrictEqual([]);
	});

	it('says that nothing is kept where the browser refuses', async () => {
		const refusing = {
			open: () => {
				throw new DOMException('no store here', 'SecurityError');
			}
		};
		const recent = new RecentFirmwares(refusing as unknown as IDBFactory);
		expect(await recent.keep(source('a'), '', 1)).toStrictEqual({
			ok: false,
			error: { kind: 'not-stored', cause: 'no store here' }
		});
	});
});

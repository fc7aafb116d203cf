import { IDBFactory } from 'fake-indexeddb';
import 'fake-indexeddb/auto';
import { expect, test, vi } from 'vitest';
import { systemClock } from '$lib/base';
import { openStorage } from '$lib/app/field/open-storage';
import { calling, startCore, untilFeed } from './field-environment';

const TELEMETRY = 'fieldbench-telemetry';

test('a store that will not open is offered to be deleted, and the next leader begins anew without a loss', async () => {
	const indexedDB = new IDBFactory();
	const open = (sentinel: string | null) =>
		openStorage({ sentinel, clock: systemClock, indexedDB, onTrouble: () => {} });
	const healthy = await open(null);
	let sentinel = '';
	healthy.watchSentinel((text) => (sentinel = text), new AbortController().signal);
	expect(healthy.reset).toBeUndefined();
	await healthy.close();

	const opening = indexedDB.open.bind(indexedDB);
	const refusing = vi.spyOn(indexedDB, 'open').mockImplementation((name, version) => {
		if (name === TELEMETRY) throw new DOMException('Internal error', 'UnknownError');
		return opening(name, version);
	});
	const onFenced = vi.fn<() => void>();
	const core = await startCore({ storage: await open(sentinel), onFenced });
	const [notice] = await untilFeed(core, 'notices', null, (all) => all.length > 0);
	expect(notice).toMatchObject({ kind: 'store-failing', resettable: true });
	expect(await core.handlers.calls.resetTelemetry(null, calling)).toMatchObject({ ok: true });
	await vi.waitFor(() => expect(onFenced).toHaveBeenCalledOnce());
	await core.close();
	refusing.mockRestore();

	const anew = await open(sentinel);
	expect(anew.losses).toStrictEqual([]);
	const next = await startCore({ storage: anew });
	expect(await untilFeed(next, 'notices', null, () => true)).toStrictEqual([]);
	expect(await next.handlers.calls.resetTelemetry(null, calling)).toMatchObject({ ok: true });
	expect((await indexedDB.databases()).map(({ name }) => name)).toContain(TELEMETRY);
	await next.close();
});

import { expect, test } from 'vitest';
import type { StoreLoss, StoreStats } from '$lib/telemetry';
import { storeLossWords } from '$lib/telemetry/view/notice-words';
import { memoryKeep } from '$lib/vault';
import { calling, memoryStorage, RecordingStore, startCore, untilFeed } from './field-environment';

const quota = { kind: 'failing', error: { kind: 'quota', usedBytes: 9, quotaBytes: 10 } } as const;

test('a full store is told once, stays dismissed while it lasts, and is told again when it comes back', async () => {
	const core = await startCore();
	const notices = () => untilFeed(core, 'notices', null, () => true);
	core.storeTrouble(quota);
	expect(await notices()).toMatchObject([{ kind: 'quota' }]);
	await core.handlers.calls.dismissNotice({ id: 'quota' }, calling);
	core.storeTrouble(quota);
	expect(await notices()).toStrictEqual([]);
	core.storeTrouble({ kind: 'recovered' });
	core.storeTrouble(quota);
	expect(await notices()).toMatchObject([{ kind: 'quota' }]);
	await core.close();
});

test('a store whose connection the browser ended is opened anew: the worker stops', async () => {
	let stopped = 0;
	const core = await startCore({ onFenced: () => stopped++ });
	core.storeTrouble({ kind: 'ended' });
	expect(stopped).toBe(1);
	await core.close();
});

const loss: StoreLoss = {
	noticedMs: 5,
	cause: 'discarded-by-browser',
	knownSeal: 1,
	knownWal: 1,
	foundSeal: 0,
	foundWal: 0
};

test.each([
	{ bucketsApart: true, keepLost: false, kept: true },
	{ bucketsApart: false, keepLost: false, kept: false },
	{ bucketsApart: true, keepLost: true, kept: false }
])('a loss claims that settings are there only where that is known: %o', async (given) => {
	const telemetry = new RecordingStore();
	telemetry.stats = async () => ({ bucketsApart: given.bucketsApart }) as StoreStats;
	const storage = { ...memoryStorage(memoryKeep(), telemetry), losses: [loss], keepLost: given.keepLost };
	const core = await startCore({ storage });
	const notices = await untilFeed(core, 'notices', null, () => true);
	expect(notices.map(({ kind }) => kind)).toStrictEqual(
		given.keepLost ? ['store-lost', 'keep-lost'] : ['store-lost']
	);
	expect(notices[0]).toMatchObject({ settingsKept: given.kept });
	expect(storeLossWords(loss, given.kept).means.includes('still there')).toBe(given.kept);
	await core.close();
});

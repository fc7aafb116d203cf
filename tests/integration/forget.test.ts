import { expect, test } from 'vitest';
import { err, ok } from '$lib/base';
import { memoryKeep } from '$lib/vault';
import { deviceId } from '../fixtures/fake-field';
import { calling, memoryStorage, RecordingStore, startCore, untilFeed } from './field-environment';

test('a device whose history could not be removed is still there, and the page is told why', async () => {
	const telemetry = new RecordingStore();
	const device = deviceId('fb-bench');
	telemetry.latest = async () => [
		{ device, provenance: 'real', values: { temperature: { value: 20, timeMs: 1000 } } }
	];
	const core = await startCore({ storage: memoryStorage(memoryKeep(), telemetry) });
	const known = async () => (await untilFeed(core, 'devices', null, () => true)).devices.map(({ id }) => id);
	telemetry.forget = async () => err({ kind: 'quota', usedBytes: 1, quotaBytes: 1 });
	expect(await core.handlers.calls.forgetDevice({ device }, calling)).toMatchObject({ ok: false });
	expect(await known()).toStrictEqual([device]);
	telemetry.forget = async () => ok(undefined);
	expect(await core.handlers.calls.forgetDevice({ device }, calling)).toMatchObject({ ok: true });
	expect(await known()).toStrictEqual([]);
	await core.close();
});

import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DeviceId } from '$lib/model';
import { utf8 } from '$lib/base';
import { connectField, type FieldClient } from './client';
import type { DevicesNews } from './messages';

let page: AbortController;
beforeEach(() => (page = new AbortController()));
afterEach(() => page.abort());

/** The first news of the devices that fits. */
const devices = (field: FieldClient, fits: (news: DevicesNews) => boolean) =>
	new Promise<DevicesNews>((resolve) =>
		field.watch('devices', null, (news) => fits(news) && resolve(news), page.signal)
	);

/** A lab that publishes what the test says. */
async function attachLab(field: FieldClient): Promise<(topic: string, body: unknown) => void> {
	const lab = new MessageChannel();
	await field.call('attachLab', null, { transfer: [lab.port1] });
	return (topic, body) =>
		lab.port2.postMessage({ type: 'publish', topic, payload: utf8(JSON.stringify(body)), retain: false });
}

const sample = (seq: number) => ({
	timestamp: Date.now() / 1000,
	sensors: { t: seq },
	epoch: 9,
	seq,
	clock: 'sync'
});

test('the shared worker takes a virtual device in, keeps its samples and gives them to a second page', async () => {
	const field = connectField({ signal: page.signal });
	const publish = await attachLab(field);
	publish('iot/node/sim-shared/telemetry', sample(1));
	const seen = await devices(field, (s) => s.devices.some((d) => d.id === 'sim-shared'));
	expect(seen.devices.find((d) => d.id === 'sim-shared')).toMatchObject({
		provenance: 'simulated',
		links: ['loopback']
	});

	const second = connectField({ signal: page.signal });
	const role = await new Promise((resolve) =>
		second.watch('role', null, ({ role }) => resolve(role), page.signal)
	);
	expect(role).toBe('shared');
	await second.call('flush', null);
	const now = Date.now();
	const range = await second.call('range', {
		...{ device: 'sim-shared' as DeviceId, provenance: 'simulated', metric: 't' },
		...{ fromMs: now - 60_000, toMs: now + 60_000, buckets: 10 }
	});
	expect(Array.from(range.avg)).toEqual([1]);
});

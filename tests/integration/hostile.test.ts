import mqtt from 'mqtt';
import { expect, test } from 'vitest';
import type { BrokerProfile } from '$lib/app/field/messages';
import { MAX_DEVICES } from '$lib/device';
import { calling, memoryStorage, RecordingStore, startCore, untilFeed } from './field-environment';
import { startMosquitto } from './mosquitto';

const MB = 1024 * 1024;

test(`100,000 ids, 1 MB payloads, NaN and absurd timestamps: counted, at most ${MAX_DEVICES} devices, under 100 MB, and the session lives`, async () => {
	const mosquitto = await startMosquitto();
	const telemetry = new RecordingStore();
	const field = await startCore({ storage: memoryStorage(undefined, telemetry) });
	const flood = await mqtt.connectAsync(mosquitto.tcpUrl);
	try {
		const profile: BrokerProfile = {
			...{ id: 'b', name: 'B', url: mosquitto.wsUrl, username: '', hasPassword: false, protocol: 'auto' },
			...{ keepaliveS: 30, persistentSession: false, local: false }
		};
		await field.handlers.calls.saveBroker({ profile }, calling);
		await field.handlers.calls.connect({ id: 'b' }, calling);
		await untilFeed(field, 'session', null, (state) => state.kind === 'live');
		const before = process.memoryUsage().heapUsed;

		const big = Buffer.alloc(MB, 'x');
		for (let i = 0; i < 20; i++) await flood.publishAsync('iot/node/fb-big/telemetry', big, { qos: 1 });
		await flood.publishAsync('iot/node/fb-nan/telemetry', '{"timestamp":1,"sensors":{"t":NaN}}', { qos: 1 });
		await flood.publishAsync(
			'iot/node/fb-odd/telemetry',
			'{"timestamp":1e300,"sensors":{"t":1},"clock":"sync"}',
			{ qos: 1 }
		);
		// In portions: mosquitto drops what a client's queue cannot hold, and here every message must arrive.
		for (let from = 0; from < 100_000; from += 1000) {
			const portion = Array.from({ length: 1000 }, (_, i) =>
				flood.publishAsync(`iot/node/n-${from + i}/telemetry`, '{"timestamp":1,"sensors":{"t":1}}', {
					qos: 1
				})
			);
			await Promise.all(portion);
		}
		await flood.publishAsync('iot/node/fb-odd/telemetry', '{"timestamp":1,"sensors":{"last":1}}', { qos: 1 });

		const report = await untilFeed(field, 'intake', null, ({ messages }) => messages >= 100_023);
		expect(report.refused).toMatchObject({ 'too-large': 20, 'not-json': 1 });
		expect(report.refused['too-many-devices']).toBe(100_000 - (MAX_DEVICES - 1));
		expect(report.refused['bad-timestamp']).toBeGreaterThanOrEqual(MAX_DEVICES);
		expect(report.examples.length).toBeLessThanOrEqual(20);
		const { devices, refusedIds } = await untilFeed(field, 'devices', null, () => true);
		expect(devices).toHaveLength(MAX_DEVICES);
		expect(Math.abs(refusedIds - 98_001)).toBeLessThan(2000);
		expect(await untilFeed(field, 'session', null, () => true)).toMatchObject({ kind: 'live' });

		telemetry.samples.length = 0;
		globalThis.gc?.();
		expect(process.memoryUsage().heapUsed - before).toBeLessThan(100 * MB);
	} finally {
		await flood.endAsync(true);
		await field.close();
		await mosquitto.stop();
	}
}, 60_000);

import mqtt from 'mqtt';
import { expect, test } from 'vitest';
import type { BrokerProfile } from '$lib/app/field/messages';
import { calling, memoryStorage, RecordingStore, startCore, untilFeed } from './field-environment';
import { startMosquitto } from './mosquitto';

test('a retained sample without an identity is counted, not stored: nothing tells how old it is', async () => {
	const mosquitto = await startMosquitto();
	const field = await startCore({ storage: memoryStorage(undefined, new RecordingStore()) });
	const node = await mqtt.connectAsync(mosquitto.tcpUrl);
	try {
		await node.publishAsync('iot/node/foreign/telemetry', '{"timestamp":1,"sensors":{"t":1}}', {
			qos: 1,
			retain: true
		});
		const profile: BrokerProfile = {
			...{ id: 'b', name: 'B', url: mosquitto.wsUrl, username: '', hasPassword: false, protocol: 'auto' },
			...{ keepaliveS: 30, persistentSession: false, local: false }
		};
		await field.handlers.calls.saveBroker({ profile }, calling);
		await field.handlers.calls.connect({ id: 'b' }, calling);
		const report = await untilFeed(field, 'intake', null, ({ messages }) => messages === 1);
		expect(report.refused).toMatchObject({ 'retained-telemetry': 1 });
		expect(report.samples).toBe(0);
		const { devices } = await untilFeed(field, 'devices', null, () => true);
		expect(devices).toHaveLength(0);
	} finally {
		await node.endAsync();
		await field.close();
		await mosquitto.stop();
	}
});

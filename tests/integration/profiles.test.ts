import { createHmac } from 'node:crypto';
import mqtt from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import type { FieldCore } from '$lib/app/field/field-core';
import type { BrokerProfile } from '$lib/app/field/messages';
import type { DeviceId } from '$lib/model';
import { calling, memoryStorage, RecordingStore, startCore, untilFeed } from './field-environment';
import { startMosquitto } from './mosquitto';

const INVERTER = 'ecowatt:roof' as DeviceId;
const SECRET = Buffer.from('pass phrase');
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

async function listen(field: FieldCore, url: string): Promise<void> {
	const profile: BrokerProfile = {
		...{ id: 'b', name: 'B', url, username: '', hasPassword: false },
		...{ protocol: 'auto' as const, keepaliveS: 30, persistentSession: false, local: false }
	};
	await field.handlers.calls.saveBroker({ profile }, calling);
	await field.handlers.calls.connect({ id: 'b' }, calling);
	// What the broker keeps comes as soon as the page has subscribed.
	await untilFeed(field, 'intake', null, ({ messages }) => messages > 0);
}

function sealed(nonce: number, body: object): string {
	const payload = Buffer.from(JSON.stringify(body));
	const number = Buffer.alloc(4);
	number.writeUInt32BE(nonce);
	const mac = createHmac('sha256', SECRET).update(number).update(payload).digest('hex');
	return JSON.stringify({
		device_id: 'roof',
		nonce,
		mac,
		payload: payload.toString('base64'),
		compressed: false
	});
}

test('devices of other conventions stand beside our own, and what they seal counts once, also after a restart', async () => {
	const mosquitto = await startMosquitto();
	ends.push(() => mosquitto.stop());
	const peer = await mqtt.connectAsync(mosquitto.tcpUrl);
	ends.push(() => peer.endAsync(true));
	await peer.publishAsync('ecowatt/devices/roof/status', 'online', { qos: 1, retain: true });
	const telemetry = new RecordingStore();
	const storage = memoryStorage(undefined, telemetry);
	const field = await startCore({ storage });
	await listen(field, mosquitto.wsUrl);
	const say = (topic: string, body: object | string) =>
		peer.publishAsync(topic, typeof body === 'string' ? body : JSON.stringify(body), { qos: 1 });

	const timestamp = new Date().toISOString();
	await say('ecowatt/devices/roof/power', { timestamp, power: 1146.6, voltage: 229 });
	await say('ecowatt/devices/roof/power', { timestamp, power: 1146.6, voltage: 229 });
	await say('ecowatt/devices/roof/alerts', { timestamp, severity: 'warning', message: 'Grid voltage high' });
	await say('ecowatt/system/health', { timestamp, status: 'healthy', cpu_percent: 12 });
	await say('sensor/room/temperature', '25.5');
	await say('window/room/control', { timestamp, position: 75 });
	await say('window/shut/control', 'close');
	await say('iot/node/ecowatt:roof/telemetry', { timestamp: Date.now() / 1000, sensors: { power: 9 } });
	const report = await untilFeed(field, 'intake', null, ({ refused }) => refused['bad-device-id'] === 1);
	expect(report).toMatchObject({ repeated: 1, refused: { 'bad-device-id': 1 } });
	const { devices } = await untilFeed(field, 'devices', null, (all) => all.devices.length === 4);
	const seen = devices.map(({ id, presence, values }) => [id, presence, Object.keys(values)]);
	expect(seen.toSorted()).toEqual([
		['ecowatt-system:server', 'online', ['cpu_percent']],
		[INVERTER, 'online', ['power', 'voltage']],
		['sensor:room', 'online', ['temperature', 'window_position']],
		['sensor:shut', 'unknown', ['window_position']]
	]);
	const events = await untilFeed(field, 'events', { device: INVERTER }, () => true);
	expect(events.at(-1)).toMatchObject({ kind: 'alert', detail: { message: 'Grid voltage high' } });

	const secret = SECRET.toString('base64');
	expect(await field.handlers.calls.saveDeviceSecret({ device: INVERTER, secret }, calling)).toMatchObject({
		ok: true
	});
	await say('ecowatt/devices/roof/power', sealed(7, { power: 7 }));
	await say('ecowatt/devices/roof/power', sealed(7, { power: 7 }));
	await say('ecowatt/devices/roof/power', { power: 8 });
	await say('ecowatt/devices/roof/power', sealed(9, { power: 9 }).replace('"nonce":9', '"nonce":10'));
	const seals = await untilFeed(
		field,
		'seals',
		{ device: INVERTER },
		({ refused }) => refused['forged-batch'] === 1
	);
	expect(seals).toEqual({
		sealed: 1,
		plain: 3,
		shown: 0,
		refused: { 'replayed-batch': 1, 'unsealed-message': 1, 'forged-batch': 1 }
	});
	await field.flush();
	expect(
		telemetry.samples.filter(({ device }) => device === INVERTER).map(({ values }) => values['power'])
	).toEqual([1146.6, 7]);
	await field.close();

	const again = await startCore({ storage });
	ends.push(() => again.close());
	await listen(again, mosquitto.wsUrl);
	await say('ecowatt/devices/roof/power', sealed(7, { power: 7 }));
	await say('ecowatt/devices/roof/power', sealed(8, { power: 8 }));
	const later = await untilFeed(again, 'seals', { device: INVERTER }, ({ sealed: taken }) => taken === 1);
	expect(later.refused).toEqual({ 'replayed-batch': 1 });
});

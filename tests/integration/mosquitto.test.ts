import mqtt from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import type { FieldCore } from '$lib/app/field/field-core';
import type { BrokerProfile } from '$lib/app/field/messages';
import type { DeviceId } from '$lib/model';
import { calling, memoryStorage, RecordingStore, startCore, untilFeed } from './field-environment';
import { startMosquitto, type Mosquitto, type MosquittoOptions } from './mosquitto';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function broker(options?: MosquittoOptions): Promise<Mosquitto> {
	const mosquitto = await startMosquitto(options);
	cleanUps.push(() => mosquitto.stop());
	return mosquitto;
}

async function core(options?: Parameters<typeof startCore>[0]): Promise<FieldCore> {
	const started = await startCore(options);
	cleanUps.push(() => started.close());
	return started;
}

async function node(mosquitto: Mosquitto, options: mqtt.IClientOptions = {}): Promise<mqtt.MqttClient> {
	const client = await mqtt.connectAsync(mosquitto.tcpUrl, { reconnectPeriod: 200, ...options });
	client.on('error', () => {}); // the broker is killed under it on purpose
	cleanUps.push(() => client.endAsync(true));
	return client;
}

const profile = (url: string, more: Partial<BrokerProfile> = {}): BrokerProfile => ({
	...{ id: 'bench', name: 'Bench', url, username: '', hasPassword: false, protocol: 'auto' },
	...{ keepaliveS: 30, persistentSession: false, local: false },
	...more
});

async function connect(field: FieldCore, saved: BrokerProfile, password?: string): Promise<void> {
	expect(await field.handlers.calls.saveBroker({ profile: saved, password }, calling)).toMatchObject({
		ok: true
	});
	await field.handlers.calls.connect({ id: saved.id }, calling);
}

const live = (field: FieldCore) => untilFeed(field, 'session', null, (state) => state.kind === 'live');

/** A session is live before its subscriptions are granted: what is retained comes all the same, and tells when they are. */
async function announce(field: FieldCore, client: mqtt.MqttClient, id: string): Promise<void> {
	const known = untilFeed(field, 'devices', null, ({ devices }) => devices.length > 0);
	const status = '{"state":"online","fw":"0.1.0"}';
	await client.publishAsync(`iot/node/${id}/status`, status, { qos: 1, retain: true });
	await known;
}

const sample = (seq: number) =>
	JSON.stringify({
		timestamp: Date.now() / 1000,
		sensors: { temperature: 20 + seq },
		epoch: 7,
		seq,
		clock: 'sync'
	});

test('a node publishes, the page sees the device and the store has the sample', async () => {
	const mosquitto = await broker();
	const telemetry = new RecordingStore();
	const field = await core({ storage: memoryStorage(undefined, telemetry) });
	await connect(field, profile(mosquitto.wsUrl));
	expect(await live(field)).toMatchObject({ protocolVersion: 5, broker: 'Bench' });

	const publisher = await node(mosquitto);
	const seen = untilFeed(
		field,
		'devices',
		null,
		({ devices }) => devices[0]?.values['temperature'] !== undefined
	);
	await announce(field, publisher, 'fb-1');
	await publisher.publishAsync('iot/node/fb-1/telemetry', sample(1), { qos: 1 });

	const [device] = (await seen).devices;
	expect(device).toMatchObject({
		id: 'fb-1',
		presence: 'online',
		provenance: 'real',
		links: ['mqtt'],
		firmware: '0.1.0'
	});
	expect(device?.values['temperature']?.value).toBe(21);
	await field.flush();
	expect(telemetry.samples).toMatchObject([{ device: 'fb-1', identity: { epoch: 7, seq: 1 } }]);
});

test.each(['mqtt5', 'mqtt311'] as const)('speaks %s where it is asked to', async (protocol) => {
	const mosquitto = await broker();
	const field = await core();
	await connect(field, profile(mosquitto.wsUrl, { protocol }));
	expect(await live(field)).toMatchObject({ protocolVersion: protocol === 'mqtt5' ? 5 : 4 });
});

test.each(['mqtt5', 'mqtt311'] as const)(
	'a wrong password over %s is told as such, and the right one lets in',
	async (protocol) => {
		const mosquitto = await broker({ users: { ada: 'engine' } });
		const field = await core();
		await connect(field, profile(mosquitto.wsUrl, { username: 'ada', protocol }), 'difference');
		const refused = await untilFeed(field, 'session', null, (state) => state.kind === 'failed');
		expect(refused).toMatchObject({ problem: { kind: 'refused', reason: 'not-authorised' } });

		await connect(field, profile(mosquitto.wsUrl, { username: 'ada', protocol }), 'engine');
		expect(await live(field)).toMatchObject({ broker: 'Bench' });
	}
);

test('the broker is killed and comes back: the session returns by itself and messages flow again', async () => {
	const mosquitto = await broker();
	const field = await core();
	await connect(field, profile(mosquitto.wsUrl));
	await live(field);
	const publisher = await node(mosquitto);

	const waiting = untilFeed(field, 'session', null, (state) => state.kind === 'waiting');
	await mosquitto.kill();
	expect(await waiting).toMatchObject({ problem: { kind: 'closed-by-broker' } });
	const back = live(field);
	await mosquitto.start();
	await back;
	await announce(field, publisher, 'fb-2');
	const seen = untilFeed(
		field,
		'devices',
		null,
		({ devices }) => devices[0]?.values['temperature'] !== undefined
	);
	await publisher.publishAsync('iot/node/fb-2/telemetry', sample(1), { qos: 1 });
	expect((await seen).devices[0]?.id).toBe('fb-2');
});

test('a command goes out over the broker and its answer settles it', async () => {
	const mosquitto = await broker();
	const field = await core();
	await connect(field, profile(mosquitto.wsUrl));
	await live(field);
	const device = await node(mosquitto);
	await device.subscribeAsync('iot/node/fb-3/command', { qos: 1 });
	device.on('message', (_, payload) => {
		const { id, params } = JSON.parse(payload.toString()) as { id: string; params: unknown };
		device.publish(
			'iot/node/fb-3/response',
			JSON.stringify({ jsonrpc: '2.0', id, result: { output: params } }),
			{ qos: 1 }
		);
	});
	await announce(field, device, 'fb-3');

	const id = 'fb-3' as DeviceId;
	const settled = untilFeed(
		field,
		'commands',
		{ device: id },
		([newest]) => newest?.state === 'acknowledged'
	);
	const sent = await field.handlers.calls.sendCommand(
		{
			id: 'c1',
			device: id,
			method: 'components.execute',
			params: { id: 'led', input: { on: true } },
			ttlMs: 10_000
		},
		calling
	);
	expect(sent).toMatchObject({ ok: true, value: { state: 'sent' } });
	expect((await settled)[0]?.result).toEqual({ output: { id: 'led', input: { on: true } } });
});

test('an account that may only read is let in all the same', async () => {
	const mosquitto = await broker({ users: { eve: 'x' }, acl: 'user eve\ntopic read iot/#\n' });
	const field = await core();
	await connect(field, profile(mosquitto.wsUrl, { username: 'eve' }), 'x');
	expect(await live(field)).toMatchObject({ kind: 'live' });
});

test('while the session stands a retained message says so, and it is gone when the session ends or dies', async () => {
	const mosquitto = await broker();
	const field = await core();
	const observer = await node(mosquitto);
	const seen: string[] = [];
	await observer.subscribeAsync('fieldbench/page/+', { qos: 1 });
	const gone = new Promise<void>((resolve) => {
		observer.on('message', (_, payload) => {
			seen.push(payload.toString());
			if (payload.length === 0) resolve();
		});
	});
	await connect(field, profile(mosquitto.wsUrl));
	await live(field);
	await field.handlers.calls.disconnect(null, calling);
	await gone;
	expect(seen).toEqual(['{"state":"online","app":"fieldbench"}', '']);
});

import mqtt, { type MqttClient } from 'mqtt';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import WebSocket from 'ws';
import { startBroker, type EmbeddedBroker } from './broker';

let broker: EmbeddedBroker;
const clients: MqttClient[] = [];

beforeEach(async () => {
	broker = await startBroker({
		host: '127.0.0.1',
		mqttPort: 0,
		wsPort: 0,
		tls: undefined,
		mayUse: (origin) => origin === 'http://localhost:4173'
	});
});
afterEach(async () => {
	await broker.close();
	await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

async function join(url: string): Promise<MqttClient> {
	const client = await mqtt.connectAsync(url, { reconnectPeriod: 0 });
	clients.push(client);
	return client;
}

it('carries messages from a board on TCP to a browser on WebSocket', async () => {
	const board = await join(`mqtt://127.0.0.1:${broker.mqtt.port}`);
	const page = await join(`ws://127.0.0.1:${broker.ws.port}`);
	await page.subscribeAsync('iot/node/+/telemetry', { qos: 1 });
	const heard = new Promise((resolve) =>
		page.once('message', (topic, payload) => resolve([topic, String(payload)]))
	);
	await board.publishAsync('iot/node/a/telemetry', '{}', { qos: 1 });
	expect(await heard).toEqual(['iot/node/a/telemetry', '{}']);
});

it.each([
	['http://localhost:4173', 'open'],
	['https://evil.example', 'refused'],
	[undefined, 'open']
])('answers a page from %s: %s', async (origin, outcome) => {
	const socket = new WebSocket(
		`ws://127.0.0.1:${broker.ws.port}`,
		'mqtt',
		origin === undefined ? {} : { origin }
	);
	const heard = await Promise.race([
		once(socket, 'open').then(() => 'open'),
		once(socket, 'unexpected-response').then(() => 'refused')
	]);
	expect(heard).toBe(outcome);
	socket.terminate();
});

it('ends with clients connected, and frees its ports', async () => {
	const client = await join(`mqtt://127.0.0.1:${broker.mqtt.port}`);
	const cut = new Promise<void>((resolve) => client.once('close', resolve));
	await broker.close();
	await cut;
	const again = await startBroker({
		host: '127.0.0.1',
		mqttPort: broker.mqtt.port,
		wsPort: broker.ws.port,
		tls: undefined,
		mayUse: () => true
	});
	expect(again.mqtt.taken).toEqual([]);
	await again.close();
});

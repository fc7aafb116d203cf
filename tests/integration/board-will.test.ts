import mqtt from 'mqtt';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock, utf8 } from '$lib/base';
import { SimBrokerSession } from '../../src/lib/lab/board/sim-broker-session';
import { nodeConnector } from './field-environment';
import { startMosquitto } from './mosquitto';

const TOPIC = 'iot/node/sim-fab000000001/status';
const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** A board's session that is connected and has said that it is online, and what somebody else hears of it. */
async function online() {
	const mosquitto = await startMosquitto();
	cleanUps.push(() => mosquitto.stop());
	const listener = await mqtt.connectAsync(mosquitto.tcpUrl);
	cleanUps.push(() => listener.endAsync(true));
	const heard: string[] = [];
	listener.on('message', (_topic, payload) => heard.push(payload.toString()));
	await listener.subscribeAsync(TOPIC);
	// The board is told a broker's name; its world knows the way there (loopback would be the board itself).
	const session = new SimBrokerSession({
		connector: nodeConnector,
		dial: () => ({ kind: 'url', url: mosquitto.wsUrl }),
		...{ routed: () => true, clock: systemClock, message: () => {}, changed: () => {}, note: () => {} }
	});
	session.open({
		uri: 'ws://broker.test',
		...{
			username: '',
			password: '',
			clientId: 'sim-fab000000001',
			will: { topic: TOPIC, payload: 'offline' }
		}
	});
	await vi.waitFor(() => expect(session.state()).toMatchObject({ state: 'connected' }), 3000);
	session.publish({ topic: TOPIC, payload: utf8('online'), qos: 1, retain: true });
	await vi.waitFor(() => expect(heard).toEqual(['online']), 1000);
	return { session, heard, mosquitto };
}

test('a board whose cable is pulled is told as lost, and stays so for who comes later', async () => {
	const { session, heard, mosquitto } = await online();
	session.end();
	await vi.waitFor(() => expect(heard).toEqual(['online', 'offline']), 1500);
	const later = await mqtt.connectAsync(mosquitto.tcpUrl);
	cleanUps.push(() => later.endAsync(true));
	const kept = new Promise<string>((resolve) =>
		later.on('message', (_t, bytes) => resolve(bytes.toString()))
	);
	await later.subscribeAsync(TOPIC);
	expect(await kept).toBe('offline');
});

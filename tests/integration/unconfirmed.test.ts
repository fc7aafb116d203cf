import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { utf8 } from '$lib/base';
import { nodeConnector } from './field-environment';

/** MQTT 5: a CONNACK that lets in, and a PUBACK that says "not authorised". */
const CONNACK = Uint8Array.of(0x20, 3, 0, 0, 0);
const CONNECT_TYPE = 1;
const PUBLISH_TYPE = 3;
const refusal = (id: readonly number[]) => Uint8Array.of(0x40, 4, ...id, 0x87, 0);

/** A wire to a broker that lets in, and does with a message what the test says. */
async function wireTo(onPublish: 'drops the line' | 'refuses') {
	const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
	onTestFinished(() => {
		server.close();
	});
	await once(server, 'listening');
	server.on('connection', (socket) => {
		let bytes: number[] = [];
		socket.on('message', (data: Buffer) => {
			bytes.push(...data); // mqtt.js may write one packet in pieces; all of ours are short
			while (bytes.length >= 2 && bytes.length >= 2 + bytes[1]!) {
				const packet = bytes.slice(0, 2 + bytes[1]!);
				bytes = bytes.slice(packet.length);
				const type = packet[0]! >> 4;
				if (type === CONNECT_TYPE) socket.send(CONNACK);
				if (type !== PUBLISH_TYPE) continue;
				const idAt = 4 + packet[3]!;
				if (onPublish === 'drops the line') socket.terminate();
				else socket.send(refusal(packet.slice(idAt, idAt + 2)));
			}
		});
	});
	const { port } = server.address() as AddressInfo;
	let connected = () => {};
	const standing = new Promise<void>((resolve) => (connected = resolve));
	const wire = await nodeConnector(
		{
			...{ url: `ws://127.0.0.1:${port}`, protocolVersion: 5, clientId: 'fb-x', username: '' },
			...{ password: undefined, keepaliveS: 30, persistentSession: false, will: undefined }
		},
		{ connected, message: () => {}, ended: () => {} }
	);
	onTestFinished(() => wire.close());
	await standing;
	return wire;
}

test('a message whose confirmation the line took with it may have arrived: it is unconfirmed', async () => {
	const wire = await wireTo('drops the line');
	expect(await wire.publish('t', utf8('x'), { qos: 1 })).toEqual({
		ok: false,
		error: { kind: 'unconfirmed' }
	});
	// Now there is no line: this one never leaves.
	expect(await wire.publish('t', utf8('x'), { qos: 1 })).toEqual({
		ok: false,
		error: { kind: 'not-connected' }
	});
});

test('a message that the broker refuses is rejected with its code', async () => {
	const wire = await wireTo('refuses');
	expect(await wire.publish('t', utf8('x'), { qos: 1 })).toEqual({
		ok: false,
		error: { kind: 'rejected', code: 0x87 }
	});
});

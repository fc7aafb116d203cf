import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Aedes } from 'aedes';
import { afterEach, expect, test } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import type { BrokerProfile } from '$lib/app/field/messages';
import { memoryKeep } from '$lib/vault';
import { calling, memoryStorage, nodeConnector, startCore, untilFeed } from './field-environment';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
	for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function listening(server: Server): Promise<string> {
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	cleanUps.push(async () => {
		server.closeAllConnections();
		server.close();
	});
	return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const profile = (url: string): BrokerProfile => ({
	...{ id: 'local', name: 'Local', url, username: '', hasPassword: false, protocol: 'auto' },
	...{ keepaliveS: 30, persistentSession: false, local: true }
});

test('the embedded broker speaks 3.1.1 only: the session falls back, and starts with 3.1.1 the next time', async () => {
	const broker = await Aedes.createBroker();
	const server = createServer();
	const sockets = new WebSocketServer({ server });
	sockets.on('connection', (socket, request) => broker.handle(createWebSocketStream(socket), request));
	const url = await listening(server);
	cleanUps.push(() => new Promise<void>((resolve) => broker.close(resolve)));

	const keep = memoryKeep();
	const tried: number[] = [];
	const connector: typeof nodeConnector = (options, events) => {
		tried.push(options.protocolVersion);
		return nodeConnector(options, events);
	};
	const first = await startCore({ storage: memoryStorage(keep), connector });
	cleanUps.push(() => first.close());
	await first.handlers.calls.saveBroker({ profile: profile(url) }, calling);
	await first.handlers.calls.connect({ id: 'local' }, calling);
	expect(await untilFeed(first, 'session', null, (s) => s.kind === 'live')).toMatchObject({
		protocolVersion: 4
	});
	expect(tried).toEqual([5, 4]);
	await first.close();

	tried.length = 0;
	const second = await startCore({ storage: memoryStorage(keep), connector });
	cleanUps.push(() => second.close());
	await untilFeed(second, 'session', null, (s) => s.kind === 'live'); // by itself: the choice was remembered
	expect(tried).toEqual([4]);
});

test('a WebSocket that speaks no MQTT is told apart from a host that is not there', async () => {
	const server = createServer();
	const sockets = new WebSocketServer({ server });
	sockets.on('connection', (socket) => socket.on('message', () => socket.close()));
	const url = await listening(server);
	const field = await startCore();
	cleanUps.push(() => field.close());
	await field.handlers.calls.saveBroker({ profile: profile(url) }, calling);
	await field.handlers.calls.connect({ id: 'local' }, calling);
	const state = await untilFeed(field, 'session', null, (s) => s.kind === 'waiting');
	expect(state).toMatchObject({ problem: { kind: 'not-mqtt' } });
});

test('a web server that opens no WebSocket is unreachable: a browser cannot tell more', async () => {
	const url = await listening(createServer((_, response) => response.end('hello')));
	const field = await startCore();
	cleanUps.push(() => field.close());
	await field.handlers.calls.saveBroker({ profile: profile(url) }, calling);
	await field.handlers.calls.connect({ id: 'local' }, calling);
	const state = await untilFeed(field, 'session', null, (s) => s.kind === 'waiting');
	expect(state).toMatchObject({ problem: { kind: 'unreachable' } });
});

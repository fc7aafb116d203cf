import { Aedes } from 'aedes';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { type KeyAndCertificate } from './certificate';
import { listenNear, type Listening } from './ports';

export interface BrokerOptions {
	readonly host: string | undefined;
	readonly mqttPort: number;
	readonly wsPort: number;
	/** With it, the WebSocket listener speaks TLS. Boards keep plain TCP. */
	readonly tls: KeyAndCertificate | undefined;
	/**
	 * Whether a page of this origin may use the broker. Any page a person visits may try `ws://localhost`, and browsers let
	 * it: the origin they send is the only fence of a broker without accounts.
	 */
	readonly mayUse: (origin: string) => boolean;
}

export interface EmbeddedBroker {
	readonly mqtt: Listening;
	readonly ws: Listening;
	/** Ends every connection and frees the ports. */
	close(): Promise<void>;
}

/** aedes for trying things out: MQTT 3.1.1, no accounts, nothing kept when it ends. */
export async function startBroker(options: BrokerOptions): Promise<EmbeddedBroker> {
	const broker = await Aedes.createBroker();
	const sockets = new Set<Socket>();
	const tcp = createTcpServer((socket) => {
		broker.handle(socket);
	});
	const web = options.tls ? createHttpsServer(options.tls) : createHttpServer();
	for (const server of [tcp, web])
		server.on('connection', (socket: Socket) => {
			sockets.add(socket);
			socket.on('close', () => sockets.delete(socket));
		});
	web.on('request', (_request, response) => {
		response.writeHead(426, { 'Content-Type': 'text/plain' }).end('MQTT over WebSocket is spoken here.\n');
	});
	const webSockets = new WebSocketServer({
		server: web,
		handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false),
		verifyClient: ({ origin }: { origin: string | undefined }) =>
			origin === undefined || options.mayUse(origin),
		perMessageDeflate: false
	});
	webSockets.on('error', () => undefined); // the server's own errors, which listenNear sees
	webSockets.on('connection', (socket, request) => {
		const stream = createWebSocketStream(socket);
		stream.on('error', () => socket.terminate()); // a tab that died: nothing to say to it
		broker.handle(stream, request);
	});
	const close = async () => {
		const closed = new Promise<void>((resolve) => broker.close(resolve));
		for (const client of webSockets.clients) client.terminate();
		for (const socket of sockets) socket.destroy();
		const ends = [tcp, web].filter((s) => s.listening).map((s) => once(s.close(), 'close'));
		await Promise.all([closed, ...ends]);
	};
	try {
		const mqtt = await listenNear(tcp, options.mqttPort, options.host);
		const ws = await listenNear(web, options.wsPort, options.host);
		return { mqtt, ws, close };
	} catch (cause) {
		await close();
		throw cause;
	}
}

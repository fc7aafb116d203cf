import mqtt, { type MqttClient } from 'mqtt';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startBroker } from '../../scripts/start/broker';
import { pageServer } from '../../scripts/start/page-server';
import { listenNear } from '../../scripts/start/ports';
import { startVirtualNode, type VirtualNode } from '../../scripts/virtual-node';
import { startMosquitto } from '../integration/mosquitto';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** What boards know this machine by: the browser of the tests resolves it to loopback, since a test machine may have no LAN. */
export const LAN_HOST = 'bench.test';

export type BrokerKind = 'mosquitto' | 'embedded';

/** Everything outside the browser: the page's server, a broker, nodes, and a hand that publishes. All on free ports. */
export interface Bench {
	readonly url: string;
	/** What the page calls the broker it is offered. */
	readonly brokerName: string;
	readonly wsUrl: string;
	/** MQTT over TCP, as this machine knows it. */
	readonly tcpUrl: string;
	stopPage(): Promise<void>;
	stopBroker(): Promise<void>;
	startBroker(): Promise<void>;
	/** The firmware as a node on this broker; resolves when it is connected. */
	addNode(id: string, name: string, periodMs?: number): Promise<RunningNode>;
	/** Publishes samples `from` … `to - 1` of a device made up by the test, at QoS 1. */
	publishSamples(device: MadeUpDevice, from: number, to: number): Promise<void>;
	close(): Promise<void>;
}

export interface RunningNode {
	readonly node: VirtualNode;
	/** As a power cut: its connection is gone without a goodbye, and the broker speaks its last will. */
	cut(): void;
	stop(): Promise<void>;
}

export interface MadeUpDevice {
	readonly id: string;
	readonly epoch: number;
}

/** @throws where the app or its firmware is not built */
export async function startBench(kind: BrokerKind): Promise<Bench> {
	const broker = await brokerOf(kind);
	const wasm = await WebAssembly.compile(await readFile(`${root}static/firmware/virtual/fieldbench.wasm`));
	const brokerName = 'Local broker';
	const tcpPort = new URL(broker.tcpUrl).port;
	const server = createServer(
		await pageServer({
			folder: `${root}build`,
			brokersFor: (host) => [
				{
					name: brokerName,
					url: `ws://${host}:${broker.wsPort}`,
					lan: [{ mqtt: `mqtt://${LAN_HOST}:${tcpPort}`, ws: `ws://${LAN_HOST}:${broker.wsPort}` }]
				}
			]
		})
	);
	const { port } = await listenNear(server, 0, '127.0.0.1');
	const nodes = new Set<RunningNode>();
	let publisher: MqttClient | undefined;

	const stopPage = async () => {
		server.closeAllConnections();
		if (server.listening) await new Promise((resolve) => server.close(resolve));
	};
	return {
		url: `http://localhost:${port}`,
		brokerName,
		wsUrl: `ws://localhost:${broker.wsPort}`,
		tcpUrl: broker.tcpUrl,
		stopPage,
		stopBroker: () => broker.stop(),
		startBroker: () => broker.start(),
		addNode: async (id, name, periodMs = 500) => {
			const end = new AbortController();
			const wire = await openWire(Number(new URL(broker.tcpUrl).port));
			const node = await startVirtualNode({
				brokerUrl: `mqtt://127.0.0.1:${wire.port}`,
				id,
				name,
				wasm,
				periodMs,
				signal: end.signal
			});
			const running: RunningNode = {
				node,
				cut: () => wire.cut(),
				stop: async () => {
					end.abort();
					await node.ended;
					wire.cut();
					nodes.delete(running);
				}
			};
			nodes.add(running);
			await node.ready;
			return running;
		},
		publishSamples: async (device, from, to) => {
			if (!publisher?.connected) publisher = await mqtt.connectAsync(broker.tcpUrl, { reconnectPeriod: 0 });
			for (let seq = from; seq < to; seq += 1)
				await publisher.publishAsync(`iot/node/${device.id}/telemetry`, sample(device, seq), { qos: 1 });
		},
		close: async () => {
			await Promise.all([...nodes].map((node) => node.stop()));
			await publisher?.endAsync(true);
			await stopPage();
			await broker.end();
		}
	};
}

function sample({ epoch }: MadeUpDevice, seq: number): string {
	return JSON.stringify({
		timestamp: Date.now() / 1000,
		sensors: { temperature: 20 + (seq % 100) / 10 },
		epoch,
		seq,
		clock: 'sync'
	});
}

/** A way to a port of this machine that can be cut. */
async function openWire(target: number) {
	const ends = new Set<Socket>();
	const server = createTcpServer((near) => {
		const far = connect(target, '127.0.0.1');
		near.pipe(far).pipe(near);
		for (const [end, other] of [
			[near, far],
			[far, near]
		] as const) {
			ends.add(end);
			end.on('error', () => undefined); // seen as the close that follows
			end.on('close', () => {
				ends.delete(end);
				other.destroy();
			});
		}
	});
	await listenNear(server, 0, '127.0.0.1');
	return {
		port: (server.address() as AddressInfo).port,
		cut: () => {
			server.close();
			for (const end of ends) end.destroy();
		}
	};
}

/** The two brokers behind one face: both can be stopped and started again on the same ports. */
async function brokerOf(kind: BrokerKind) {
	if (kind === 'mosquitto') {
		const mosquitto = await startMosquitto();
		return { ...mosquitto, stop: () => mosquitto.kill(), end: () => mosquitto.stop() };
	}
	const start = (mqttPort: number, wsPort: number) =>
		startBroker({ host: '127.0.0.1', mqttPort, wsPort, tls: undefined, mayUse: () => true });
	let broker = await start(0, 0);
	const [tcpPort, wsPort] = [broker.mqtt.port, broker.ws.port];
	return {
		tcpUrl: `mqtt://127.0.0.1:${tcpPort}`,
		wsPort,
		stop: () => broker.close(),
		start: async () => {
			broker = await start(tcpPort, wsPort);
		},
		end: () => broker.close()
	};
}

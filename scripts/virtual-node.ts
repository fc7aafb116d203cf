import mqtt, { type MqttClient } from 'mqtt';
import { VirtualDeviceHost, type DevicePublish, type Flash, type VirtualDevice } from '$lib/lab';

export interface VirtualNodeOptions {
	/** mqtt:// or ws://, as mqtt.js takes it. */
	readonly brokerUrl: string;
	/** Begins with `sim-`. */
	readonly id: string;
	readonly name: string;
	/** static/firmware/virtual/fieldbench.wasm */
	readonly wasm: Uint8Array<ArrayBuffer> | WebAssembly.Module;
	/** Between samples, 200 … 3,600,000. */
	readonly periodMs?: number;
	/** Decides its world; by default made from the id. */
	readonly seed?: number;
	/** Without it the device forgets everything when it ends. */
	readonly flash?: Flash;
	readonly protocolVersion?: 4 | 5;
	readonly credentials?: { readonly username: string; readonly password: string };
	/** Ends it: a clean goodbye, so the broker does not publish the last will; the node publishes it itself. */
	readonly signal: AbortSignal;
	readonly log?: (line: string) => void;
}

export interface VirtualNode {
	readonly id: string;
	readonly device: VirtualDevice;
	readonly connected: boolean;
	/** Resolves at the first connection. */
	readonly ready: Promise<void>;
	/** Resolves when everything of it has ended, after the signal. */
	readonly ended: Promise<void>;
}

const RECONNECT_MS = 1000;

/**
 * A virtual device on a real broker: the firmware as WebAssembly, its messages through mqtt.js. It runs whether the broker
 * is there or not; each time the session comes up it publishes its status and shadow anew and goes on numbering where it was.
 * @throws Error where the wasm is not our firmware, or the id is not a virtual device's
 */
export async function startVirtualNode(options: VirtualNodeOptions): Promise<VirtualNode> {
	const log = options.log ?? (() => {});
	const host = await VirtualDeviceHost.load(options.wasm, { log: (id, line) => log(`${id} ${line}`) });
	if (!host.ok) throw new Error(`not our firmware: ${host.error.kind}`);
	// The device comes first: the broker wants its last will before the session opens.
	const session: { client?: MqttClient } = {};
	const added = host.value.add(
		{
			id: options.id,
			name: options.name,
			seed: options.seed ?? seedFrom(options.id),
			...(options.periodMs === undefined ? {} : { config: climateEvery(options.periodMs) }),
			...(options.flash ? { flash: options.flash } : {})
		},
		{
			publish: (message) => send(session.client, message, log),
			// A body that died sends no goodbye: the broker has the will.
			lost: () => session.client?.stream.destroy()
		}
	);
	if (!added.ok) throw new Error(`${options.id}: ${added.error.kind}`);
	const device = added.value;
	const client = mqtt.connect(options.brokerUrl, {
		protocolVersion: options.protocolVersion ?? 4,
		clientId: options.id,
		clean: true,
		reconnectPeriod: RECONNECT_MS,
		queueQoSZero: false,
		...options.credentials,
		will: { topic: device.will.topic, payload: Buffer.from(device.will.payload), qos: 1, retain: true }
	});
	client.on('message', (topic, payload) => device.deliver(topic, new Uint8Array(payload)));
	client.on('close', () => device.setLink(false));
	client.on('error', (cause) => log(`${options.id} ${cause.message}`));
	session.client = client;
	return {
		id: options.id,
		device,
		get connected() {
			return client.connected;
		},
		...follow(client, device, host.value, options.signal)
	};
}

function follow(client: MqttClient, device: VirtualDevice, host: VirtualDeviceHost, signal: AbortSignal) {
	const ready = new Promise<void>((resolve) => {
		client.on('connect', () => {
			// Online only once it can hear: whoever sees the status may command at once.
			client.subscribe([...device.topics], { qos: 1 }, (fault) => {
				if (fault || !client.connected) return;
				device.setLink(true);
				resolve();
			});
		});
	});
	const ended = new Promise<void>((resolve) => {
		const end = () => {
			host.close();
			const { topic, payload } = device.will;
			if (!client.connected) return client.end(true, {}, () => resolve());
			client.publish(topic, payload, { qos: 1, retain: true }, () => client.end(false, {}, () => resolve()));
			// The broker went away meanwhile: nobody is left to say goodbye to.
			client.once('close', () => client.end(true, {}, () => resolve()));
		};
		if (signal.aborted) end();
		else signal.addEventListener('abort', end, { once: true });
	});
	return { ready, ended };
}

function send(client: MqttClient | undefined, message: DevicePublish, log: (line: string) => void): void {
	const { topic, payload, qos, retain } = message;
	client?.publish(topic, Buffer.from(payload), { qos, retain }, (fault) => {
		if (fault) log(`${topic}: ${fault.message}`);
	});
}

const climateEvery = (periodMs: number) => ({
	components: [{ id: 'climate', type: 'sim-climate', config: { period_ms: periodMs } }]
});

/** FNV-1a: the same id lives in the same world each time. */
function seedFrom(id: string): number {
	let hash = 0x811c9dc5;
	for (const byte of new TextEncoder().encode(id)) hash = Math.imul(hash ^ byte, 0x01000193);
	return hash >>> 0;
}

import { done, err, type Result } from '$lib/base';
import type { MqttClient } from 'mqtt';
import type { PublishError } from '../message-link';
import type { MqttConnector, MqttWire, WireEnd, WireEvents, WireOptions } from './connector';

/** The socket's events that tell an unreachable host from one that is no broker. DOM's WebSocket and Node's `ws` both fit. */
export interface OpenedSocket {
	addEventListener(type: 'open', listener: () => void): void;
}

/** Time for socket and CONNACK together; mqtt.js's default of 30 s is longer than people wait. */
const CONNECT_TIMEOUT_MS = 12_000;
const WEEK_S = 7 * 24 * 3600;
/** A broker that speaks MQTT 5 drops what is larger, so that no publisher can fill this tab's memory. */
const LARGEST_PACKET_BYTES = 4 * 1024 * 1024;
const GOODBYE_MS = 1000;

/**
 * The only importer of mqtt.js, loaded at the first connect: a worker that never connects never pays its 100 KB.
 * mqtt.js's own reconnection is off; the session decides.
 */
export function mqttJsConnector(
	openSocket: (url: string, protocols: string[]) => OpenedSocket
): MqttConnector {
	return async (options, events) => {
		const { default: mqtt } = await import('mqtt');
		let opened = false;
		let client: MqttClient;
		try {
			client = mqtt.connect(options.url, {
				...connectOptions(options),
				createWebsocket: (url: string, protocols: string[]) => {
					const socket = openSocket(url, protocols);
					socket.addEventListener('open', () => (opened = true));
					return socket;
				}
			});
		} catch {
			// `new WebSocket` throws a SecurityError where the page may not open this address at all.
			queueMicrotask(() => events.ended({ kind: 'closed', opened: false, connected: false }));
			return CLOSED;
		}
		return follow(client, events, () => opened);
	};
}

const CLOSED: MqttWire = {
	subscribe: () => Promise.resolve(false),
	unsubscribe: () => {},
	publish: () => Promise.resolve(err({ kind: 'not-connected' })),
	ping: () => {},
	close: () => Promise.resolve()
};

function connectOptions(options: WireOptions) {
	const five = options.protocolVersion === 5;
	return {
		protocolVersion: options.protocolVersion,
		clientId: options.clientId,
		...(options.username === '' ? {} : { username: options.username }),
		...(options.password === undefined ? {} : { password: options.password }),
		keepalive: options.keepaliveS,
		clean: !options.persistentSession,
		reconnectPeriod: 0,
		connectTimeout: CONNECT_TIMEOUT_MS,
		queueQoSZero: false,
		resubscribe: false,
		timerVariant: 'native' as const, // we are in a worker: its timers are not throttled
		...(five
			? {
					properties: {
						maximumPacketSize: LARGEST_PACKET_BYTES,
						...(options.persistentSession ? { sessionExpiryInterval: WEEK_S } : {})
					}
				}
			: {}),
		...(options.will
			? {
					will: {
						topic: options.will.topic,
						payload: asBuffer(options.will.payload),
						qos: 1 as const,
						retain: options.will.retain
					}
				}
			: {})
	};
}

function follow(client: MqttClient, events: WireEvents, opened: () => boolean): MqttWire {
	let over = false;
	let connected = false;
	const end = (how: WireEnd) => {
		if (over) return;
		over = true;
		client.end(true);
		events.ended(how);
	};
	client.on('connect', (packet) => {
		if (over) return;
		connected = true;
		events.connected(packet.sessionPresent);
	});
	client.on('message', (topic, payload, packet) => {
		if (!over) events.message(topic, payload, packet.retain);
	});
	timePings(client, (ms) => {
		if (!over) events.roundTrip?.(ms);
	});
	client.on('disconnect', (packet) => end({ kind: 'disconnected', code: packet.reasonCode ?? 0 }));
	client.on('error', (error) => end(endOf(error, connected, opened())));
	client.on('close', () => end({ kind: 'closed', opened: opened(), connected }));
	return {
		subscribe: (filters) =>
			new Promise((resolve) => {
				client.subscribe([...filters], { qos: 1 }, (error, granted) =>
					resolve(error === null && (granted ?? []).every((g) => g.qos < 0x80))
				);
			}),
		unsubscribe: (filters) => {
			if (client.connected) client.unsubscribe([...filters], () => {}); // the broker has nothing to refuse
		},
		publish: (topic, payload, options) => publish(client, topic, payload, options),
		ping: () => {
			if (client.connected) client.sendPing();
		},
		close: () => {
			const alreadyOver = over;
			over = true;
			if (alreadyOver) return Promise.resolve();
			return new Promise<void>((resolve) => {
				const timer = setTimeout(() => client.end(true, () => resolve()), GOODBYE_MS);
				client.end(!connected, {}, () => {
					clearTimeout(timer);
					resolve();
				});
			});
		}
	};
}

/** PINGRESP has no id: a broker answers in the order in which it was asked (MQTT 5 §3.12.4). */
function timePings(client: MqttClient, told: (ms: number) => void): void {
	const askedMs: number[] = [];
	client.on('packetsend', ({ cmd }) => {
		if (cmd === 'pingreq') askedMs.push(performance.now());
	});
	client.on('packetreceive', ({ cmd }) => {
		const sinceMs = cmd === 'pingresp' ? askedMs.shift() : undefined;
		if (sinceMs !== undefined) told(performance.now() - sinceMs);
	});
}

function publish(
	client: MqttClient,
	topic: string,
	payload: Uint8Array,
	{ qos, retain = false, expirySeconds }: { qos: 0 | 1; retain?: boolean; expirySeconds?: number }
): Promise<Result<void, PublishError>> {
	if (!client.connected) return Promise.resolve(err({ kind: 'not-connected' }));
	const properties =
		expirySeconds !== undefined && client.options.protocolVersion === 5
			? { properties: { messageExpiryInterval: expirySeconds } }
			: {};
	return new Promise((resolve) => {
		client.publish(topic, asBuffer(payload), { qos, retain, ...properties }, (error) => {
			if (!error) return resolve(done);
			const code = codeOf(error);
			resolve(err(code === undefined ? { kind: 'unconfirmed' } : { kind: 'rejected', code }));
		});
	});
}

/** mqtt.js tells its errors apart by code and, where it has none, only by message. */
function endOf(error: Error, connected: boolean, opened: boolean): WireEnd {
	const code = codeOf(error);
	if (code !== undefined) return connected ? { kind: 'disconnected', code } : { kind: 'refused', code };
	if (error.message === 'Keepalive timeout') return { kind: 'keepalive-timeout' };
	if (error.message === 'connack timeout') return { kind: 'no-answer', opened };
	return { kind: 'closed', opened, connected };
}

/** A reason code of MQTT; a code of Node's sockets ("ECONNREFUSED") is none. */
function codeOf(error: Error): number | undefined {
	return 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}

/** mqtt.js says Buffer where it takes any bytes (its streams accept Uint8Array); the browser has no Buffer to make. */
const asBuffer = (bytes: Uint8Array): Buffer => bytes as Buffer;

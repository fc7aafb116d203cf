import { beforeEach, expect, test } from 'vitest';
import { err, ManualClock, ok, textOf, utf8 } from '$lib/base';
import type { LinkMessage, LoopbackLink, PublishError } from '$lib/link';
import type { DeviceId, SessionState } from '$lib/model';
import { BrokerRelay } from './broker-relay';

const ID = 'sim-a' as DeviceId;
const STATUS = `iot/node/${ID}/status`;
const TELEMETRY = `iot/node/${ID}/telemetry`;

let told: string[];
let delivered: string[];
let filters: Set<string>;
let up: boolean;
let broker: string;
let answer: () => Promise<PublishError | undefined>;
let loopback: Pick<LoopbackLink, 'publish' | 'relay'>;
let hear: (topic: string, text: string) => void;
let sessionIs: (kind: 'live' | 'none') => void;
let relay: BrokerRelay;
let clock: ManualClock;

beforeEach(() => {
	[told, delivered, filters, up, broker] = [[], [], new Set(), true, 'a'];
	answer = async () => undefined;
	clock = new ManualClock();
	loopback = {
		relay: undefined,
		publish: async (topic, payload) => {
			delivered.push(`${topic} ${textOf(payload) ?? ''}`);
			return ok(undefined);
		}
	};
	let listener: (message: LinkMessage) => void = () => {};
	let watcher: (state: SessionState) => void = () => {};
	hear = (topic, text) => listener({ topic, payload: utf8(text), retained: false, receivedMs: 0 });
	sessionIs = (kind) => {
		up = kind === 'live';
		watcher(up ? { kind: 'live', id: broker, broker, protocolVersion: 5, sinceMs: 0 } : { kind: 'none' });
	};
	relay = new BrokerRelay(
		{
			clock,
			loopback,
			onChange: () => {},
			session: {
				get up() {
					return up;
				},
				get targetId() {
					return broker;
				},
				listen: (fn) => void (listener = fn),
				watch: (fn) => void (watcher = fn),
				subscribe: (wanted, signal) => {
					for (const filter of wanted) filters.add(filter);
					signal.addEventListener('abort', () => wanted.forEach((filter) => filters.delete(filter)));
				},
				publish: async (topic, payload, { retain }) => {
					told.push(`${topic}${retain ? ' kept' : ''} ${textOf(payload) ?? ''}`);
					const fault = await answer();
					return fault ? err(fault) : ok(undefined);
				}
			}
		},
		new AbortController().signal
	);
	sessionIs('live');
});

const says = (topic: string, text: string, retain = false) =>
	loopback.relay?.published({ topic, payload: utf8(text), retain, qos: 1 });

test('what a device says goes on, and what it is told comes in: nothing else does', () => {
	says(STATUS, 'online', true);
	says(TELEMETRY, '1');
	says(`iot/node/${ID}/command`, 'never');
	says('iot/node/fb-real/telemetry', 'never');
	says('elsewhere', 'never');
	expect(told).toEqual([`${STATUS} kept online`, `${TELEMETRY} 1`]);
	expect([...filters]).toEqual([`iot/node/${ID}/command`, `iot/node/${ID}/shadow/desired`]);
	hear(`iot/node/${ID}/command`, 'c');
	hear(`iot/node/${ID}/shadow/desired`, 'd');
	hear(TELEMETRY, 'echo');
	hear('iot/node/sim-other/command', 'not ours');
	expect(delivered).toEqual([`iot/node/${ID}/command c`, `iot/node/${ID}/shadow/desired d`]);
});

test('a new connection is told what the broker is to keep, as it is now', () => {
	says(STATUS, 'online', true);
	sessionIs('none');
	says(TELEMETRY, 'lost');
	says(STATUS, 'sleeping', true);
	told = [];
	sessionIs('live');
	expect(told).toEqual([`${STATUS} kept sleeping`]);
});

const WILL = '{"state":"offline","sim":true}';

test('devices that go with their lab are told offline, also to a broker that was away, and to no other', () => {
	says(STATUS, 'online', true);
	sessionIs('none');
	relay.lost();
	told = [];
	broker = 'b';
	sessionIs('live');
	expect(told).toEqual([]);
	sessionIs('none');
	broker = 'a';
	sessionIs('live');
	expect(told).toEqual([`${STATUS} kept ${WILL}`]);
	sessionIs('live');
	expect(told).toHaveLength(1);
	expect(filters.size).toBe(0);
});

test('a device that comes back before its broker is not told offline', () => {
	says(STATUS, 'online', true);
	sessionIs('none');
	relay.lost();
	says(STATUS, 'online again', true);
	told = [];
	sessionIs('live');
	expect(told).toEqual([`${STATUS} kept online again`]);
});

test('one that is removed leaves nothing kept, and those who watch hear that it is offline', () => {
	says(STATUS, 'online', true);
	says(`iot/node/${ID}/shadow/reported`, '{}', true);
	told = [];
	loopback.relay?.removed(ID);
	expect(told).toEqual([`${STATUS} kept `, `iot/node/${ID}/shadow/reported kept `, `${STATUS} ${WILL}`]);
	expect(relay.has(ID)).toBe(false);
	told = [];
	loopback.relay?.removed('sim-unknown');
	expect(told).toEqual([]);
});

test('before a session is ended its devices say goodbye, and a broker that does not answer is not waited for', async () => {
	says(STATUS, 'online', true);
	told = [];
	answer = () => new Promise(() => {});
	const goodbye = relay.farewell();
	expect(told).toEqual([`${STATUS} kept ${WILL}`]);
	clock.advance(1000);
	await goodbye;
	sessionIs('none');
	sessionIs('live');
	expect(told.at(-1)).toBe(`${STATUS} kept online`);
});

test('what the broker refuses or does not confirm is counted, and a flood is not kept', async () => {
	answer = async () => ({ kind: 'rejected', code: 135 });
	says(TELEMETRY, '1');
	await new Promise((resolve) => setImmediate(resolve));
	expect(relay.report()).toMatchObject({ devices: 1, passedOn: 0, notPassedOn: 1 });
	answer = () => new Promise(() => {});
	for (let i = 0; i < 300; i++) says(TELEMETRY, '1');
	expect(relay.report().notPassedOn).toBe(1 + 300 - 256);
});

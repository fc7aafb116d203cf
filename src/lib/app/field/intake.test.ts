import { readFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { err, ManualClock, ok, utf8 } from '$lib/base';
import { AlertBook, DeviceApi, Outbox, Registry, profiles } from '$lib/device';
import type { LinkMessage, MessageLink } from '$lib/link';
import type { DeviceId, Sample } from '$lib/model';
import type { TelemetryStore } from '$lib/telemetry';
import { memoryKeep } from '$lib/vault';
import type { BatchDoubt, Unsealed } from './batch-seals';
import { Intake } from './intake';
import { LiveTails } from './live-tails';
import { MinuteCounts } from './minute-counts';
import { parseAlert, parseCommand, parseEventPage, parseStoredDevice } from './stored-rows';

/** Samples 1802 … of the log 2890137841. */
const BATCH = (
	JSON.parse(readFileSync(new URL('../../../../tests/vectors/batch.json', import.meta.url), 'utf8')) as {
		readonly op: string;
		readonly name: string;
		readonly payload: string;
		readonly times_ms: readonly number[];
	}[]
).find(({ name }) => name === 'seven samples of an inverter, best')!;
const EPOCH = 2890137841;

let clock: ManualClock;
let stored: Sample[];
let refuseToStore = false;
let numbers: string[];
let doubts: (BatchDoubt | undefined)[];
let standing: Unsealed | undefined;
let blamed: string[];
let minutes: MinuteCounts;
let registry: Registry;
let intake: Intake;
let say: (topic: string, body: object, retained?: boolean) => void;
let alerts: AlertBook;

beforeEach(() => {
	clock = new ManualClock(1_763_700_000_000);
	stored = [];
	numbers = [];
	doubts = [];
	standing = undefined;
	blamed = [];
	minutes = new MinuteCounts(clock);
	refuseToStore = false;
	const keep = memoryKeep(clock);
	const onFault = (cause: unknown) => {
		throw cause;
	};
	registry = new Registry({
		...{ shelf: keep.rows('devices', parseStoredDevice), archive: keep.rows('events', parseEventPage) },
		...{ clock, onChange: () => {}, onFault }
	});
	const link = () => undefined;
	const store = {
		append: async (samples: readonly Sample[]) => {
			if (refuseToStore) return err({ kind: 'closed' as const });
			stored.push(...samples);
			return ok({ stored: samples.length, duplicates: 0 });
		}
	} as unknown as TelemetryStore;
	alerts = new AlertBook({
		...{ shelf: keep.rows('alerts', parseAlert), clock, onChange: () => {}, onFault }
	});
	intake = new Intake({
		...{ alerts, minutes },
		...{ clock, profiles: profiles(), registry, store, live: new LiveTails(clock) },
		outbox: new Outbox({
			...{ shelf: keep.rows('outbox', parseCommand), clock, link, onChange: () => {}, onFault }
		}),
		deviceApi: new DeviceApi({ link, clock }),
		seals: {
			...{ judge: async () => doubts.shift(), sealDoubt: async () => doubts.shift() },
			kept: async ({ place }) => void numbers.push(`kept ${place.number}, ${stored.length} stored`),
			released: ({ place }) => void numbers.push(`released ${place.number}`),
			plain: () => standing,
			refused: (device, cause) => void blamed.push(`${device} ${cause}`)
		},
		answerDoubt: () => undefined,
		passOver: () => false,
		onNumbered: () => {},
		onOnline: () => {},
		onChange: () => {},
		onStoreError: () => {}
	});
	let listener: (message: LinkMessage) => void = () => {};
	const broker: MessageLink = {
		...{ kind: 'mqtt', name: 'test', up: true, publish: async () => ok(undefined) },
		listen: (fn) => void (listener = fn)
	};
	intake.follow(broker, new AbortController().signal);
	say = (topic, body, retained = false) =>
		listener({ topic, payload: utf8(JSON.stringify(body)), retained, receivedMs: clock.now() });
});

const batch = () =>
	say('iot/node/fb-1/batch', {
		device_id: 'fb-1',
		compressed: true,
		compression_type: 'best',
		payload: Buffer.from(BATCH.payload, 'hex').toString('base64')
	});
const alone = (seq: number, atMs = BATCH.times_ms[seq - 1802]!) =>
	say('iot/node/fb-1/telemetry', {
		...{ timestamp: atMs / 1000, sensors: { power: seq }, epoch: EPOCH, seq, clock: 'sync' }
	});
const seqs = () => stored.map(({ identity }) => identity?.seq);
/** What came is judged and with the store. */
async function settled(): Promise<void> {
	await intake.checked();
	intake.drain();
	await Promise.resolve();
}

test('of what came alone and in a batch each sample is stored once, and the rest counted as repeated', async () => {
	alone(1802);
	alone(1804);
	batch();
	alone(1805);
	await settled();
	alone(1806);
	batch();
	await settled();
	expect(seqs().sort()).toEqual([1802, 1803, 1804, 1805, 1806, 1807, 1808]);
	const { samples, repeated, refused, messages } = intake.report();
	expect({ samples, repeated, refused, messages }).toEqual({
		samples: 7,
		repeated: 11,
		refused: {},
		messages: 6
	});
});

test('what is only shown claims no number: the sealed batch is stored, and where it says something else that is counted', async () => {
	standing = 'show';
	for (const seq of [1802, 1802, 1803]) alone(seq);
	await settled();
	expect(stored).toEqual([]);
	expect(registry.summaries()).toMatchObject([{ id: 'fb-1', messages: 2 }]);
	batch();
	alone(1804);
	await settled();
	expect(seqs()).toEqual([1802, 1803, 1804, 1805, 1806, 1807, 1808]);
	expect(stored.map(({ values }) => values['power'])).not.toContain(1802);
	expect(intake.report()).toMatchObject({ samples: 7, refused: { 'differs-from-sealed': 3 } });
});

test('one that comes again with a better clock reaches the store once more, and is shown and counted once', async () => {
	const guessed = { timestamp: 12, sensors: { power: 1802 }, epoch: EPOCH, seq: 1802, clock: 'none' };
	say('iot/node/fb-1/telemetry', guessed);
	await settled();
	say('iot/node/fb-1/telemetry', guessed);
	batch();
	batch();
	await settled();
	const times = stored.filter(({ identity }) => identity?.seq === 1802).map(({ timeMs }) => timeMs);
	expect(times).toEqual([clock.now(), BATCH.times_ms[0]]);
	expect(intake.report()).toMatchObject({ samples: 7, repeated: 8, refused: {} });
});

test('batches are taken in their order, and one is one message of its device', async () => {
	batch();
	await settled();
	expect(seqs()).toEqual([1802, 1803, 1804, 1805, 1806, 1807, 1808]);
	expect(registry.summaries()).toMatchObject([{ id: 'fb-1', presence: 'online', messages: 1 }]);
});

test('a batch that is doubted leaves nothing but a count and an example', async () => {
	doubts = ['forged-batch'];
	batch();
	await settled();
	expect(stored).toEqual([]);
	expect(registry.size).toBe(0);
	expect(intake.report()).toMatchObject({
		refused: { 'forged-batch': 1 },
		examples: [{ topic: 'iot/node/fb-1/batch', cause: 'forged-batch' }]
	});
	expect(blamed, 'a device that nobody knows is not made by a forgery').toEqual([]);
	alone(1802);
	doubts = ['forged-batch'];
	batch();
	await settled();
	expect(blamed).toEqual(['fb-1 forged-batch']);
});

test('a batch that cannot be read is told as forged where its seal does not hold, else by what is wrong with it', async () => {
	doubts = ['forged-batch', undefined];
	const payload = Buffer.from(BATCH.payload, 'hex').subarray(0, -8).toString('base64');
	for (let times = 0; times < 2; times++)
		say('iot/node/fb-1/batch', {
			...{ device_id: 'fb-1', compressed: true, compression_type: 'best', payload },
			...{ nonce: 'n1', mac: '0'.repeat(64) }
		});
	await settled();
	expect(stored).toEqual([]);
	expect(intake.report().refused).toEqual({ 'forged-batch': 1, 'truncated-batch': 1 });
});

test('a batch that comes again does not bring a dead device back to life', async () => {
	batch();
	await settled();
	say('iot/node/fb-1/status', { state: 'offline' });
	batch();
	await settled();
	expect(registry.summaries()[0]?.presence).toBe('offline');
});

test('messages are counted by the minute', () => {
	clock.advance(60_000);
	for (const seq of [1802, 1803, 1803]) alone(seq);
	say('nobody/knows/this', {});
	clock.advance(60_000);
	expect(minutes.whole().perMinute).toEqual([4]);
	expect(intake.report()).toMatchObject({ messages: 4, refused: { 'unknown-topic': 1 } });
});

test('what the store did not take may come again', async () => {
	refuseToStore = true;
	alone(1802);
	await settled();
	refuseToStore = false;
	alone(1802);
	await settled();
	expect(seqs()).toEqual([1802]);
});

test('the number of a batch is kept behind its samples, and not where they are not stored', async () => {
	batch();
	await intake.checked();
	expect(numbers).toEqual([]);
	refuseToStore = true;
	intake.drain();
	await intake.kept();
	refuseToStore = false;
	batch();
	batch(); // all of it repeats what is on its way
	await settled();
	await intake.kept();
	expect(numbers).toEqual(['released 1808', 'kept 1808, 7 stored', 'kept 1808, 7 stored']);
});

test('a device that was forgotten may tell again what it told', async () => {
	alone(1802);
	await settled();
	intake.forget('fb-1' as DeviceId);
	alone(1802);
	await settled();
	expect(seqs()).toEqual([1802, 1802]);
});

test('more batches than can be checked are refused by count, and those before stand', async () => {
	for (let i = 0; i < 260; i++) batch();
	await settled();
	expect(intake.report().refused).toEqual({ 'batch-backlog': 4 });
	expect(seqs()).toHaveLength(7);
});

test('an alert is kept once however often it is delivered, and is an event of its device', () => {
	const alert = { rule: 'hot', text: 'Too hot', raised: true, timestamp: clock.now() / 1000 };
	say('iot/node/fb-1/alerts', alert);
	say('iot/node/fb-1/alerts', alert);
	expect(alerts.list()).toMatchObject([{ device: 'fb-1', severity: 'warning', raisedMs: clock.now() }]);
	const kinds = registry.events('fb-1' as DeviceId).map(({ kind }) => kind);
	expect(kinds).toEqual(['first-seen', 'alert']);
	say('iot/node/fb-1/alerts', { ...alert, timestamp: undefined }, true);
	say('iot/node/fb-1/alerts', { ...alert, severity: 'awful' });
	expect(alerts.list()).toHaveLength(1);
	expect(intake.report()).toMatchObject({ repeated: 1, refused: { 'retained-event': 1, 'bad-event': 1 } });
});

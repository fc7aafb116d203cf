import 'fake-indexeddb/auto';
import mqtt from 'mqtt';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { FieldCore } from '$lib/app/field/field-core';
import { LabBench } from '$lib/app/lab/lab-bench';
import type { BoardShelf } from '$lib/app/lab/board-shelf';
import { LabStore } from '$lib/lab';
import { testFirmware } from '$lib/lab/test-firmware';
import type { DeviceId } from '$lib/model';
import { calling, memoryStorage, RecordingStore, startCore, untilFeed } from './field-environment';
import { startMosquitto } from './mosquitto';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

const RELAYED = 'sim-shown' as DeviceId;
const PRIVATE = 'sim-private' as DeviceId;

let firmware: WebAssembly.Module;
let databases = 0;
const ends: (() => unknown)[] = [];
beforeAll(async () => {
	firmware = await testFirmware();
}, 300_000);
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
});

interface Told {
	readonly topic: string;
	readonly text: string;
	readonly retain: boolean;
}

/** Somebody else at the broker. */
async function other(url: string) {
	const client = await mqtt.connectAsync(url);
	ends.push(() => client.endAsync(true));
	const heard: Told[] = [];
	client.on('message', (topic, payload, { retain }) =>
		heard.push({ topic, text: payload.toString(), retain })
	);
	await client.subscribeAsync('iot/#', { qos: 1 });
	const of = (kind: string, device: string = RELAYED) =>
		heard.filter(({ topic }) => topic === `iot/node/${device}/${kind}`);
	return { client, heard, of };
}

/** A page with its lab at a broker, with a device that others may see and one that they may not. */
async function bench(protocol: 'mqtt5' | 'mqtt311' = 'mqtt5') {
	const mosquitto = await startMosquitto();
	ends.push(() => mosquitto.stop());
	const telemetry = new RecordingStore();
	const field = await startCore({ storage: memoryStorage(undefined, telemetry) });
	ends.push(() => field.close());
	const profile = {
		...{ id: 'b', name: 'B', url: mosquitto.wsUrl, username: '', hasPassword: false },
		...{ protocol, keepaliveS: 30, persistentSession: false, local: false }
	};
	await field.handlers.calls.saveBroker({ profile }, calling);
	await field.handlers.calls.connect({ id: 'b' }, calling);
	await untilFeed(field, 'session', null, (state) => state.kind === 'live');

	const store = await LabStore.open(`virtual-broker-${databases++}`);
	const noBoards = { start: async () => {}, list: () => [] } as unknown as BoardShelf;
	const lab = new LabBench(
		store,
		() => Promise.resolve({ ok: true, value: firmware }),
		() => noBoards
	);
	expect(await lab.start('')).toEqual({ ok: true, value: undefined });
	const { port1, port2 } = new MessageChannel();
	ends.push(() => port1.close());
	ends.push(() => {
		for (const { id } of lab.list()) void lab.remove(id);
	});
	const components = [
		{ id: 'climate', type: 'sim-climate', config: { period_ms: 200 } },
		{ id: 'led', type: 'led' }
	];
	const config = { complete: true, components } as const;
	const witness = await other(mosquitto.tcpUrl);
	for (const [id, overBroker] of [
		[RELAYED, true],
		[PRIVATE, false]
	] as const)
		expect(await lab.add({ id, name: id, config, overBroker })).toMatchObject({ ok: true });
	lab.attachField(port2);
	const labGone = field.attachLab(port1);
	return { mosquitto, telemetry, field, lab, witness, labGone };
}

const samples = (field: FieldCore, atLeast: number) =>
	untilFeed(field, 'intake', null, (report) => report.samples >= atLeast);

test.each(['mqtt5', 'mqtt311'] as const)(
	'over %s others see a virtual device and command it, and the page has each sample once',
	async (protocol) => {
		const { telemetry, field, witness } = await bench(protocol);
		await samples(field, 30);
		await vi.waitFor(() => expect(witness.of('telemetry').length).toBeGreaterThan(10));
		expect(JSON.parse(witness.of('status')[0]!.text)).toMatchObject({ state: 'online', sim: true });
		expect(witness.of('shadow/reported').length).toBeGreaterThan(0);
		for (const { text } of witness.of('telemetry')) expect(JSON.parse(text)).toMatchObject({ sim: true });
		expect(witness.heard.filter(({ topic }) => topic.includes(PRIVATE))).toEqual([]);

		const params = { id: 'led', input: { on: true, brightness: 40 } };
		const command = { jsonrpc: '2.0', id: 'from-outside', method: 'components.execute', params };
		await witness.client.publishAsync(`iot/node/${RELAYED}/command`, JSON.stringify(command), { qos: 1 });
		await witness.client.publishAsync(`iot/node/${PRIVATE}/command`, JSON.stringify(command), { qos: 1 });
		await vi.waitFor(() => expect(witness.of('response')).toHaveLength(1), 5000);
		expect(JSON.parse(witness.of('response')[0]!.text)).toMatchObject({
			id: 'from-outside',
			result: { code: 0 }
		});
		const lit = { led: { on: true, brightness: 40 } };
		const { devices } = await untilFeed(field, 'devices', null, ({ devices: all }) =>
			all.some(({ reported }) => JSON.stringify(reported).includes('"brightness":40'))
		);
		expect(devices).toMatchObject([
			{ id: RELAYED, links: ['loopback'], provenance: 'simulated', reported: lit },
			{ id: PRIVATE, links: ['loopback'], reported: { led: { on: false } } }
		]);

		await field.flush();
		const seqs = telemetry.samples.filter(({ device }) => device === RELAYED).map((s) => s.identity!.seq);
		expect(seqs).toEqual(seqs.map((_, i) => seqs[0]! + i));
		// Of what it said itself nothing came back to it, as a message or as a sample.
		const report = await untilFeed(field, 'intake', null, () => true);
		expect(report).toMatchObject({ repeated: 0, relay: { devices: 1, notPassedOn: 0, deaf: false } });
		expect(Object.keys(report.refused)).toEqual(['unasked-response']);
		const stateful = ['status', 'shadow/reported', 'diagnostics', 'log', 'response'];
		const others = 2 * stateful.reduce((sum, kind) => sum + witness.of(kind).length, 0);
		expect(report.messages - report.samples).toBeLessThanOrEqual(others + 4);
	}
);

test('the page commands it over the loopback, also while the broker is gone, and tells the broker anew', async () => {
	const { mosquitto, field } = await bench();
	await samples(field, 4);
	const down = untilFeed(field, 'session', null, (state) => state.kind === 'waiting');
	await mosquitto.kill();
	await down;
	const settled = untilFeed(
		field,
		'commands',
		{ device: RELAYED },
		([newest]) => newest?.state === 'acknowledged'
	);
	const params = { id: 'led', input: { on: true, brightness: 7 } };
	await field.handlers.calls.sendCommand(
		{ id: 'c1', device: RELAYED, method: 'components.execute', params, ttlMs: 10_000 },
		calling
	);
	await settled;
	const up = untilFeed(field, 'session', null, (state) => state.kind === 'live');
	await mosquitto.start();
	await up;
	const later = await other(mosquitto.tcpUrl);
	await vi.waitFor(() => {
		expect(later.of('status').at(-1)?.text).toContain('"state":"online"');
		expect(later.of('shadow/reported').at(-1)?.text).toContain('"brightness":7');
		expect(later.of('telemetry').length).toBeGreaterThan(0);
	});
});

test('it is offline at the broker when its lab is gone, when the page leaves the broker, and when it is removed', async () => {
	const { mosquitto, field, lab, witness, labGone } = await bench();
	const states = () =>
		witness
			.of('status')
			.filter(({ text }) => text !== '')
			.map(({ text }) => (JSON.parse(text) as { state: string }).state);
	await samples(field, 4);
	await vi.waitFor(() => expect(states().at(-1)).toBe('online'));
	await field.handlers.calls.disconnect(null, calling);
	await vi.waitFor(() => expect(states().at(-1)).toBe('offline'));
	await field.handlers.calls.connect({ id: 'b' }, calling);
	await vi.waitFor(() => expect(states().at(-1)).toBe('online'), 5000);

	labGone();
	await vi.waitFor(() => expect(states().at(-1)).toBe('offline'), 5000);
	const { devices } = await untilFeed(field, 'devices', null, () => true);
	expect(devices.find(({ id }) => id === RELAYED)?.presence).toBe('offline');
	expect((await retainedBy(mosquitto.tcpUrl)).map(({ topic }) => topic)).toContain(
		`iot/node/${RELAYED}/status`
	);

	const { port1, port2 } = new MessageChannel();
	ends.push(() => port1.close());
	field.attachLab(port1);
	lab.attachField(port2);
	await vi.waitFor(() => expect(states().at(-1)).toBe('online'), 5000);
	await lab.remove(RELAYED);
	await vi.waitFor(() => {
		expect(states().at(-1)).toBe('offline');
		expect(witness.of('shadow/reported').at(-1)?.text).toBe('');
	});
	expect(await retainedBy(mosquitto.tcpUrl)).toEqual([]);
});

/** What the broker keeps, for one who comes now. */
async function retainedBy(url: string): Promise<readonly Told[]> {
	const late = await other(url);
	await late.client.publishAsync('iot/end', '', { qos: 1 });
	await vi.waitFor(() => expect(late.heard.some(({ topic }) => topic === 'iot/end')).toBe(true), 3000);
	return late.heard.filter(({ retain }) => retain);
}

import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { deviceSecretName } from '$lib/app/field/device-keys';
import type { FieldCore } from '$lib/app/field/field-core';
import type { DeviceId } from '$lib/model';
import { linuxNode } from '../../scripts/linux-node.mjs';
import { AnswerQueue } from './contract/link';
import { openPty } from './contract/pty';
import { calling, memoryStorage, RecordingStore, startCore, untilFeed } from './field-environment';
import { startLinuxNode } from './linux-node';
import { startMosquitto, type Mosquitto } from './mosquitto';

vi.setConfig({ testTimeout: 40_000, hookTimeout: 30_000 });

const ID = 'sim-batch' as DeviceId;
let folder: string;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
	await linuxNode();
}, 300_000);
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'fieldbench-batches-'))));
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
	await rm(folder, { recursive: true, force: true });
});

/** A page at a broker. @param secret what it believes is the device's */
async function page(secret?: Buffer) {
	const mosquitto = await startMosquitto();
	ends.push(() => mosquitto.stop());
	const telemetry = new RecordingStore();
	const storage = memoryStorage(undefined, telemetry);
	if (secret) await storage.secrets.put(deviceSecretName(ID), secret.toString('base64'));
	const field = await startCore({ storage });
	ends.push(() => field.close());
	await field.handlers.calls.saveBroker(
		{
			profile: {
				...{ id: 'b', name: 'B', url: mosquitto.wsUrl, username: '', hasPassword: false },
				...{ protocol: 'auto', keepaliveS: 30, persistentSession: false, local: false }
			}
		},
		calling
	);
	await field.handlers.calls.connect({ id: 'b' }, calling);
	await untilFeed(field, 'session', null, (state) => state.kind === 'live');
	return { mosquitto, telemetry, field };
}

/** The firmware as a process, measuring five times a second, with batches of four. */
async function device(mosquitto: Mosquitto, { live }: { live: boolean }) {
	const config = join(folder, 'config.json');
	await writeFile(
		config,
		JSON.stringify({
			telemetry: { live, batch_s: 2, batch_size: 4, codec: 'best' },
			components: [{ id: 'climate', type: 'sim-climate', config: { period_ms: 200 } }]
		})
	);
	const path = join(folder, 'tty');
	const args = ['--id', ID, '--broker', mosquitto.tcpUrl, '--config', config, '--serial-pty', path];
	const node = await startLinuxNode(args);
	ends.push(() => node.stop());
	const answers = new AnswerQueue();
	const cable = await openPty(path, { frame: (json) => answers.put(JSON.parse(json)) });
	ends.push(async () => cable.close());
	let asked = 0;
	return async (method: string, params: object): Promise<unknown> => {
		cable.send(JSON.stringify({ jsonrpc: '2.0', id: `q${asked++}`, method, params }));
		return ((await answers.next(method)) as { result?: unknown }).result;
	};
}

const stored = (field: FieldCore, atLeast: number) =>
	untilFeed(field, 'intake', null, ({ samples }) => samples >= atLeast);

interface Page {
	readonly epoch: number;
	readonly samples: readonly { names: string[]; rows: number[][] }[];
}

test.each([
	['in batches alone', false],
	['alone, and again in batches', true]
])('what a device sends %s is in the history sample for sample, each once', async (_, live) => {
	const { mosquitto, telemetry, field } = await page();
	const call = await device(mosquitto, { live });
	const report = await untilFeed(
		field,
		'intake',
		null,
		({ samples, repeated }) => samples >= 16 && (!live || repeated >= 12)
	);
	expect(report.refused).toEqual({});
	if (!live) expect(report.repeated).toBe(0);
	await field.flush();
	const heard = telemetry.samples.filter((s) => s.device === ID);
	const seqs = heard.map((s) => s.identity!.seq);
	expect(seqs).toEqual(seqs.map((_seq, i) => seqs[0]! + i));

	const to = seqs[11]!;
	const told = (await call('telemetry.query', { from: seqs[0], to })) as Page;
	const rows = told.samples.flatMap(({ names, rows: all }) =>
		all.map(([seq, timeMs, , ...values]) => ({
			identity: { epoch: told.epoch, seq },
			timeMs,
			values: Object.fromEntries(names.map((name, i) => [name, values[i]]))
		}))
	);
	expect(rows.length).toBeGreaterThanOrEqual(8); // one page of the answer
	const measured = heard.slice(0, rows.length).map(({ identity, timeMs, values }) => ({
		identity,
		timeMs,
		values: Object.fromEntries(
			Object.entries(values).filter(([name]) => !['uptime', 'wifi_rssi'].includes(name))
		)
	}));
	expect(measured).toEqual(rows);
	expect(heard.every((s) => s.provenance === 'simulated')).toBe(true);
	const { devices } = await untilFeed(field, 'devices', null, () => true);
	expect(devices).toMatchObject([{ id: ID, presence: 'online', links: ['mqtt'] }]);
});

test('sealed batches are believed by who has the key, and a forged, a bare and a repeated one are not stored', async () => {
	const secret = randomBytes(32);
	const { mosquitto, telemetry, field } = await page(secret);
	const call = await device(mosquitto, { live: false });
	const witness = await mqtt.connectAsync(mosquitto.tcpUrl);
	ends.push(() => witness.endAsync(true));
	const batches: Record<string, unknown>[] = [];
	witness.on('message', (_topic, payload) =>
		batches.push(JSON.parse(payload.toString()) as Record<string, unknown>)
	);
	await witness.subscribeAsync(`iot/node/${ID}/batch`, { qos: 1 });
	// Until it has its key its batches are bare, and a page that has the key must not take them.
	await untilFeed(field, 'intake', null, ({ refused }) => (refused['unsealed-batch'] ?? 0) > 0);
	expect(telemetry.samples).toEqual([]);
	expect(await call('keys.set', { secret: secret.toString('base64') })).toMatchObject({ required: true });
	await stored(field, 8);

	// Somebody who may publish says first what the device is about to measure.
	const { identity, timeMs } = telemetry.samples.at(-1)!;
	for (let ahead = 1; ahead <= 30; ahead++)
		await witness.publishAsync(
			`iot/node/${ID}/telemetry`,
			JSON.stringify({
				...{
					node_id: ID,
					timestamp: timeMs / 1000 + ahead / 5,
					sensors: { temperature: 999 },
					clock: 'sync'
				},
				...{ epoch: identity!.epoch, seq: identity!.seq + ahead, sim: true }
			})
		);
	const differing = await untilFeed(
		field,
		'intake',
		null,
		({ refused }) => (refused['differs-from-sealed'] ?? 0) >= 4
	);
	await stored(field, differing.samples + 1);

	const sealed = batches.find(({ mac }) => mac !== undefined)!;
	witness.removeAllListeners('message');
	const again = (more: object) =>
		witness.publishAsync(`iot/node/${ID}/batch`, JSON.stringify({ ...sealed, ...more }), { qos: 1 });
	const mac = sealed['mac'] as string;
	await again({ mac: (mac.startsWith('0') ? '1' : '0') + mac.slice(1) });
	await again({ payload: (sealed['payload'] as string).slice(0, -8) });
	await again({ device_id: 'sim-other' });
	await again({});
	await witness.publishAsync(`iot/node/${ID}/batch`, Buffer.alloc(70_000, 'x'), { qos: 1 });
	const report = await untilFeed(
		field,
		'intake',
		null,
		({ refused }) => refused['replayed-batch'] === 1 && refused['too-large'] === 1
	);
	expect(report.refused).toMatchObject({
		'forged-batch': 2, // one that is cut has a MAC that does not hold either
		'other-device': 1,
		'too-large': 1
	});
	await field.flush();
	const seqs = telemetry.samples.map((s) => s.identity!.seq);
	expect(new Set(seqs).size).toBe(seqs.length);
	expect(telemetry.samples.map(({ values }) => values['temperature'])).not.toContain(999);
});

test('a page that has another secret believes nothing of it', async () => {
	const { mosquitto, telemetry, field } = await page(randomBytes(32));
	const call = await device(mosquitto, { live: false });
	await call('keys.set', { secret: randomBytes(32).toString('base64') });
	await untilFeed(field, 'intake', null, ({ refused }) => (refused['forged-batch'] ?? 0) >= 2);
	expect(telemetry.samples).toEqual([]);
});

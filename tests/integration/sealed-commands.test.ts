import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import type { BrokerProfile } from '$lib/app/field/messages';
import type { Command, DeviceId } from '$lib/model';
import { linuxNode } from '../../scripts/linux-node.mjs';
import { AnswerQueue } from './contract/link';
import { openPty } from './contract/pty';
import { calling, startCore, untilFeed } from './field-environment';
import { startLinuxNode } from './linux-node';
import { startMosquitto } from './mosquitto';

vi.setConfig({ testTimeout: 40_000, hookTimeout: 30_000 });

const ID = 'sim-sealed' as DeviceId;
const ends: (() => Promise<unknown>)[] = [];
let folder: string;

beforeAll(async () => {
	await linuxNode();
}, 300_000);
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'fieldbench-sealed-'))));
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
	await rm(folder, { recursive: true, force: true });
});

/** A page at a broker, and the firmware as a process with a secret, told over its cable. */
async function bench() {
	const mosquitto = await startMosquitto();
	ends.push(() => mosquitto.stop());
	const field = await startCore();
	ends.push(() => field.close());
	const profile: BrokerProfile = {
		...{ id: 'b', name: 'B', url: mosquitto.wsUrl, username: '', hasPassword: false },
		...{ keepaliveS: 30, persistentSession: false, local: false },
		protocol: 'auto'
	};
	await field.handlers.calls.saveBroker({ profile }, calling);
	await field.handlers.calls.connect({ id: 'b' }, calling);
	const path = join(folder, 'tty');
	const node = await startLinuxNode(['--id', ID, '--broker', mosquitto.tcpUrl, '--serial-pty', path]);
	ends.push(() => node.stop());
	await untilFeed(field, 'devices', null, ({ devices }) => devices.some(({ id }) => id === ID));
	const answers = new AnswerQueue();
	const cable = await openPty(path, { frame: (json) => answers.put(JSON.parse(json)) });
	ends.push(async () => cable.close());
	const secret = randomBytes(32).toString('base64');
	cable.send(JSON.stringify({ jsonrpc: '2.0', id: 'keys', method: 'keys.set', params: { secret } }));
	expect(await answers.next('keys.set')).toMatchObject({ result: { required: true } });
	let asked = 0;
	/** What becomes of a command that a person gives. */
	const command = async (ttlMs = 20_000): Promise<Command> => {
		const id = `c${asked++}`;
		const params = { id: 'led', input: { on: true } };
		const wanted = { id, device: ID, method: 'components.execute', params, ttlMs };
		expect(await field.handlers.calls.sendCommand(wanted, calling)).toMatchObject({ ok: true });
		const settled = (all: readonly Command[]) => all.some((c) => c.id === id && c.settledMs !== undefined);
		const history = await untilFeed(field, 'commands', { device: ID }, settled);
		return history.find((c) => c.id === id)!;
	};
	const keep = (text: string) => field.handlers.calls.saveDeviceSecret({ device: ID, secret: text }, calling);
	return { mosquitto, field, secret, keep, command };
}

test('a board with a secret obeys this page once the page has it', async () => {
	const { secret, keep, command } = await bench();
	expect(await command(1000)).toMatchObject({ state: 'timed-out' }); // of what is not sealed it does not even read the id
	expect(await keep(secret)).toStrictEqual({ ok: true, value: undefined });
	expect(await command()).toMatchObject({ state: 'acknowledged' });
	expect(await command()).toMatchObject({ state: 'acknowledged' });
});

test('an answer that the board did not seal settles nothing', async () => {
	const { mosquitto, field, secret, keep, command } = await bench();
	await keep(secret);
	const liar = await mqtt.connectAsync(mosquitto.tcpUrl);
	ends.push(() => liar.endAsync(true));
	liar.on('message', (_topic, payload) => {
		const { id } = JSON.parse(payload.toString()) as { id: string };
		const error = { code: -32601, message: 'no such method' };
		void liar.publishAsync(`iot/node/${ID}/response`, JSON.stringify({ jsonrpc: '2.0', id, error }));
	});
	await liar.subscribeAsync(`iot/node/${ID}/command`, { qos: 1 });
	for (let i = 0; i < 5; i++) expect(await command()).toMatchObject({ state: 'acknowledged' });
	const { refused } = await untilFeed(field, 'intake', null, ({ refused }) =>
		['unsealed-answer', 'unasked-response'].some((cause) => (refused[cause] ?? 0) > 0)
	);
	expect((refused['unsealed-answer'] ?? 0) + (refused['unasked-response'] ?? 0)).toBeGreaterThan(0);
});

test('what is no secret is not kept, and one that is taken away is not used any more', async () => {
	const { secret, keep, command } = await bench();
	expect(await keep('c2hvcnQ=')).toStrictEqual({ ok: false, error: { kind: 'not-a-secret' } });
	await keep(secret);
	expect(await command()).toMatchObject({ state: 'acknowledged' });
	await keep('');
	expect(await command(1000)).toMatchObject({ state: 'timed-out' }); // of what is not sealed it does not even read the id
});

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { linuxNode } from '../../scripts/linux-node.mjs';
import { deviceKeyOf, makeOtaPackage, wrapOtaKey, type OtaRelease } from '../../scripts/ota/package';
import { imageFor } from '../fixtures/ota-image';
import { AnswerQueue } from './contract/link';
import { openPty } from './contract/pty';
import { runLinuxNode, startLinuxNode, type LinuxNode } from './linux-node';
import { startMosquitto } from './mosquitto';
import { OtaSender, type Ask, type OtaRefusal, type OtaStatus } from './ota-sender';

const LINUX = 0xfb01;
const SLOT_AT = [0x10000, 0x190000] as const;
/** 50 chunks, the last of them odd. */
const IMAGE = imageFor(LINUX, 49 * 2048 + 777, 'release');

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

const maker = generateKeyPairSync('rsa', { modulusLength: 2048 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = (key: typeof maker.publicKey) => key.export({ format: 'pem', type: 'spki' }) as string;

let folder: string;
let flash: string;
let keyFile: string;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
	await linuxNode();
}, 300_000);
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'fieldbench-ota-'));
	flash = join(folder, 'flash.bin');
	keyFile = join(folder, 'maker.pub.pem');
	await writeFile(keyFile, pem(maker.publicKey));
});
afterEach(async () => {
	for (const end of ends.splice(0).reverse()) await end();
	await rm(folder, { recursive: true, force: true });
});

const packed = (change: Partial<OtaRelease> = {}) =>
	makeOtaPackage({
		...{ image: IMAGE, version: '9.1.0', product: 'fieldbench-node', chip: LINUX },
		signingKey: maker.privateKey,
		...change
	});

/** A node with this test's flash that ends with the test. */
async function node(...more: readonly string[]): Promise<LinuxNode> {
	const started = await startLinuxNode([
		...['--id', 'sim-ota', '--flash-image', flash, '--http', '0', '--ota-key', keyFile],
		...more
	]);
	ends.push(() => started.stop());
	return started;
}

function overHttp(started: LinuxNode): Ask {
	return async (method, params = {}) => {
		const answer = await fetch(`${started.devices[0]?.http ?? ''}/api/rpc`, {
			method: 'POST',
			headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify({ jsonrpc: '2.0', id: crypto.randomUUID(), method, params })
		});
		return (await answer.json()) as unknown;
	};
}

/** The device's cable; it stays over the device's restarts. */
async function overCable(path: string): Promise<Ask> {
	const answers = new AnswerQueue();
	const pty = await openPty(path, { frame: (json) => answers.put(JSON.parse(json)) });
	ends.push(async () => pty.close());
	return (method, params = {}) => {
		pty.send(JSON.stringify({ jsonrpc: '2.0', id: crypto.randomUUID(), method, params }));
		return answers.next(method);
	};
}

/** Answers to whoever asks: nobody else does here. */
async function overBroker(url: string): Promise<Ask> {
	const client = await mqtt.connectAsync(url);
	ends.push(() => client.endAsync(true));
	const answers = new AnswerQueue();
	const online = new Promise<void>((resolve) =>
		client.on('message', (topic, payload) => {
			if (topic.endsWith('/response')) answers.put(JSON.parse(payload.toString()));
			else resolve();
		})
	);
	await client.subscribeAsync(['iot/node/sim-ota/response', 'iot/node/sim-ota/status'], { qos: 1 });
	return async (method, params = {}) => {
		await online;
		const request = { jsonrpc: '2.0', id: crypto.randomUUID(), method, params };
		await client.publishAsync('iot/node/sim-ota/command', JSON.stringify(request), { qos: 1 });
		return answers.next(method);
	};
}

const statusOf = async (ask: Ask) => ((await ask('ota.status')) as { result: OtaStatus }).result;
const refusalOf = async (ask: Ask, change: Partial<OtaRelease> = {}) => {
	const manifest = packed(change).manifest.toString('base64');
	return ((await ask('ota.begin', { manifest })) as { error?: OtaRefusal }).error;
};

/** What lies in one of the flash's two slots. */
const slot = async (index: 0 | 1, size: number) =>
	(await readFile(flash)).subarray(SLOT_AT[index], SLOT_AT[index] + size);

describe('an update over the air', () => {
	it('goes on after a power cut where it was, restarts, proves itself and stays', async () => {
		const broker = await startMosquitto();
		ends.push(() => broker.stop());
		const first = await node();
		const made = packed();
		const cut = new OtaSender(overHttp(first), made);
		expect(await cut.begin()).toMatchObject({ state: 'listing', version: '9.1.0', chunks: 50, next: 0 });
		expect(await cut.send(20)).toMatchObject({ state: 'receiving', listed: 50, next: 20 });
		await first.kill();

		const second = await node('--broker', broker.tcpUrl);
		const resumed = new OtaSender(overHttp(second), made);
		expect(await resumed.status()).toMatchObject({ state: 'interrupted', next: 20 });
		expect(await resumed.begin()).toMatchObject({ state: 'receiving', listed: 50, next: 20 });
		expect(await resumed.send()).toMatchObject({ next: 50 });
		expect(await resumed.finish()).toMatchObject({ state: 'verifying' });
		await expect
			.poll(() => resumed.status(), { timeout: 30_000 })
			.toEqual({
				state: 'idle',
				on_trial: false,
				last: expect.objectContaining({ stage: 'confirmed', to: '9.1.0' }) as object
			});
		expect(await slot(1, IMAGE.length)).toEqual(IMAGE);

		// It stays over the next start, and the next package goes to the slot before.
		await second.stop();
		const third = await node();
		expect(await statusOf(overHttp(third))).toMatchObject({ state: 'idle', last: { stage: 'confirmed' } });
		const next = imageFor(LINUX, 5000, 'next');
		const again = new OtaSender(overHttp(third), packed({ image: next, version: '9.2.0' }));
		await again.whole();
		await expect
			.poll(() => again.status(), { timeout: 30_000 })
			.toMatchObject({ on_trial: false, last: { stage: 'confirmed', to: '9.2.0' } });
		expect(await slot(0, next.length)).toEqual(next);
	});

	it('goes over the broker too', async () => {
		const broker = await startMosquitto();
		ends.push(() => broker.stop());
		const ask = await overBroker(broker.tcpUrl);
		await node('--broker', broker.tcpUrl);
		const sender = new OtaSender(ask, packed());
		await sender.whole();
		await expect
			.poll(() => sender.status(), { timeout: 30_000 })
			.toMatchObject({ state: 'idle', last: { stage: 'confirmed', to: '9.1.0' } });
	});

	it('is opened by the device alone for which its key was wrapped, and confirmed by a person', async () => {
		const cable = join(folder, 'tty');
		await node('--serial-pty', cable);
		const ask = await overCable(cable);
		const [contentKey, secret] = [randomBytes(32), randomBytes(32)];
		const made = packed({ contentKey });
		const wrapped = (of: Buffer, id: string) =>
			wrapOtaKey(contentKey, deviceKeyOf(of, id), made.manifest).toString('base64');
		await expect(new OtaSender(ask, made).begin()).rejects.toThrow('no-device-key');
		expect(await ask('keys.set', { secret: secret.toString('base64') })).toHaveProperty('result');
		await ask('system.restart');
		const anothers = new OtaSender(ask, made, wrapped(secret, 'sim-other'));
		await expect.poll(() => anothers.begin().catch(String), { timeout: 30_000 }).toContain('bad-wrapped-key');

		const sender = new OtaSender(ask, made, wrapped(secret, 'sim-ota'));
		await sender.whole();
		await expect.poll(() => sender.status(), { timeout: 30_000 }).toMatchObject({ on_trial: true });
		await ask('ota.confirm');
		expect(await sender.status()).toMatchObject({ on_trial: false, last: { stage: 'confirmed' } });
		expect(await slot(1, IMAGE.length)).toEqual(IMAGE);
	});

	it('is rolled back where no broker is found in five minutes, and says so', async () => {
		const cable = join(folder, 'tty');
		await node('--speed', '200', '--serial-pty', cable);
		const sender = new OtaSender(await overCable(cable), packed());
		await sender.whole();
		await expect
			.poll(() => sender.status(), { timeout: 30_000 })
			.toMatchObject({ on_trial: false, last: { stage: 'rolled-back', reason: 'no-broker', to: '9.1.0' } });
	});

	it('is rolled back where a person says so, and where its trial is cut off', async () => {
		const first = await node();
		const ask = overHttp(first);
		const sender = new OtaSender(ask, packed());
		await sender.whole();
		const onTrial = () =>
			expect.poll(() => statusOf(ask), { timeout: 30_000 }).toMatchObject({ on_trial: true });
		await onTrial();
		expect(await refusalOf(ask)).toMatchObject({ data: { reason: 'on-trial' } });
		await ask('ota.rollback');
		await expect
			.poll(() => statusOf(ask), { timeout: 30_000 })
			.toMatchObject({ on_trial: false, last: { stage: 'rolled-back', reason: 'requested' } });

		await sender.whole();
		await onTrial();
		await first.kill();
		const second = await node();
		expect(await statusOf(overHttp(second))).toMatchObject({
			on_trial: false,
			last: { stage: 'rolled-back', reason: 'restarted' }
		});
	});

	it('is refused from others, for others and of old, before flash is touched', async () => {
		const ask = overHttp(await node());
		const before = await readFile(flash);
		const reasons = async (changes: readonly Partial<OtaRelease>[]) => {
			const told: (string | undefined)[] = [];
			for (const change of changes) told.push((await refusalOf(ask, change))?.data.reason);
			return told;
		};
		expect(
			await reasons([
				{ signingKey: stranger.privateKey },
				{ chip: 5 },
				{ product: 'another' },
				{ version: '0.1.0' },
				{ change: (head) => head.writeUInt8(2, 4) }
			])
		).toEqual(['unknown-key', 'wrong-chip', 'wrong-product', 'downgrade', 'unknown-algorithm']);
		expect(before.equals(await readFile(flash))).toBe(true);
		expect(await refusalOf(ask, { version: '0.1.0', allowDowngrade: true })).toBeUndefined();
	});

	it('is told how to give a key where the device has none', async () => {
		const started = await startLinuxNode(['--flash-image', flash, '--http', '0']);
		ends.push(() => started.stop());
		expect(await refusalOf(overHttp(started))).toMatchObject({
			message: expect.stringContaining('given no key of its maker (docs/ota.md') as string,
			data: { reason: 'unknown-key' }
		});
	});

	it('needs a product of the name that the node was told', async () => {
		const ask = overHttp(await node('--product', 'pump'));
		expect(await refusalOf(ask)).toMatchObject({ data: { reason: 'wrong-product' } });
		expect(await refusalOf(ask, { product: 'pump' })).toBeUndefined();
	});
});

describe('--ota-key', () => {
	it.each([
		['a private key', () => maker.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string],
		['a key of a curve', () => pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey)],
		['no key', () => 'none'],
		['five keys', () => pem(maker.publicKey).repeat(5)]
	])('refuses %s, with exit code 64 and a word about it', async (_, text) => {
		await writeFile(keyFile, text());
		const { code, log } = await runLinuxNode(['--ota-key', keyFile]);
		expect(code).toBe(64);
		expect(log).toMatch(/^fieldbench-node: --ota-key: .*maker\.pub\.pem\nSee --help\.\n$/u);
	});

	it('takes several keys of one file', async () => {
		await writeFile(keyFile, pem(stranger.publicKey) + pem(maker.publicKey));
		const ask = overHttp(await node());
		expect(await refusalOf(ask, { signingKey: stranger.privateKey })).toBeUndefined();
		await ask('ota.abort');
		expect(await refusalOf(ask)).toBeUndefined();
	});
});

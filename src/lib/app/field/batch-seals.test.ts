import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ManualClock, utf8 } from '$lib/base';
import { batchMacHolds, profiles, type Decoded } from '$lib/device';
import { deviceKey, hmacKey } from '$lib/crypto';
import type { DeviceId } from '$lib/model';
import { memoryKeep, type Keep } from '$lib/vault';
import { BatchSeals } from './batch-seals';
import { deviceSecretName, saveDeviceSecret } from './device-keys';
import { parseTaken } from './stored-rows';

const INVERTER = 'ecowatt:roof' as DeviceId;
const NATIVE = 'fb-240ac4123456' as DeviceId;
const OVER_MQTT = { kind: 'telemetry', link: 'mqtt' } as const;
const SECRET = Buffer.from('pass phrase');
const vectors = JSON.parse(
	readFileSync(new URL('../../../../tests/vectors/batch.json', import.meta.url), 'utf8')
) as {
	name: string;
	op: string;
	device_id: string;
	key?: string;
	nonce: string;
	payload: string;
	message: string;
}[];

let keep: Keep;
let faults: unknown[];
let seals: BatchSeals;

/** A worker's beginning: what it remembers is what was kept. */
const restart = (failing = false) => {
	const rows = keep.rows('taken', parseTaken);
	const put = failing ? () => Promise.reject(new Error('full')) : rows.put;
	seals = new BatchSeals({
		...{ secrets: keep.secrets, taken: { ...rows, put }, onChange: () => {} },
		onFault: (cause) => void faults.push(cause)
	});
};
beforeEach(() => {
	keep = memoryKeep(new ManualClock());
	faults = [];
	restart();
});

const batchOf = (topic: string, message: string) => {
	const payload = utf8(message);
	const decoded: Decoded | undefined = profiles()
		.map((profile) => profile.decode({ topic, payload, retained: false, receivedMs: 0 }))
		.find((one) => one !== undefined);
	if (decoded?.kind !== 'batch') throw new Error(JSON.stringify(decoded));
	return decoded;
};

/** A message of an inverter as its own firmware seals it. */
function sealed(nonce: number, secret: Buffer = SECRET) {
	const payload = Buffer.from('{"power":1}');
	const number = Buffer.alloc(4);
	number.writeUInt32BE(nonce);
	const mac = createHmac('sha256', secret).update(number).update(payload).digest('hex');
	const body = { device_id: 'roof', nonce, payload: payload.toString('base64'), mac, compressed: false };
	return batchOf('ecowatt/devices/roof/power', JSON.stringify(body));
}
const unsealed = () =>
	batchOf(
		'ecowatt/devices/roof/power',
		JSON.stringify({ payload: Buffer.from('{"power":1}').toString('base64'), compressed: false })
	);
/** Its samples are stored too, where it is believed. */
async function taken(batch: Parameters<BatchSeals['judge']>[0]) {
	const doubt = await seals.judge(batch);
	if (!doubt) await seals.kept(batch);
	return doubt;
}
const know = (device: DeviceId, secret: Buffer) =>
	saveDeviceSecret(keep.secrets, device, secret.toString('base64'));

describe('of a device of another convention', () => {
	test('a secret that changes while the one before is opened is the one that counts', async () => {
		await know(INVERTER, randomBytes(9));
		const before = await keep.secrets.open(deviceSecretName(INVERTER));
		await know(INVERTER, SECRET);
		vi.spyOn(keep.secrets, 'open').mockImplementationOnce(async () => {
			await seals.changed(INVERTER);
			return before;
		});
		expect(await seals.judge(sealed(1))).toBeUndefined();
		expect(await seals.judge(sealed(2))).toBeUndefined();
		expect(seals.report(INVERTER)).toMatchObject({ sealed: 2, refused: {} });
	});

	test('without a secret everything is taken, sealed or not', async () => {
		expect(await seals.judge(sealed(1))).toBeUndefined();
		expect(await seals.judge(sealed(1, randomBytes(9)))).toBeUndefined();
		expect(await seals.plain(INVERTER, OVER_MQTT)).toBeUndefined();
		expect(seals.report(INVERTER)).toEqual({ sealed: 0, plain: 3, shown: 0, refused: {} });
	});

	test('a nonce counts once and only rises, also after a restart', async () => {
		await know(INVERTER, SECRET);
		const judged = [];
		for (const nonce of [5, 5, 4, 9, 7, 10]) judged.push(await taken(sealed(nonce)));
		const replay = 'replayed-batch';
		expect(judged).toEqual([undefined, replay, replay, undefined, replay, undefined]);
		restart();
		expect(await seals.judge(sealed(10))).toBe(replay);
		expect(await seals.judge(sealed(11))).toBeUndefined();
	});

	test('a batch whose samples were lost with the browser, or not stored, may come again', async () => {
		await know(INVERTER, SECRET);
		await taken(sealed(5));
		expect(await seals.judge(sealed(6))).toBeUndefined();
		expect(await seals.judge(sealed(6))).toBe('replayed-batch');
		restart();
		expect(await seals.judge(sealed(5))).toBe('replayed-batch');
		const again = sealed(6);
		expect(await seals.judge(again)).toBeUndefined();
		seals.released(again);
		expect(await taken(sealed(6))).toBeUndefined();
		expect(await seals.judge(sealed(6))).toBe('replayed-batch');
	});

	test('a forgery uses no number up, and what has no seal is refused', async () => {
		await know(INVERTER, SECRET);
		expect(await seals.judge(sealed(4_294_967_295, randomBytes(9)))).toBe('forged-batch');
		expect(await seals.judge(unsealed())).toBe('unsealed-batch');
		const doubt = (secret?: Buffer) => seals.sealDoubt(INVERTER, sealed(1, secret).envelope);
		expect([await doubt(randomBytes(9)), await doubt()]).toEqual(['forged-batch', undefined]);
		expect(await seals.plain(INVERTER, OVER_MQTT)).toBe('unsealed-message');
		expect(await seals.judge(sealed(1))).toBeUndefined();
		seals.refused(INVERTER, 'forged-batch');
		expect(seals.report(INVERTER)).toMatchObject({ sealed: 1, plain: 0, refused: { 'forged-batch': 1 } });
	});

	test('another secret acts at once, and its numbers may begin anew', async () => {
		await know(INVERTER, SECRET);
		await taken(sealed(1000));
		const other = randomBytes(64);
		await know(INVERTER, other);
		await seals.changed(INVERTER);
		expect(await seals.judge(sealed(1001))).toBe('forged-batch');
		restart();
		expect(await seals.judge(sealed(1, other))).toBeUndefined();
	});

	test('a number that cannot be kept is remembered as long as the worker lives, and that is told', async () => {
		restart(true);
		await know(INVERTER, SECRET);
		expect(await taken(sealed(1))).toBeUndefined();
		expect(faults).toHaveLength(1);
		expect(await seals.judge(sealed(1))).toBe('replayed-batch');
	});

	test('a secret that cannot be read is no reason to believe', async () => {
		await keep.secrets.put(deviceSecretName(INVERTER), '***');
		expect(await seals.judge(sealed(1))).toBe('key-unusable');
		expect(await seals.plain(INVERTER, OVER_MQTT)).toBe('unsealed-message');
	});

	test('a secret is 1 to 256 bytes, a native one 32', async () => {
		const fits = async (device: DeviceId, bytes: number) => (await know(device, randomBytes(bytes))).ok;
		expect(await Promise.all([1, 256, 257].map((n) => fits(INVERTER, n)))).toEqual([true, true, false]);
		expect(await Promise.all([31, 32, 33].map((n) => fits(NATIVE, n)))).toEqual([false, true, false]);
	});
});

describe('of a native device', () => {
	const place = (epoch: number, number: number) => ({ epoch, number });
	/** A batch of the test's own secret, by that number; sealed as the firmware does. */
	async function native(secret: Buffer, at: { epoch: number; number: number }) {
		const { payload, device_id, nonce } = vectors.find(({ name }) => name === 'an envelope with a MAC')!;
		const key = Buffer.from(hkdfSync('sha256', secret, NATIVE, 'fieldbench/1/telemetry/up', 32));
		const body = Buffer.from(payload, 'hex');
		const text = (t: string) => Buffer.concat([Buffer.of(Buffer.byteLength(t)), Buffer.from(t)]);
		const covered = Buffer.concat([Buffer.from('fieldbench/1/batch\0'), text(nonce), text(device_id), body]);
		const mac = createHmac('sha256', key).update(covered).digest('hex');
		const message = {
			device_id,
			nonce,
			mac,
			compressed: true,
			compression_type: 'best',
			payload: body.toString('base64')
		};
		return { ...batchOf(`iot/node/${device_id}/batch`, JSON.stringify(message)), place: at };
	}

	test('the MAC of the golden envelope is Node’s too', async () => {
		const vector = vectors.find(({ name }) => name === 'an envelope with a MAC')!;
		const { envelope } = batchOf(`iot/node/${vector.device_id}/batch`, vector.message);
		if (envelope.scheme !== 'native') throw new Error(envelope.scheme);
		const secret = randomBytes(32);
		const { envelope: ours } = await native(secret, place(1, 1));
		const key = await hmacKey(await deviceKey(Uint8Array.from(secret), NATIVE, 'telemetry', 'up'));
		expect(ours.scheme === 'native' && (await batchMacHolds(key, ours))).toBe(true);
		expect(
			await batchMacHolds(await hmacKey(Uint8Array.from(Buffer.from(vector.key!, 'hex'))), envelope)
		).toBe(true);
	});

	test('each number of a log counts once, late ones too, as far as the window reaches', async () => {
		const secret = randomBytes(32);
		await know(NATIVE, secret);
		const judge = async (epoch: number, number: number) => taken(await native(secret, place(epoch, number)));
		expect(await judge(7, 100)).toBeUndefined();
		expect(await judge(7, 90)).toBeUndefined();
		expect(await judge(7, 90)).toBe('replayed-batch');
		for (let n = 101; n <= 170; n++) expect(await judge(7, n)).toBeUndefined();
		expect(await judge(7, 100)).toBe('stale-batch');
		expect(await judge(8, 3)).toBeUndefined();
		restart();
		expect(await judge(7, 170)).toBe('replayed-batch');
		expect(await judge(8, 3)).toBe('replayed-batch');
	});

	test('once it has sealed a batch, a sample without a seal is only shown, after a restart too, until its secret is another', async () => {
		const secret = randomBytes(32);
		await know(NATIVE, secret);
		const plain = async () => seals.plain(NATIVE, OVER_MQTT);
		expect(await plain(), 'it may send no batches').toBeUndefined();
		expect(await taken(await native(secret, place(7, 100)))).toBeUndefined();
		expect(await plain()).toBe('show');
		expect(await seals.plain(NATIVE, { kind: 'event', link: 'mqtt' })).toBeUndefined();
		expect(await seals.plain(NATIVE, { kind: 'telemetry', link: 'loopback' })).toBeUndefined();
		expect(seals.report(NATIVE)).toMatchObject({ sealed: 1, plain: 3, shown: 1 });
		restart();
		expect(await plain()).toBe('show');
		await seals.changed(NATIVE);
		expect(await plain()).toBeUndefined();
	});
});

import { beforeEach, expect, test } from 'vitest';
import { ManualClock, ok, textOf, utf8 } from '$lib/base';
import { messageKeys, openMessage, sealMessage, type MessageKeys, type Nonce } from '$lib/crypto';
import { encodeRequest, parseResponse } from '$lib/device';
import type { MessageLink } from '$lib/link';
import type { DeviceId } from '$lib/model';
import { memoryKeep } from '$lib/vault';
import { CommandSeals } from './command-seals';
import { saveDeviceSecret } from './device-keys';

const ID = 'fb-1' as DeviceId;
const SECRET = Uint8Array.from({ length: 32 }, (_, i) => i);
const never = new AbortController().signal;

let seals: CommandSeals;
let keys: MessageKeys;
let sent: string[];
let keep: ReturnType<typeof memoryKeep>;
const wire = (kind: 'mqtt' | 'loopback'): MessageLink => ({
	...{ kind, name: 'test', up: true, listen: () => {} },
	publish: async (_topic, payload) => {
		sent.push(textOf(payload)!);
		return ok(undefined);
	}
});

beforeEach(async () => {
	const clock = new ManualClock(1_763_700_000_000);
	sent = [];
	keep = memoryKeep(clock);
	await saveDeviceSecret(keep.secrets, ID, Buffer.from(SECRET).toString('base64'));
	keys = await messageKeys(SECRET, ID, 'admin');
	seals = new CommandSeals({ secrets: keep.secrets, clock, random: () => 0 });
});

const ask = (id: string, kind: 'mqtt' | 'loopback' = 'mqtt', device = ID) => {
	const request = encodeRequest({ id, method: 'system.info', params: {}, expiresMs: 1_763_700_010_000 });
	return seals.over(device, wire(kind)).publish('t', request, { qos: 1 }, never);
};
const nonceOf = async (text: string): Promise<Nonce> => {
	const opened = await openMessage(() => keys.down, text);
	if (!opened.ok) throw new Error(opened.error.kind);
	return opened.value.nonce;
};
const doubt = (text: string, device = ID, kind: 'mqtt' | 'loopback' = 'mqtt') => {
	const response = parseResponse(JSON.parse(text));
	if (!response.ok) throw new Error(response.error);
	return seals.doubtOf({ device, response: response.value }, { kind, payload: utf8(text) });
};
const answer = (nonce: Nonce, body: object, key = keys.up) =>
	sealMessage(key, { role: 'admin', nonce }, JSON.stringify({ jsonrpc: '2.0', ...body }));

test('of a device with a secret only the answer that is sealed for the request is believed', async () => {
	await ask('a');
	await ask('b');
	const [a, b] = [await nonceOf(sent[0]!), await nonceOf(sent[1]!)];
	expect(await doubt('{"jsonrpc":"2.0","id":"a","result":{}}')).toBe('unsealed-answer');
	expect(await doubt(await answer(a, { id: 'a', result: {} }, keys.down))).toBe('forged-answer');
	expect(await doubt(await answer(b, { id: 'a', result: {} }))).toBe('unasked-response');
	expect(await doubt(await answer(a, { id: 'c', result: {} }))).toBe('unasked-response');
	expect(await doubt(await answer(a, { id: 'a', result: {} }))).toBeUndefined();
});

test('an answer to an earlier time that it was asked counts too', async () => {
	await ask('a');
	await ask('a');
	expect(await doubt(await answer(await nonceOf(sent[0]!), { id: 'a', result: {} }))).toBeUndefined();
});

test('where the device wants a newer epoch the same request is sealed in one above its floor, once', async () => {
	await ask('a');
	const first = await nonceOf(sent[0]!);
	const floor = first.epoch + 60_000 * 1024;
	const stale = { id: 'a', error: { code: -32003, message: 'stale', data: { reason: 'stale', floor } } };
	expect(await doubt(await answer(first, stale))).toBe('stale-epoch');
	await expect.poll(() => sent.length).toBe(2);
	const second = await nonceOf(sent[1]!);
	expect(second.epoch).toBeGreaterThan(floor);
	expect(JSON.parse(sent[1]!)).toMatchObject({ id: 'a', method: 'system.info' });
	expect(await doubt(await answer(second, stale))).toBeUndefined();
	expect(sent).toHaveLength(2);
});

test('without a secret nothing is sealed, and nothing waits to be judged', async () => {
	const other = 'fb-2' as DeviceId;
	await ask('a', 'mqtt', other);
	expect(sent[0]).toMatch(/^\{"jsonrpc"/u);
	expect(doubt('{"jsonrpc":"2.0","id":"a","result":{}}', other)).toBeUndefined();
});

test('the loopback stays in the page and carries no seal', async () => {
	await ask('a', 'loopback');
	expect(sent[0]).toMatch(/^\{"jsonrpc"/u);
	expect(doubt('{"jsonrpc":"2.0","id":"a","result":{}}', ID, 'loopback')).toBeUndefined();
});

test('a secret in the vault that is no secret is no reason to believe', async () => {
	await keep.secrets.put(`device:${ID}`, 'c2hvcnQ=');
	await ask('a');
	expect(await doubt('{"jsonrpc":"2.0","id":"a","result":{}}')).toBe('answer-key-unusable');
});

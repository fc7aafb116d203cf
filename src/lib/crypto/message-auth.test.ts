import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '$lib/base';
import {
	deviceKey,
	hkdfSha256,
	hmacKey,
	MESSAGE_ROLES,
	messageKeys,
	openMessage,
	ReceiveWindow,
	sealMessage,
	SealingSession,
	type KeyDirection,
	type KeyRole,
	type MessageRole
} from './index';

interface Vectors {
	readonly keys: readonly {
		readonly device_id: string;
		readonly secret: string;
		readonly keys: Readonly<Record<string, string>>;
	}[];
	readonly device_id: string;
	readonly secret: string;
	readonly sealed: readonly {
		readonly name: string;
		readonly kid: MessageRole;
		readonly n: string;
		readonly request: { readonly body: string; readonly sealed: string };
		readonly reply: { readonly body: string; readonly sealed: string };
	}[];
	readonly refused: readonly { readonly name: string; readonly message: string; readonly reason: string }[];
	readonly windows: readonly {
		readonly name: string;
		readonly take: readonly (readonly [number, string])[];
	}[];
}

const unhex = (hex: string) => Uint8Array.from(hex.match(/../gu) ?? [], (pair) => parseInt(pair, 16));
const vectors = JSON.parse(readFileSync('tests/vectors/message-auth.json', 'utf8')) as Vectors;
const secret = unhex(vectors.secret);
const keys = Object.fromEntries(
	await Promise.all(
		MESSAGE_ROLES.map(async (role) => [role, await messageKeys(secret, vectors.device_id, role)] as const)
	)
);
const downKey = (role: MessageRole) => keys[role]?.down;
const nonceOf = (n: string) => {
	const [epoch, number] = n.split('.').map(Number);
	return { epoch: epoch!, number: number! };
};

describe('keys of a device', () => {
	it.each(vectors.keys)('are those of the vectors: $device_id', async ({ device_id, secret: hex, keys }) => {
		for (const [name, expected] of Object.entries(keys)) {
			const [role, direction] = name.split('/') as [KeyRole, KeyDirection];
			expect(toHex(await deviceKey(unhex(hex), device_id, role, direction))).toBe(expected);
		}
	});

	it('cannot be read back', async () => {
		await expect(crypto.subtle.exportKey('raw', keys['admin']!.down)).rejects.toThrow();
	});
});

describe('primitives of the page', () => {
	const cases = JSON.parse(readFileSync('tests/vectors/crypto.json', 'utf8')) as Readonly<
		Record<string, string>
	>[];

	it.each(cases.filter((c) => c['op'] === 'hkdf-sha256'))('HKDF: $name', async (c) => {
		const okm = await hkdfSha256(
			unhex(c['secret']!),
			unhex(c['salt']!),
			unhex(c['info']!),
			c['okm']!.length / 2
		);
		expect(toHex(okm)).toBe(c['okm']);
	});

	// WebCrypto takes no empty key.
	it.each(cases.filter((c) => c['op'] === 'hmac-sha256' && c['key'] !== ''))('HMAC: $name', async (c) => {
		const key = await hmacKey(unhex(c['key']!));
		const mac = await crypto.subtle.sign('HMAC', key, unhex(c['first']! + c['second']!));
		expect(toHex(new Uint8Array(mac))).toBe(c['mac']);
	});
});

describe('sealed messages', () => {
	it.each(vectors.sealed)('are sealed and opened as the vectors say: $name', async (c) => {
		const seal = { role: c.kid, nonce: nonceOf(c.n) };
		expect(await sealMessage(keys[c.kid]!.down, seal, c.request.body)).toBe(c.request.sealed);
		expect(await openMessage(downKey, c.request.sealed)).toStrictEqual({ ok: true, value: seal });
		expect(await sealMessage(keys[c.kid]!.up, seal, c.reply.body)).toBe(c.reply.sealed);
		const { kid: _kid, n: _n, mac: _mac, ...rest } = JSON.parse(c.request.sealed) as Record<string, unknown>;
		expect(rest).toStrictEqual(JSON.parse(c.request.body));
	});

	// What is stale has a seal that holds; a device's memory refuses it.
	it.each(vectors.refused.filter((c) => c.reason !== 'stale'))('are refused: $name', async (c) => {
		expect(await openMessage(downKey, c.message)).toStrictEqual({ ok: false, error: { kind: c.reason } });
	});

	it('are refused with any bit flipped or cut anywhere', async () => {
		const whole = utf8(vectors.sealed[1]!.request.sealed);
		const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
		for (let bit = 0; bit < whole.length * 8; bit++) {
			const damaged = whole.slice();
			damaged[bit >> 3]! ^= 1 << (bit & 7);
			expect((await openMessage(downKey, text(damaged))).ok).toBe(false);
		}
		for (let size = 0; size < whole.length; size++)
			expect((await openMessage(downKey, text(whole.subarray(0, size)))).ok).toBe(false);
		expect((await openMessage(downKey, text(whole))).ok).toBe(true);
	});

	it('are only made of objects with members', async () => {
		const seal = { role: 'admin', nonce: { epoch: 1, number: 0 } } as const;
		for (const none of ['', '{}', '[1]', ' {"a":1}'])
			await expect(sealMessage(keys['admin']!.down, seal, none)).rejects.toThrow(RangeError);
	});
});

describe('a sealing session', () => {
	const session = (nowMs = 1_795_254_000_000, random = () => 0.5) =>
		new SealingSession(keys['operator']!, nowMs, random);
	const answer = (nonce: { epoch: number; number: number }, role: MessageRole = 'operator') =>
		sealMessage(keys[role]!.up, { role, nonce }, '{"jsonrpc":"2.0","id":"a","result":{}}');

	it('numbers what it seals, and begins above every earlier one', async () => {
		const ours = session();
		const sealed = [await ours.seal('{"a":1}'), await ours.seal('{"a":1}')];
		const epoch = 1_795_254_000_000 * 1024 + 512;
		expect(sealed.map(({ nonce }) => nonce)).toStrictEqual([
			{ epoch, number: 0 },
			{ epoch, number: 1 }
		]);
		expect(await openMessage(downKey, sealed[1]!.text)).toStrictEqual({
			ok: true,
			value: { role: 'operator', nonce: { epoch, number: 1 } }
		});
		expect((await session(1_795_254_000_001).seal('{"a":1}')).nonce.epoch).toBeGreaterThan(epoch);
	});

	it('believes the answer to what it asked, and no other', async () => {
		const ours = session();
		const [first, second] = [await ours.seal('{"a":1}'), await ours.seal('{"a":1}')];
		const reply = await answer(first.nonce);
		expect((await ours.open(reply, first.nonce)).ok).toBe(true);
		const kind = async (text: string) => {
			const opened = await ours.open(text, second.nonce);
			return opened.ok || opened.error.kind;
		};
		expect(await kind(reply)).toBe('other-answer');
		expect(await kind(await answer({ ...second.nonce, epoch: second.nonce.epoch + 1 }))).toBe('other-answer');
		expect(await kind(second.text)).toBe('forged'); // our own message, sent back
		expect(await kind(await answer(second.nonce, 'admin'))).toBe('forged');
		expect(await kind(reply.replace('result', 'error'))).toBe('forged');
		expect(await kind('{"jsonrpc":"2.0","id":"a","result":{}}')).toBe('unsealed');
	});

	it('goes above what a device asks for, and says where nothing is', async () => {
		const ours = session();
		const { epoch } = (await ours.seal('{"a":1}')).nonce;
		expect(ours.raise(epoch + 1_000_000)).toBe(true);
		expect((await ours.seal('{"a":1}')).nonce).toStrictEqual({ epoch: epoch + 1_000_513, number: 0 });
		expect(ours.raise(5)).toBe(true);
		expect((await ours.seal('{"a":1}')).nonce.epoch).toBeGreaterThan(epoch + 1_000_513);
		expect(ours.raise(Number.MAX_SAFE_INTEGER - 1)).toBe(true);
		expect((await ours.seal('{"a":1}')).nonce).toStrictEqual({ epoch: Number.MAX_SAFE_INTEGER, number: 0 });
		expect(ours.raise(Number.MAX_SAFE_INTEGER)).toBe(false);
	});

	it('has an epoch even where the clock was never set', async () => {
		expect((await session(0, () => 0).seal('{"a":1}')).nonce).toStrictEqual({ epoch: 1, number: 0 });
	});
});

describe('a receive window', () => {
	it.each(vectors.windows)('judges as the vectors say: $name', ({ take }) => {
		const window = new ReceiveWindow();
		expect(take.map(([number]) => [number, window.take(number)])).toStrictEqual(take);
	});
});

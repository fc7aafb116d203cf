import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '$lib/base';
import { hkdfSha256, newSealingKey, open, seal } from './index';

const bytes = (hex: string) => Uint8Array.from(hex.match(/../gu) ?? [], (pair) => parseInt(pair, 16));

describe('hkdf', () => {
	it('agrees with RFC 5869, test case 1', async () => {
		const okm = await hkdfSha256(
			bytes('0b'.repeat(22)),
			bytes('000102030405060708090a0b0c'),
			bytes('f0f1f2f3f4f5f6f7f8f9'),
			42
		);
		expect(toHex(okm)).toBe(
			'3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865'
		);
	});
});

describe('sealing', () => {
	it('opens what it sealed, and refuses every flipped bit, other data beside it and another key', async () => {
		const key = await newSealingKey();
		const aad = utf8('name');
		const sealed = await seal(key, utf8('text'), aad);
		expect(await open(key, sealed, aad)).toStrictEqual({ ok: true, value: utf8('text') });
		const refused = { ok: false, error: { kind: 'not-authentic' } };
		expect(await open(key, sealed, utf8('other'))).toStrictEqual(refused);
		expect(await open(await newSealingKey(), sealed, aad)).toStrictEqual(refused);
		for (let bit = 0; bit < sealed.ciphertext.length * 8; bit++) {
			const ciphertext = sealed.ciphertext.slice();
			ciphertext[bit >> 3]! ^= 1 << (bit & 7);
			expect(await open(key, { ...sealed, ciphertext }, aad)).toStrictEqual(refused);
		}
	});

	it('never uses an IV twice', async () => {
		const key = await newSealingKey();
		const ivs = await Promise.all(
			Array.from({ length: 50 }, async () => toHex((await seal(key, utf8('x'), utf8(''))).iv))
		);
		expect(new Set(ivs).size).toBe(50);
	});
});

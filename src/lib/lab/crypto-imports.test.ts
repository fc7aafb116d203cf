import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { toHex } from '$lib/base';
import { cryptoImports } from './crypto-imports';

type Case = { readonly name: string; readonly op: string } & Readonly<Record<string, string>>;
type HashCase = { readonly name: string; readonly pieces: readonly string[]; readonly digest: string };

const vectors = JSON.parse(readFileSync('tests/vectors/crypto.json', 'utf8')) as readonly Case[];
const of = (op: string) => vectors.filter((c) => c.op === op);
const hashes = of('sha256') as unknown as readonly HashCase[];
const unhex = (hex: string) => Uint8Array.from(hex.match(/../gu) ?? [], (pair) => parseInt(pair, 16));
const VERDICTS = { ok: 0, invalid: -1, refused: -2 } as Record<string, number>;
const HANDLE = 1;

/** A memory like a module's, and the imports over it. */
function stage() {
	const memory = new Uint8Array(65_536);
	const imports = cryptoImports((at, size) => new Uint8Array(memory.buffer, at >>> 0, size >>> 0));
	let next = 0;
	/** Odd places: nothing says that the module aligns what it passes. */
	const put = (content: Uint8Array) => {
		const at = next + 1;
		memory.set(content, at);
		next = at + content.length;
		return at;
	};
	const hexAt = (at: number, size: number) => toHex(memory.subarray(at, at + size));
	return { imports, put, hexAt };
}

describe('crypto imports', () => {
	it.each(hashes)('hashes: $name', ({ pieces, digest }) => {
		for (const chunks of [pieces.map(unhex), [...pieces.join('').matchAll(/../gu)].map(([h]) => unhex(h))]) {
			const { imports, put, hexAt } = stage();
			const state = put(new Uint8Array(128));
			const out = put(new Uint8Array(32));
			for (const chunk of chunks) imports.sha256_add(HANDLE, state, put(chunk), chunk.length);
			imports.sha256_end(HANDLE, state, out);
			expect(hexAt(out, 32)).toBe(digest);
		}
	});

	it('goes on from a state that was copied, and keeps two hashes apart', () => {
		const { imports, put, hexAt } = stage();
		const first = put(new Uint8Array(128));
		imports.sha256_add(HANDLE, first, put(unhex('61')), 1);
		const second = put(unhex(hexAt(first, 128)));
		imports.sha256_add(HANDLE, first, put(unhex('78')), 1);
		imports.sha256_add(HANDLE, second, put(unhex('6263')), 2);
		const out = put(new Uint8Array(32));
		imports.sha256_end(HANDLE, second, out);
		expect(hexAt(out, 32)).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
	});

	it.each(of('hmac-sha256'))('authenticates: $name', ({ key, first, second, mac }) => {
		const { imports, put, hexAt } = stage();
		const [k, a, b] = [unhex(key!), unhex(first!), unhex(second!)];
		const out = put(new Uint8Array(32));
		imports.hmac_sha256(HANDLE, put(k), k.length, put(a), a.length, put(b), b.length, out);
		expect(hexAt(out, 32)).toBe(mac);
	});

	it.each(of('aes-256-cbc'))(
		'encrypts and decrypts: $name',
		({ key, iv, plain, cipher, expect: verdict }) => {
			const { imports, put, hexAt } = stage();
			const size = plain!.length / 2;
			const [k, i, text] = [put(unhex(key!)), put(unhex(iv!)), put(unhex(plain!))];
			expect(imports.aes256_cbc(HANDLE, 1, k, i, text, size)).toBe(VERDICTS[verdict!]);
			if (verdict === 'ok') expect(hexAt(text, size)).toBe(cipher);
			expect(imports.aes256_cbc(HANDLE, 0, k, i, text, size)).toBe(VERDICTS[verdict!]);
			expect(hexAt(text, size)).toBe(plain);
			expect([hexAt(k, 32), hexAt(i, 16)]).toStrictEqual([key, iv]);
		}
	);

	it.each(of('rsa-pss-2048-sha256'))('verifies: $name', ({ modulus, digest, signature, expect: verdict }) => {
		const { imports, put } = stage();
		const [m, s] = [unhex(modulus!), unhex(signature!)];
		const found = imports.rsa_pss_verify(HANDLE, put(m), m.length, put(unhex(digest!)), put(s), s.length);
		expect(found).toBe(VERDICTS[verdict!]);
	});
});

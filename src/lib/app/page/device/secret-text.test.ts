import { expect, test } from 'vitest';
import { toBase64, utf8 } from '$lib/base';
import { secretOf, type SecretForm } from './secret-text';

const KEY = Uint8Array.from({ length: 32 }, (_, i) => 248 + i);
const HEX = [...KEY].map((byte) => byte.toString(16).padStart(2, '0')).join('');

test.each<[string, string, SecretForm]>([
	['hex', HEX, 'hex'],
	['hex with colons, spaces and capitals', `0x${HEX.toUpperCase().match(/.{4}/gu)!.join(': ')}`, 'hex'],
	['base64', toBase64(KEY), 'base64'],
	[
		'base64 for addresses, without padding',
		toBase64(KEY).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', ''),
		'base64'
	]
])('32 bytes in %s are a native secret', (_, text, form) => {
	expect(secretOf(text, form, false)).toEqual({ ok: true, value: toBase64(KEY) });
});

test('a text of another convention is its bytes, spaces and all', () => {
	expect(secretOf(' grün ', 'text', true)).toEqual({ ok: true, value: toBase64(utf8(' grün ')) });
});

test.each<[string, SecretForm, boolean, object]>([
	['', 'text', true, { kind: 'empty' }],
	[' ', 'hex', true, { kind: 'empty' }],
	['abc', 'hex', true, { kind: 'not-hex' }],
	['gg', 'hex', true, { kind: 'not-hex' }],
	['*', 'base64', true, { kind: 'not-base64' }],
	['x'.repeat(257), 'text', true, { kind: 'length', bytes: 257 }],
	[HEX.slice(2), 'hex', false, { kind: 'length', bytes: 31 }]
])('%j as %s (foreign: %s) is none', (text, form, foreign, error) => {
	expect(secretOf(text, form, foreign)).toEqual({ ok: false, error });
});

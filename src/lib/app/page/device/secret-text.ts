import { err, fromBase64, ok, toBase64, utf8, type Result } from '$lib/base';
import { KEY_BYTES } from '$lib/crypto';

/** How a secret is written. A text is used as its UTF-8 bytes, spaces and all. */
export type SecretForm = 'text' | 'hex' | 'base64';

/** What was typed is no secret of that form; a text can only be empty or too long. */
export type SecretFault = { kind: 'empty' | 'not-hex' | 'not-base64' } | { kind: 'length'; bytes: number };

const MAX_FOREIGN_BYTES = 256;

/**
 * A secret that a person types in, as the vault takes it: base64.
 * @param foreign a device of another convention: 1–256 bytes; else exactly 32
 */
export function secretOf(text: string, form: SecretForm, foreign: boolean): Result<string, SecretFault> {
	const bytes = bytesOf(text, form);
	if (!bytes.ok) return bytes;
	const { length } = bytes.value;
	if (length === 0) return err({ kind: 'empty' });
	if (foreign ? length > MAX_FOREIGN_BYTES : length !== KEY_BYTES)
		return err({ kind: 'length', bytes: length });
	return ok(toBase64(bytes.value));
}

function bytesOf(text: string, form: SecretForm): Result<Uint8Array<ArrayBuffer>, SecretFault> {
	if (form === 'text') return ok(utf8(text));
	const bare = text.replaceAll(/[\s:]+/gu, '');
	if (form === 'base64') {
		const standard = bare.replaceAll('-', '+').replaceAll('_', '/');
		const bytes = fromBase64(standard);
		return bytes ? ok(bytes) : err({ kind: 'not-base64' });
	}
	const digits = bare.replace(/^0x/iu, '');
	if (!/^(?:[0-9a-f]{2})*$/iu.test(digits)) return err({ kind: 'not-hex' });
	return ok(Uint8Array.from(digits.match(/../gu) ?? [], (pair) => parseInt(pair, 16)));
}

export function secretFaultWords(fault: SecretFault, foreign: boolean): string {
	switch (fault.kind) {
		case 'empty':
			return 'Type in the secret that the device has.';
		case 'not-hex':
			return 'This is not hex: pairs of the digits 0–9 and a–f.';
		case 'not-base64':
			return 'This is not base64: letters, digits, + and /, with = at the end.';
		case 'length':
			return foreign
				? `This is ${fault.bytes} bytes long; a secret has at most ${MAX_FOREIGN_BYTES}.`
				: `This is ${fault.bytes} bytes long; the secret of such a device is ${KEY_BYTES}: 64 hex digits, or 44 characters of base64.`;
	}
}

import { utf8 } from '$lib/base';

/** OWASP's advice for PBKDF2-HMAC-SHA256 (Password Storage Cheat Sheet, 2023). About 0.3 s on a phone. */
export const PASSPHRASE_ROUNDS = 600_000;
export const SALT_BYTES = 16;

/** An AES-256-GCM key from what a person typed, by PBKDF2-HMAC-SHA256 (RFC 8018); the text is taken in its NFKC form. */
export async function passphraseKey(
	passphrase: string,
	salt: Uint8Array<ArrayBuffer>,
	rounds: number
): Promise<CryptoKey> {
	const typed = await crypto.subtle.importKey('raw', utf8(passphrase.normalize('NFKC')), 'PBKDF2', false, [
		'deriveKey'
	]);
	return crypto.subtle.deriveKey(
		{ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds },
		typed,
		{ name: 'AES-GCM', length: 256 },
		false,
		['encrypt', 'decrypt']
	);
}

import { err, ok, type Result } from '$lib/base';

/** AES-256-GCM (NIST SP 800-38D): 96-bit random IV, 128-bit tag appended to the ciphertext. */
export interface SealedBytes {
	readonly iv: Uint8Array<ArrayBuffer>;
	readonly ciphertext: Uint8Array<ArrayBuffer>;
}

export type OpenError = { kind: 'not-authentic' };

export const IV_BYTES = 12;
export const TAG_BYTES = 16;

/** True where WebCrypto is there: secure contexts only, so not on plain http from a LAN address. */
export const hasWebCrypto = (): boolean => typeof globalThis.crypto?.subtle?.encrypt === 'function';

/** A new 256-bit key that scripts can use but not read. */
export const newSealingKey = (): Promise<CryptoKey> =>
	crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);

/**
 * Encrypts and authenticates `plain`, and binds it to `aad`, which is not stored with it.
 * The IV is random: one key must not seal more than 2³² times (SP 800-38D §8.3).
 */
export async function seal(
	key: CryptoKey,
	plain: Uint8Array<ArrayBuffer>,
	aad: Uint8Array<ArrayBuffer>
): Promise<SealedBytes> {
	const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
	const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: aad }, key, plain);
	return { iv, ciphertext: new Uint8Array(sealed) };
}

/** The plain bytes; `not-authentic` where key, `aad`, IV or ciphertext is not what sealed them. */
export async function open(
	key: CryptoKey,
	sealed: SealedBytes,
	aad: Uint8Array<ArrayBuffer>
): Promise<Result<Uint8Array<ArrayBuffer>, OpenError>> {
	try {
		const plain = await crypto.subtle.decrypt(
			{ name: 'AES-GCM', iv: sealed.iv, additionalData: aad },
			key,
			sealed.ciphertext
		);
		return ok(new Uint8Array(plain));
	} catch {
		return err({ kind: 'not-authentic' }); // WebCrypto tells no more than that, on purpose
	}
}

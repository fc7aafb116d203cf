import { utf8 } from '$lib/base';
import { IV_BYTES, TAG_BYTES } from '$lib/crypto';

/** One encrypted record, version 1: drawn in docs/storage.md. */
export interface SecretRow {
	readonly version: 1;
	readonly keyId: string;
	readonly algorithm: 'A256GCM';
	readonly iv: Uint8Array<ArrayBuffer>;
	/** Ciphertext and its 16-byte tag. */
	readonly ciphertext: Uint8Array<ArrayBuffer>;
	readonly createdMs: number;
}

/**
 * The data key that records are encrypted with. `wrap: 'none'` holds it as a non-extractable CryptoKey; an app lock will add
 * a variant that holds it wrapped, and records stay as they are.
 */
export interface KeyRow {
	readonly version: 1;
	readonly id: string;
	readonly wrap: 'none';
	readonly key: CryptoKey;
	readonly createdMs: number;
}

/** What a record's tag covers besides its text: it cannot be moved to another name or dated anew. */
export const secretAad = (
	name: string,
	head: Pick<SecretRow, 'version' | 'keyId' | 'algorithm' | 'createdMs'>
): Uint8Array<ArrayBuffer> =>
	utf8(JSON.stringify(['fieldbench-secret', head.version, head.algorithm, head.keyId, head.createdMs, name]));

const isRecord = (raw: unknown): raw is Readonly<Record<string, unknown>> =>
	typeof raw === 'object' && raw !== null;

export function parseSecretRow(raw: unknown): SecretRow | undefined {
	if (!isRecord(raw) || raw['version'] !== 1 || raw['algorithm'] !== 'A256GCM') return undefined;
	const { keyId, iv, ciphertext, createdMs } = raw;
	if (typeof keyId !== 'string' || typeof createdMs !== 'number') return undefined;
	if (!(iv instanceof Uint8Array) || iv.length !== IV_BYTES) return undefined;
	if (!(ciphertext instanceof Uint8Array) || ciphertext.length < TAG_BYTES) return undefined;
	return {
		version: 1,
		keyId,
		algorithm: 'A256GCM',
		iv: Uint8Array.from(iv),
		ciphertext: Uint8Array.from(ciphertext),
		createdMs
	};
}

export function parseKeyRow(raw: unknown): KeyRow | undefined {
	if (!isRecord(raw) || raw['version'] !== 1 || raw['wrap'] !== 'none') return undefined;
	const { id, key, createdMs } = raw;
	if (typeof id !== 'string' || typeof createdMs !== 'number') return undefined;
	if (typeof CryptoKey === 'undefined' || !(key instanceof CryptoKey)) return undefined;
	return { version: 1, id, wrap: 'none', key, createdMs };
}

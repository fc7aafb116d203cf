import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, sameBytes, toHex } from '$lib/base';

const MODULUS_BYTES = 256;
const HASH_BYTES = 32;
const SALT_BYTES = 32;
const EXPONENT = 65_537n;
const TRAILER = 0xbc;

/**
 * RSASSA-PSS with SHA-256, MGF1-SHA-256 and a salt of 32 bytes (RFC 8017 §8.1.2), exponent 65537. Synchronous, for an import
 * cannot wait for WebCrypto; and all it sees is public, so that its time may tell of it.
 * @param modulus 2048 bits, big endian
 * @returns `invalid` where sizes do not fit or this is no such modulus
 */
export function verifyRsaPss(
	modulus: Uint8Array,
	digest: Uint8Array,
	signature: Uint8Array
): 'ok' | 'refused' | 'invalid' {
	if (modulus.length !== MODULUS_BYTES || signature.length !== MODULUS_BYTES) return 'invalid';
	if (digest.length !== HASH_BYTES) return 'invalid';
	if (modulus[0]! < 0x80 || modulus[MODULUS_BYTES - 1]! % 2 === 0) return 'invalid';
	const n = bigOf(modulus);
	const s = bigOf(signature);
	if (s >= n) return 'refused';
	return isEncodingOf(digest, bytesOf(power(s, EXPONENT, n), MODULUS_BYTES)) ? 'ok' : 'refused';
}

/** EMSA-PSS-VERIFY, RFC 8017 §9.1.2, for a message of 2047 bits. */
function isEncodingOf(digest: Uint8Array, encoded: Uint8Array): boolean {
	const maskedSize = MODULUS_BYTES - HASH_BYTES - 1;
	if (encoded[MODULUS_BYTES - 1] !== TRAILER || encoded[0]! > 0x7f) return false;
	const hash = encoded.subarray(maskedSize, maskedSize + HASH_BYTES);
	const mask = mgf1(hash, maskedSize);
	const block = encoded.subarray(0, maskedSize).map((byte, i) => byte ^ mask[i]!);
	block[0]! &= 0x7f;
	const saltAt = maskedSize - SALT_BYTES;
	if (block.subarray(0, saltAt - 1).some((byte) => byte !== 0) || block[saltAt - 1] !== 1) return false;
	return sameBytes(hash, sha256(concatBytes([new Uint8Array(8), digest, block.subarray(saltAt)])));
}

/** RFC 8017 §B.2.1. */
function mgf1(seed: Uint8Array, size: number): Uint8Array {
	const pieces = Array.from({ length: Math.ceil(size / HASH_BYTES) }, (_, i) =>
		sha256(concatBytes([seed, Uint8Array.of(i >>> 24, i >>> 16, i >>> 8, i)]))
	);
	return concatBytes(pieces).subarray(0, size);
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
	let result = 1n;
	for (const bit of exponent.toString(2)) {
		result = (result * result) % modulus;
		if (bit === '1') result = (result * base) % modulus;
	}
	return result;
}

const bigOf = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`);

function bytesOf(value: bigint, size: number): Uint8Array {
	const hex = value.toString(16).padStart(size * 2, '0');
	return Uint8Array.from({ length: size }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

import { cbc } from '@noble/ciphers/aes.js';
import { hmac } from '@noble/hashes/hmac.js';
import { _SHA256, sha256 } from '@noble/hashes/sha2.js';
import { verifyRsaPss } from './rsa-pss';

const HASH_BYTES = 32;
const AES_KEY_BYTES = 32;
const AES_BLOCK_BYTES = 16;
const INVALID = -1;
const REFUSED = -2;

/** A hash under way as it lies in the module's memory: words A … H (u32), bytes hashed (f64), the block begun (64); all little endian. */
const STATE = { words: 0, length: 32, block: 40, size: 128 } as const;

/**
 * SHA-256 that goes on from a state in memory. The module may leave a hash in the middle, so the host keeps none; and the library's
 * own state is protected, but a subclass may reach it.
 */
class StoredSha256 extends _SHA256 {
	/** A state of zeros has hashed nothing yet. */
	load(state: Uint8Array): this {
		const view = new DataView(state.buffer, state.byteOffset, STATE.size);
		this.length = view.getFloat64(STATE.length, true);
		this.pos = this.length % this.blockLen;
		if (this.length === 0) return this;
		const word = (i: number) => view.getInt32(STATE.words + 4 * i, true);
		this.set(word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7));
		this.buffer.set(state.subarray(STATE.block, STATE.block + this.blockLen));
		return this;
	}

	store(state: Uint8Array): void {
		const view = new DataView(state.buffer, state.byteOffset, STATE.size);
		this.get().forEach((value, i) => view.setInt32(STATE.words + 4 * i, value, true));
		view.setFloat64(STATE.length, this.length, true);
		state.set(this.buffer, STATE.block);
	}
}

/**
 * The imports behind the firmware's `WasmCrypto`, docs/firmware.md §3.
 * @param bytes a view of the module's memory
 */
export function cryptoImports(bytes: (at: number, size: number) => Uint8Array) {
	return {
		sha256_add(_handle: number, state: number, at: number, size: number) {
			const kept = bytes(state, STATE.size);
			new StoredSha256().load(kept).update(bytes(at, size)).store(kept);
		},
		sha256_end(_handle: number, state: number, out: number) {
			new StoredSha256().load(bytes(state, STATE.size)).digestInto(bytes(out, HASH_BYTES));
		},
		hmac_sha256(
			_handle: number,
			key: number,
			keySize: number,
			first: number,
			firstSize: number,
			second: number,
			secondSize: number,
			out: number
		) {
			const mac = hmac.create(sha256, bytes(key, keySize));
			mac.update(bytes(first, firstSize)).update(bytes(second, secondSize));
			bytes(out, HASH_BYTES).set(mac.digest());
		},
		aes256_cbc(_handle: number, encrypt: number, key: number, iv: number, at: number, size: number) {
			if ((size >>> 0) % AES_BLOCK_BYTES !== 0) return INVALID;
			if (size === 0) return 0;
			// Copies: the library may read them after it has begun to write.
			const cipher = cbc(bytes(key, AES_KEY_BYTES).slice(), bytes(iv, AES_BLOCK_BYTES).slice(), {
				disablePadding: true
			});
			const text = bytes(at, size);
			text.set(encrypt ? cipher.encrypt(text.slice()) : cipher.decrypt(text.slice()));
			return 0;
		},
		rsa_pss_verify(
			_handle: number,
			modulus: number,
			modulusSize: number,
			digest: number,
			signature: number,
			signatureSize: number
		) {
			const verdict = verifyRsaPss(
				bytes(modulus, modulusSize),
				bytes(digest, HASH_BYTES),
				bytes(signature, signatureSize)
			);
			return { ok: 0, invalid: INVALID, refused: REFUSED }[verdict];
		}
	};
}

/**
 * HKDF-SHA256 (RFC 5869), extract and expand in one.
 * @param secret input keying material, any length
 * @param salt docs/protocol.md §5 uses the device id
 * @param info names the key's use; two uses never share one
 * @param lengthBytes 1 … 8,160
 */
export async function hkdfSha256(
	secret: Uint8Array<ArrayBuffer>,
	salt: Uint8Array<ArrayBuffer>,
	info: Uint8Array<ArrayBuffer>,
	lengthBytes: number
): Promise<Uint8Array<ArrayBuffer>> {
	const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
	const bits = await crypto.subtle.deriveBits(
		{ name: 'HKDF', hash: 'SHA-256', salt, info },
		key,
		lengthBytes * 8
	);
	return new Uint8Array(bits);
}

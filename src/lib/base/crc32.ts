const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
	let c = n;
	for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
	return c;
});

/** CRC-32 as in IEEE 802.3, zlib and PNG: reflected 0x04C11DB7, start and final xor 0xFFFFFFFF. */
export function crc32(bytes: Uint8Array, seed = 0): number {
	let c = ~seed;
	for (let i = 0; i < bytes.length; i++) c = TABLE[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
	return ~c >>> 0;
}

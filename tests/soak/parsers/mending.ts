import { crc32 } from '../../../src/lib/base';
import { OTA_DATA_BYTES } from '../../../src/lib/formats';

/** The formats' own checksums, written down again here: made right after damage, so that what they guard is tried too. */

const view = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
/** The ROM's CRC begun at all ones. */
const romCrc = (bytes: Uint8Array): number => crc32(bytes, 0xffffffff);

/** Both records of an otadata partition. */
export function mendOtaData(bytes: Uint8Array): Uint8Array {
	for (let at = 0; at + 32 <= Math.min(bytes.length, OTA_DATA_BYTES); at += 0x1000)
		view(bytes).setUint32(at + 28, romCrc(bytes.subarray(at, at + 4)), true);
	return bytes;
}

/** Page headers and the heads of all items; not their data, so that this guard is tried as well. */
export function mendNvs(bytes: Uint8Array): Uint8Array {
	for (let page = 0; page + 4096 <= bytes.length; page += 4096) {
		view(bytes).setUint32(page + 28, romCrc(bytes.subarray(page + 4, page + 28)), true);
		for (let at = page + 64; at < page + 4096; at += 32) {
			const entry = bytes.subarray(at, at + 32);
			if (entry.every((byte) => byte === 0xff)) continue;
			const covered = new Uint8Array(28);
			covered.set(entry.subarray(0, 4));
			covered.set(entry.subarray(8), 4);
			view(entry).setUint32(4, romCrc(covered), true);
		}
	}
	return bytes;
}

/** To a whole number of pages, as a partition is. */
export const toPages = (bytes: Uint8Array): Uint8Array => {
	const whole = new Uint8Array(Math.max(1, Math.round(bytes.length / 4096)) * 4096).fill(0xff);
	whole.set(bytes.subarray(0, whole.length));
	return whole;
};

/** The sum of every Improv packet whose length lies within the bytes. */
export function mendImprov(bytes: Uint8Array): Uint8Array {
	for (let at = 0; at + 10 <= bytes.length; at++) {
		if (bytes[at] !== 0x49 || bytes[at + 5] !== 0x56) continue;
		const sumAt = at + 9 + bytes[at + 8]!;
		if (sumAt >= bytes.length) continue;
		bytes[sumAt] = bytes.subarray(at, sumAt).reduce((sum, byte) => (sum + byte) & 0xff, 0);
	}
	return bytes;
}

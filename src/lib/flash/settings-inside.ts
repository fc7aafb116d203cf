import { NVS_PAGE_BYTES, parseNvs, recogniseBin } from '$lib/formats';

/** A partition of settings has at least these pages (ESP-IDF, nvs_flash). */
const LEAST_BYTES = 3 * NVS_PAGE_BYTES;

/**
 * Whether settings lie in a file, encrypted ones too, or the keys of such: they hold passwords. Each sector is looked at, so that a
 * whole flash is known under any partition table.
 */
export function holdsSettings(bytes: Uint8Array<ArrayBuffer>): boolean {
	for (let at = 0; at + LEAST_BYTES <= bytes.length; at += NVS_PAGE_BYTES) {
		const read = parseNvs(bytes.subarray(at, at + LEAST_BYTES));
		if (read.ok && read.value.pages.some(({ sequence }) => sequence !== undefined)) return true;
		if (!read.ok && read.error.kind === 'encrypted') return true;
	}
	return recogniseBin(bytes).kind === 'nvs-keys';
}

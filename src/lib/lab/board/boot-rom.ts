import { parseAppImage, PRACTICE_CHIP_ID, type AppImage } from '$lib/formats';

/** What the ROM makes of the bytes at the start of the flash. */
export type BootloaderLook =
	| { readonly kind: 'starts'; readonly log: readonly string[] }
	| { readonly kind: 'none' | 'damaged'; readonly log: readonly string[] }
	| { readonly kind: 'foreign'; readonly image: AppImage };

const MAGIC = 0xe9;
const CHECKSUM_SEED = 0xef;
const DIGEST_BYTES = 32;
/** Where the ROM of an ESP32-C3 stops over an image whose checksum does not hold; a watchdog restarts it. */
const ROM_STOPS = 'ets_main.c 333 ';

/**
 * Looks at a second-stage bootloader as the ROM of an ESP32-C3 does: magic and checksum must hold, and an appended SHA-256 that
 * does not is only told (without secure boot). Source: logs of real chips, esp-rs/esp-idf-template#27 and
 * platformio/platform-espressif32#821.
 */
export function lookAtBootloader(bytes: Uint8Array<ArrayBuffer>): BootloaderLook {
	const image = parseAppImage(bytes);
	if (bytes[0] !== MAGIC) {
		const first = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
		const line = `invalid header: 0x${first.toString(16).padStart(8, '0')}`;
		return { kind: 'none', log: [line, line, line] };
	}
	if (!image.ok)
		return {
			kind: 'damaged',
			log: [`practice: the bootloader's image is cut off or garbled (${image.error.kind})`, ROM_STOPS]
		};
	if (!image.value.checksumOk) {
		const { calculated, stored } = checksumOf(bytes, image.value);
		return {
			kind: 'damaged',
			log: [`Checksum failure. Calculated 0x${byte(calculated)} stored 0x${byte(stored)}`, ROM_STOPS]
		};
	}
	if (image.value.chipId !== PRACTICE_CHIP_ID) return { kind: 'foreign', image: image.value };
	const told =
		image.value.hash.kind === 'wrong' ? ['SHA-256 comparison failed:', 'Attempting to boot anyway...'] : [];
	return { kind: 'starts', log: told };
}

/** The exclusive or of all segments' bytes, and the one that stands in the image (ESP-IDF `esp_image_format.c`). */
export function checksumOf(bytes: Uint8Array, image: AppImage): { calculated: number; stored: number } {
	let calculated = CHECKSUM_SEED;
	for (const { fileOffset, length } of image.segments)
		for (let at = fileOffset; at < fileOffset + length; at++) calculated ^= bytes[at] ?? 0;
	const digest = image.hash.kind === 'none' ? 0 : DIGEST_BYTES;
	return { calculated, stored: bytes[image.sizeBytes - digest - 1] ?? 0 };
}

const byte = (value: number): string => value.toString(16).padStart(2, '0');

/**
 * The chips that we know images of, by the names of an ESP Web Tools manifest, and one that no factory makes: the practice
 * board, whose images must never meet silicon (docs/formats.md).
 */
export const CHIP_FAMILIES = [
	'ESP8266',
	'ESP32',
	'ESP32-S2',
	'ESP32-S3',
	'ESP32-C2',
	'ESP32-C3',
	'ESP32-C5',
	'ESP32-C6',
	'ESP32-C61',
	'ESP32-H2',
	'ESP32-P4',
	'ESP32-H4',
	'ESP32-H21',
	'ESP32-S31',
	'ESP32-E22',
	'FIELDBENCH-VIRTUAL',
	'FIELDBENCH-VIRTUAL-ESP32'
] as const;
export type ChipFamily = (typeof CHIP_FAMILIES)[number];

/** The manifest's name of the practice board's images. */
export const PRACTICE_FAMILY = 'FIELDBENCH-VIRTUAL' satisfies ChipFamily;
/** The same images, for a board whose chip looks for its bootloader where an ESP32 does. */
export const PRACTICE_ESP32_FAMILY = 'FIELDBENCH-VIRTUAL-ESP32' satisfies ChipFamily;

/** The manifest's name of the images for a practice board with this chip. */
export const practiceFamilyOf = (chip: ChipFamily): ChipFamily =>
	bootloaderOffset(chip) === 0 ? PRACTICE_FAMILY : PRACTICE_ESP32_FAMILY;

/** No chip id stands for these: an ESP8266's header has none, and the other is a name for manifests alone. */
type Unnumbered = 'ESP8266' | typeof PRACTICE_ESP32_FAMILY;

/**
 * `chip_id` of an image's header; the ESP8266's header has none. Source: ESP-IDF `esp_app_format.h`, `esp_chip_id_t`, and for the
 * E22 esptool-js. The last
 * one is ours: far above what Espressif numbers one by one.
 */
export const CHIP_IDS = {
	ESP32: 0x0000,
	'ESP32-S2': 0x0002,
	'ESP32-C3': 0x0005,
	'ESP32-S3': 0x0009,
	'ESP32-C2': 0x000c,
	'ESP32-C6': 0x000d,
	'ESP32-H2': 0x0010,
	'ESP32-P4': 0x0012,
	'ESP32-C61': 0x0014,
	'ESP32-C5': 0x0017,
	'ESP32-H21': 0x0019,
	'ESP32-H4': 0x001c,
	'ESP32-E22': 0x001f,
	'ESP32-S31': 0x0020,
	'FIELDBENCH-VIRTUAL': 0xfb00
} as const satisfies Record<Exclude<ChipFamily, Unnumbered>, number>;

/** `chip_id` of an image that only the practice board runs. */
export const PRACTICE_CHIP_ID = CHIP_IDS[PRACTICE_FAMILY];

/**
 * Load address of the practice image's segment that holds a WebAssembly module: its length in bytes as u32, then the module.
 * Nothing of an ESP32-C3 lies there.
 */
export const PRACTICE_WASM_ADDRESS = 0x60fb0000;

const isNumbered = (family: ChipFamily): family is Exclude<ChipFamily, Unnumbered> => family in CHIP_IDS;
const FAMILY_OF = new Map(CHIP_FAMILIES.filter(isNumbered).map((f) => [CHIP_IDS[f], f] as const));

/** The family that an image's `chip_id` stands for, or undefined where we know none. */
export function chipFamilyOf(chipId: number): ChipFamily | undefined {
	return FAMILY_OF.get(chipId as (typeof CHIP_IDS)[keyof typeof CHIP_IDS]);
}

export function isChipFamily(name: string): name is ChipFamily {
	return (CHIP_FAMILIES as readonly string[]).includes(name);
}

/**
 * Where the ROM looks for the second-stage bootloader, in bytes. Source: ESP-IDF `components/bootloader/Kconfig.projbuild`,
 * `BOOTLOADER_OFFSET_IN_FLASH`; on the ESP8266 the one image begins at 0.
 */
export function bootloaderOffset(family: ChipFamily): number {
	switch (family) {
		case 'ESP32':
		case 'ESP32-S2':
		case 'FIELDBENCH-VIRTUAL-ESP32':
			return 0x1000;
		case 'ESP32-C5':
		case 'ESP32-P4':
		case 'ESP32-H4':
		case 'ESP32-S31':
			return 0x2000;
		default:
			return 0;
	}
}

export const APP_TYPE = 0;
export const DATA_TYPE = 1;
export const PARTITION_TYPES: Readonly<Record<string, number>> = { app: APP_TYPE, data: DATA_TYPE };

/** The first OTA slot; the other fifteen follow. */
export const OTA_0_SUBTYPE = 0x10;
export const OTA_SLOTS = 16;
export const FACTORY_SUBTYPE = 0x00;

/** Subtypes of `data` that say what lies there. */
export const DATA_SUBTYPE = {
	ota: 0x00,
	phy: 0x01,
	nvs: 0x02,
	coredump: 0x03,
	nvs_keys: 0x04,
	efuse: 0x05,
	undefined: 0x06,
	esphttpd: 0x80,
	fat: 0x81,
	spiffs: 0x82,
	littlefs: 0x83
} as const;

/** Names of subtypes by type. Source: ESP-IDF `esp_partition.h`, `esp_partition_subtype_t`. */
export const PARTITION_SUBTYPES: Readonly<Record<number, Readonly<Record<string, number>>>> = {
	[APP_TYPE]: {
		factory: FACTORY_SUBTYPE,
		test: 0x20,
		...Object.fromEntries(
			Array.from({ length: OTA_SLOTS }, (_, slot) => [`ota_${slot}`, OTA_0_SUBTYPE + slot])
		)
	},
	[DATA_TYPE]: DATA_SUBTYPE
};

const hexByte = (value: number): string => `0x${value.toString(16).padStart(2, '0')}`;

const nameIn = (names: Readonly<Record<string, number>>, value: number): string | undefined =>
	Object.keys(names).find((name) => names[name] === value);

/** "app", "data", or the number of a type that is the application's own. */
export const partitionTypeName = (type: number): string => nameIn(PARTITION_TYPES, type) ?? hexByte(type);

/** "nvs", "ota_0", or a number where the subtype has no name. */
export const partitionSubtypeName = (type: number, subtype: number): string =>
	nameIn(PARTITION_SUBTYPES[type] ?? {}, subtype) ?? hexByte(subtype);

import { bootloaderOffset, type ChipFamily } from './chips';
import { PARTITION_TABLE_OFFSET, type Partition, type PartitionTable } from './partition-table';
import type { RecognisedBin } from './recognise';

const APP = 0;
const DATA = 1;
/** Source: ESP-IDF `esp_partition.h`. */
const SUBTYPE = { factory: 0, ota: 0, nvs: 2, spiffs: 0x82, littlefs: 0x83 };

/** Where the first app lies in every table that ESP-IDF brings along. */
const USUAL_APP_OFFSET = 0x10000;

/**
 * Where a file of this kind belongs, bytes from the flash's start; undefined where only a person knows. The bootloader's place is the
 * chip's; what a partition is made for goes where the table says.
 * @param table that the chip will have, where it is known
 */
export function placeOf(
	bin: RecognisedBin,
	family: ChipFamily,
	table: PartitionTable | undefined
): number | undefined {
	const rows = table?.partitions ?? [];
	const data = (subtype: number) => rows.filter((row) => row.type === DATA && row.subtype === subtype);
	switch (bin.kind) {
		case 'bootloader':
			return bootloaderOffset(family);
		case 'partition-table':
			return PARTITION_TABLE_OFFSET;
		case 'merged':
			return 0;
		case 'app':
			return table ? firstApp(rows)?.offset : USUAL_APP_OFFSET;
		case 'otadata':
			return onlyOne(data(SUBTYPE.ota));
		case 'nvs':
		case 'nvs-encrypted':
			return onlyOne(data(SUBTYPE.nvs));
		case 'littlefs':
			// Arduino's LittleFS lies in a partition that is called spiffs.
			return onlyOne(data(SUBTYPE.littlefs)) ?? onlyOne(data(SUBTYPE.spiffs));
		case 'spiffs':
			return onlyOne(data(SUBTYPE.spiffs));
		// Keys are made by the chip, or burnt with it: nobody is led to write them.
		case 'nvs-keys':
		case 'unknown':
			return undefined;
	}
}

/** The one that a new chip starts: factory, else the first slot. */
function firstApp(rows: readonly Partition[]): Partition | undefined {
	const apps = rows.filter((row) => row.type === APP);
	return apps.find((row) => row.subtype === SUBTYPE.factory) ?? apps[0];
}

/** Of several alike no one is more likely than another. */
const onlyOne = (rows: readonly Partition[]): number | undefined =>
	rows.length === 1 ? rows[0]!.offset : undefined;

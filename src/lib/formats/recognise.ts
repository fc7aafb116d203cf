import { parseAppImage, type AppImage } from './app-image';
import { recogniseFileSystem } from './file-system-magic';
import { isErased } from './little-endian';
import { isNvsKeys } from './nvs-keys';
import { parseNvs } from './nvs-read';
import type { NvsContents } from './nvs-types';
import { OTA_DATA_BYTES, parseOtaData, type OtaData } from './ota-data';
import { APP_TYPE } from './partition-names';
import {
	findPartitionTable,
	PARTITION_TABLE_OFFSET,
	parsePartitionTable,
	type PartitionTable
} from './partition-table';

/** An image inside a larger file. */
export interface PlacedImage {
	/** Bytes from the file's start. */
	readonly offset: number;
	readonly image: AppImage;
}

/** What a file of unknown name holds. */
export type RecognisedBin =
	| { readonly kind: 'app'; readonly image: AppImage }
	| { readonly kind: 'bootloader'; readonly image: AppImage }
	| { readonly kind: 'partition-table'; readonly table: PartitionTable }
	/** A whole flash from its first byte: the table at its place, and images before and after. */
	| {
			readonly kind: 'merged';
			readonly table: PartitionTable;
			readonly bootloader?: PlacedImage;
			/** The first application that is there. */
			readonly app?: PlacedImage;
	  }
	| { readonly kind: 'otadata'; readonly data: OtaData }
	| { readonly kind: 'nvs'; readonly contents: NvsContents }
	/** Of it nothing but its pages can be told. */
	| { readonly kind: 'nvs-encrypted' }
	| { readonly kind: 'nvs-keys' }
	| { readonly kind: 'littlefs' }
	| { readonly kind: 'spiffs' }
	| { readonly kind: 'unknown' };

/** Where a bootloader lies in a whole flash: one of these on every chip. */
const BOOTLOADER_OFFSETS = [0, 0x1000, 0x2000];
/** Between a bootloader and the first place of an app lies no more; apps of before the descriptor are larger. */
const MOST_BOOTLOADER_BYTES = 0x10000;

/** Total. Nothing is guessed from a name; what fits no format, or is erased throughout, is `unknown`. */
export function recogniseBin(bytes: Uint8Array): RecognisedBin {
	if (isErased(bytes)) return { kind: 'unknown' };
	const merged = mergedOf(bytes);
	if (merged) return merged;
	const image = parseAppImage(bytes);
	if (image.ok) {
		const isApp = image.value.descriptor || image.value.sizeBytes > MOST_BOOTLOADER_BYTES;
		return { kind: isApp ? 'app' : 'bootloader', image: image.value };
	}
	const table = parsePartitionTable(bytes);
	if (table.ok) return { kind: 'partition-table', table: table.value };
	const data = bytes.length === OTA_DATA_BYTES ? parseOtaData(bytes) : undefined;
	if (data?.ok && data.value.records.some((record) => record)) return { kind: 'otadata', data: data.value };
	const contents = parseNvs(bytes);
	const holds = contents.ok && contents.value.pages.some((page) => page.sequence !== undefined);
	if (holds) return { kind: 'nvs', contents: contents.value };
	if (!contents.ok && contents.error.kind === 'encrypted') return { kind: 'nvs-encrypted' };
	if (isNvsKeys(bytes)) return { kind: 'nvs-keys' };
	return { kind: recogniseFileSystem(bytes) ?? 'unknown' };
}

function mergedOf(bytes: Uint8Array): Extract<RecognisedBin, { kind: 'merged' }> | undefined {
	const found = findPartitionTable(bytes);
	if (!found) return undefined;
	const { table, offset } = found;
	const bootloader = firstImage(bytes, BOOTLOADER_OFFSETS);
	// Elsewhere than at its usual place it may be a table that an app carries in itself.
	const isOwn = bootloader && bootloader.offset + bootloader.image.sizeBytes <= offset;
	if (offset !== PARTITION_TABLE_OFFSET && !isOwn) return undefined;
	const app = firstImage(
		bytes,
		table.partitions.filter((p) => p.type === APP_TYPE).map((p) => p.offset)
	);
	return { kind: 'merged', table, ...(bootloader && { bootloader }), ...(app && { app }) };
}

function firstImage(bytes: Uint8Array, offsets: readonly number[]): PlacedImage | undefined {
	for (const offset of offsets) {
		const image = parseAppImage(bytes.subarray(offset));
		if (image.ok) return { offset, image: image.value };
	}
	return undefined;
}

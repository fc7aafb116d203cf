import {
	APP_TYPE,
	DATA_SUBTYPE,
	DATA_TYPE,
	OTA_DATA_BYTES,
	parseAppImageHead,
	parseCoreDumpHead,
	parseNvs,
	readOtaSectors,
	recogniseFileSystemStart,
	type AppImageHead,
	type FileSystemKind,
	type NvsContents,
	type OtaSector,
	type Partition
} from '$lib/formats';
import type { FlashError } from '../facts';
import { SECTOR_BYTES } from '../plan-erase';

/** What lies in a partition, as far as it was looked at. */
export type Holding =
	/** @property whole the whole partition was looked at, not only its start */
	| { readonly kind: 'empty'; readonly whole: boolean }
	| { readonly kind: 'app'; readonly head: AppImageHead }
	| { readonly kind: 'nvs'; readonly contents: NvsContents }
	/** @property why every entry fails its checksum, or the flash is encrypted and this partition says that it is */
	| { readonly kind: 'nvs-locked'; readonly why: 'undecodable' | 'flash-encrypted'; readonly keys: boolean }
	| { readonly kind: 'otadata'; readonly sectors: readonly [OtaSector, OtaSector] }
	| { readonly kind: FileSystemKind }
	| { readonly kind: 'coredump'; readonly lengthBytes: number }
	| { readonly kind: 'no-coredump' }
	/** Something that none of these formats is. */
	| { readonly kind: 'unknown' }
	/** The table names a place that the flash does not have. */
	| { readonly kind: 'beyond-flash' }
	| { readonly kind: 'unreadable'; readonly error: FlashError };

/** What a partition is looked at for: a table's neighbour may hold the keys, and the chip may encrypt. */
export interface HoldingContext {
	readonly flashEncryption: boolean;
	/** The table has a partition for NVS keys. */
	readonly nvsKeys: boolean;
}

/** The start of a file system or an app. */
const GLANCE_BYTES = 2 * SECTOR_BYTES;

const isData = ({ type, subtype }: Partition, wanted: number): boolean =>
	type === DATA_TYPE && subtype === wanted;

export const isNvs = (partition: Partition): boolean => isData(partition, DATA_SUBTYPE.nvs);
export const isOtaData = (partition: Partition): boolean => isData(partition, DATA_SUBTYPE.ota);
export const isNvsKeys = (partition: Partition): boolean => isData(partition, DATA_SUBTYPE.nvs_keys);

/** How much of a partition must be read to tell what lies there. */
export function bytesToTell(partition: Partition): number {
	if (isNvs(partition)) return partition.size;
	if (isOtaData(partition)) return Math.min(partition.size, OTA_DATA_BYTES);
	return Math.min(partition.size, GLANCE_BYTES);
}

/** @param bytes its start, at least `bytesToTell` */
export function holdingOf(partition: Partition, bytes: Uint8Array, context: HoldingContext): Holding {
	if (bytes.every((byte) => byte === 0xff)) {
		return isData(partition, DATA_SUBTYPE.coredump)
			? { kind: 'no-coredump' }
			: { kind: 'empty', whole: bytes.length >= partition.size };
	}
	if (isNvs(partition)) return nvsHolding(partition, bytes, context);
	if (isOtaData(partition)) {
		const sectors = readOtaSectors(bytes);
		return sectors.ok ? { kind: 'otadata', sectors: sectors.value } : { kind: 'unknown' };
	}
	if (isData(partition, DATA_SUBTYPE.coredump)) {
		const dump = parseCoreDumpHead(bytes, partition.size);
		return dump ? { kind: 'coredump', lengthBytes: dump.lengthBytes } : { kind: 'no-coredump' };
	}
	if (partition.type === APP_TYPE) {
		const head = parseAppImageHead(bytes);
		return head ? { kind: 'app', head } : { kind: 'unknown' };
	}
	return { kind: recogniseFileSystemStart(bytes, partition.size) ?? 'unknown' };
}

/** Encrypted NVS has pages in the clear and entries that are not, also those that name the namespaces. */
function nvsHolding(partition: Partition, bytes: Uint8Array, context: HoldingContext): Holding {
	if (partition.encrypted && context.flashEncryption)
		return { kind: 'nvs-locked', why: 'flash-encrypted', keys: context.nvsKeys };
	const read = parseNvs(bytes);
	const undecodable = { kind: 'nvs-locked', why: 'undecodable', keys: context.nvsKeys } as const;
	if (!read.ok) return read.error.kind === 'encrypted' ? undecodable : { kind: 'unknown' };
	const { entries, namespaces, damage } = read.value;
	const nothingReads = entries.length === 0 && namespaces.length === 0;
	return nothingReads && damage.some(({ kind }) => kind === 'entry-checksum')
		? undecodable
		: { kind: 'nvs', contents: read.value };
}

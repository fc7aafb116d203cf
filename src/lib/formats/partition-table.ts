import { md5 } from '@noble/hashes/legacy.js';
import { err, ok, sameBytes, type Result } from '$lib/base';
import { fieldText, setFieldText, u16At, u32At, utf8Length, viewOf } from './little-endian';
import { APP_TYPE } from './partition-names';

export interface Partition {
	/** At most 16 bytes. */
	readonly label: string;
	/** 0 app, 1 data, 0x40 … 0xFE the application's own. */
	readonly type: number;
	readonly subtype: number;
	/** Bytes from the flash's start. */
	readonly offset: number;
	/** Bytes. */
	readonly size: number;
	readonly encrypted: boolean;
	readonly readOnly: boolean;
}

/** A table, and where it lies. */
export interface PlacedTable {
	readonly table: PartitionTable;
	/** Bytes from the flash's start. */
	readonly offset: number;
}

export interface PartitionTable {
	/** In the order of the table. */
	readonly partitions: readonly Partition[];
	/** Whether the table ends with the MD5 of its rows; a wrong one is a fault. */
	readonly md5: 'ok' | 'none';
}

export type PartitionFault =
	| { readonly kind: 'too-short'; readonly lengthBytes: number }
	/** The first row is no partition: there is no table here. */
	| { readonly kind: 'not-a-table' }
	| { readonly kind: 'bad-row'; readonly row: number; readonly magic: number }
	| { readonly kind: 'md5-wrong'; readonly row: number }
	| { readonly kind: 'no-end' };

export type PartitionBuildFault =
	| { readonly kind: 'none' }
	| { readonly kind: 'too-many'; readonly count: number }
	| { readonly kind: 'bad-label'; readonly row: number }
	| {
			readonly kind: 'bad-number';
			readonly row: number;
			readonly field: 'type' | 'subtype' | 'offset' | 'size';
	  }
	| { readonly kind: 'misaligned'; readonly row: number; readonly alignBytes: number }
	| { readonly kind: 'overlap'; readonly row: number; readonly other: number };

/** Where the table lies unless a project says otherwise, in bytes from the flash's start. */
export const PARTITION_TABLE_OFFSET = 0x8000;
/**
 * Where a table is looked for, the likeliest first. Nothing in a flash says where its table is: the bootloader was built with
 * `CONFIG_PARTITION_TABLE_OFFSET`, which larger bootloaders (secure boot, Matter) move up by sectors.
 */
export const PARTITION_TABLE_OFFSETS: readonly number[] = [
	PARTITION_TABLE_OFFSET,
	...[0x9000, 0xa000, 0xb000, 0xc000, 0xd000, 0xe000, 0xf000, 0x10000, 0x20000]
];
/** Bytes that a table takes at most; its sector is 0x1000. */
export const PARTITION_TABLE_BYTES = 0xc00;

/** An application is mapped in pages of 64 KiB, anything else erased in sectors of 4 KiB. */
export const partitionAlignment = (type: number): number => (type === APP_TYPE ? 0x10000 : 0x1000);

const ROW_BYTES = 32;
const ROWS = PARTITION_TABLE_BYTES / ROW_BYTES;
const LABEL_BYTES = 16;
const MAGIC = 0x50aa;
const MD5_MAGIC = 0xebeb;
const END_MAGIC = 0xffff;
const AT = { type: 2, subtype: 3, offset: 4, size: 8, label: 12, flags: 28, md5: 16 };
const FLAG = { encrypted: 1, readOnly: 2 };
const MAX_U32 = 0xffffffff;

/** What can be read of a table, whether or not a bootloader takes it. */
export interface PartitionSurvey extends PartitionTable {
	/** Why the bootloader refuses it; the rows before the fault stand. */
	readonly fault?: PartitionFault;
}

/**
 * Total. Judges as the bootloader does (ESP-IDF `flash_partitions.c`): rows until the end mark, at most one MD5 row, which must
 * hold. Whether partitions overlap or fit the chip is the caller's to ask.
 */
export function parsePartitionTable(bytes: Uint8Array): Result<PartitionTable, PartitionFault> {
	const { partitions, md5: sums, fault } = surveyPartitionTable(bytes);
	return fault ? err(fault) : ok({ partitions, md5: sums });
}

/** The first table of those that stand at usual places of a whole flash. Total. */
export function findPartitionTable(flash: Uint8Array): PlacedTable | undefined {
	for (const offset of PARTITION_TABLE_OFFSETS) {
		const found = parsePartitionTable(flash.subarray(offset));
		if (found.ok) return { table: found.value, offset };
	}
	return undefined;
}

/** The same, with what could be read of a table that is refused. Total. */
export function surveyPartitionTable(bytes: Uint8Array): PartitionSurvey {
	const partitions: Partition[] = [];
	let sums: PartitionTable['md5'] = 'none';
	const refused = (fault: PartitionFault): PartitionSurvey => ({ partitions, md5: sums, fault });
	for (let row = 0; row < ROWS; row++) {
		const at = row * ROW_BYTES;
		if (at + ROW_BYTES > bytes.length) return refused({ kind: 'too-short', lengthBytes: bytes.length });
		const magic = u16At(bytes, at);
		const bare = row === 0 || sums === 'ok';
		if (magic === MAGIC && sums === 'none') partitions.push(partitionAt(bytes, at));
		else if (row === 0) return refused({ kind: 'not-a-table' });
		else if (magic === MD5_MAGIC && !bare) {
			const digest = bytes.subarray(at + AT.md5, at + ROW_BYTES);
			if (!sameBytes(md5(bytes.subarray(0, at)), digest)) return refused({ kind: 'md5-wrong', row });
			sums = 'ok';
		} else if (isEnd(bytes, at, magic)) return { partitions, md5: sums };
		else return refused({ kind: 'bad-row', row, magic });
	}
	return refused({ kind: 'no-end' });
}

function isEnd(bytes: Uint8Array, at: number, magic: number): boolean {
	return magic === END_MAGIC && bytes[at + AT.type] === 0xff && bytes[at + AT.subtype] === 0xff;
}

function partitionAt(bytes: Uint8Array, at: number): Partition {
	const flags = u32At(bytes, at + AT.flags);
	return {
		label: fieldText(bytes, at + AT.label, LABEL_BYTES),
		type: bytes[at + AT.type]!,
		subtype: bytes[at + AT.subtype]!,
		offset: u32At(bytes, at + AT.offset),
		size: u32At(bytes, at + AT.size),
		encrypted: (flags & FLAG.encrypted) !== 0,
		readOnly: (flags & FLAG.readOnly) !== 0
	};
}

/** The table's whole 0xC00 bytes, with the MD5 row. */
export function buildPartitionTable(
	partitions: readonly Partition[]
): Result<Uint8Array<ArrayBuffer>, PartitionBuildFault> {
	const fault = faultOf(partitions);
	if (fault) return err(fault);
	const out = new Uint8Array(PARTITION_TABLE_BYTES).fill(0xff);
	const view = viewOf(out);
	partitions.forEach((partition, row) => {
		const at = row * ROW_BYTES;
		out.fill(0, at, at + ROW_BYTES);
		view.setUint16(at, MAGIC, true);
		out[at + AT.type] = partition.type;
		out[at + AT.subtype] = partition.subtype;
		view.setUint32(at + AT.offset, partition.offset, true);
		view.setUint32(at + AT.size, partition.size, true);
		setFieldText(out, at + AT.label, LABEL_BYTES, partition.label);
		const flags = (partition.encrypted ? FLAG.encrypted : 0) | (partition.readOnly ? FLAG.readOnly : 0);
		view.setUint32(at + AT.flags, flags, true);
	});
	const end = partitions.length * ROW_BYTES;
	view.setUint16(end, MD5_MAGIC, true);
	out.set(md5(out.subarray(0, end)), end + AT.md5);
	return ok(out);
}

/** One row is the MD5's and one the end mark's. */
const MOST_PARTITIONS = ROWS - 2;

function faultOf(partitions: readonly Partition[]): PartitionBuildFault | undefined {
	if (partitions.length === 0) return { kind: 'none' };
	if (partitions.length > MOST_PARTITIONS) return { kind: 'too-many', count: partitions.length };
	for (const [row, partition] of partitions.entries()) {
		const labelBytes = utf8Length(partition.label);
		if (labelBytes === 0 || labelBytes > LABEL_BYTES || partition.label.includes('\0')) {
			return { kind: 'bad-label', row };
		}
		const field = badNumber(partition);
		if (field) return { kind: 'bad-number', row, field };
		const alignBytes = partitionAlignment(partition.type);
		if (partition.offset % alignBytes !== 0) return { kind: 'misaligned', row, alignBytes };
		const other = partitions.findIndex((p, i) => i < row && overlap(p, partition));
		if (other >= 0) return { kind: 'overlap', row, other };
	}
	return undefined;
}

function badNumber(partition: Partition): 'type' | 'subtype' | 'offset' | 'size' | undefined {
	const within = (value: number, most: number) => Number.isInteger(value) && value >= 0 && value <= most;
	// Type 0xFF is the end mark's.
	if (!within(partition.type, 0xfe)) return 'type';
	if (!within(partition.subtype, 0xff)) return 'subtype';
	if (!within(partition.offset, MAX_U32)) return 'offset';
	return within(partition.size, MAX_U32) && partition.size > 0 ? undefined : 'size';
}

const overlap = (a: Partition, b: Partition): boolean =>
	a.offset < b.offset + b.size && b.offset < a.offset + a.size;

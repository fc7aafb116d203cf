import { err, ok, type Result } from '$lib/base';
import { isChipFamily, type ChipFamily } from './chips';
import { readJsonObject, type FieldFault } from './json-reading';
import type { Partition } from './partition-table';

/** What a backup says of the bytes that lie beside it. */
export interface BackupDescription {
	/** As on the wire: a practice board is an ESP32-C3, and `practice` tells it apart. */
	readonly chip: ChipFamily;
	readonly practice: boolean;
	/** `v0.4`; empty where the chip has none. */
	readonly revision: string;
	/** Lower case, with colons. */
	readonly mac: string;
	readonly takenMs: number;
	/** null where the flash's id is none that we know. */
	readonly flashSizeBytes: number | null;
	/** Its flash is encrypted, and so are these bytes. */
	readonly encrypted: boolean;
	/** Bytes from the flash's start, and how many. */
	readonly offset: number;
	readonly length: number;
	/** The partition that this is one of; absent for a whole flash or a range. */
	readonly partition?: string;
	/** Of the bytes, hexadecimal. */
	readonly sha256: string;
	/** The table that the board had; empty where it had none. */
	readonly partitions: readonly Partition[];
}

export type BackupFault =
	| FieldFault
	/** Something else, or of a later version of this format. */
	| { readonly kind: 'not-a-backup' }
	| { readonly kind: 'newer'; readonly version: number };

const FORMAT = 'fieldbench-backup';
const VERSION = 1;
/** A table has no more rows. */
const MOST_PARTITIONS = 95;
const MOST_BYTES = 0xffff_ffff;

/** docs/flashing.md, "Backup and restore". */
export function writeBackupDescription({ takenMs, ...facts }: BackupDescription): string {
	const taken = new Date(takenMs).toISOString();
	return `${JSON.stringify({ format: FORMAT, version: VERSION, taken, ...facts }, null, '\t')}\n`;
}

/** Total: any text. */
export function parseBackupDescription(text: string): Result<BackupDescription, BackupFault> {
	const read = readJsonObject(text);
	if (!read.ok) return read;
	const { format, version, ...rest } = read.value;
	if (format !== FORMAT) return err({ kind: 'not-a-backup' });
	if (version !== VERSION)
		return err(typeof version === 'number' ? { kind: 'newer', version } : { kind: 'not-a-backup' });
	return factsOf(rest);
}

function factsOf(rest: Readonly<Record<string, unknown>>): Result<BackupDescription, BackupFault> {
	const { chip, practice, revision, mac, taken, flashSizeBytes, encrypted } = rest;
	const { offset, length, partition, sha256, partitions } = rest;
	const takenMs = typeof taken === 'string' ? Date.parse(taken) : NaN;
	if (typeof chip !== 'string' || !isChipFamily(chip)) return bad('chip');
	if (typeof practice !== 'boolean') return bad('practice');
	if (typeof revision !== 'string') return bad('revision');
	if (typeof mac !== 'string' || !/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/u.test(mac)) return bad('mac');
	if (!Number.isFinite(takenMs)) return bad('taken');
	if (flashSizeBytes !== null && !isCount(flashSizeBytes)) return bad('flashSizeBytes');
	if (typeof encrypted !== 'boolean') return bad('encrypted');
	if (!isCount(offset)) return bad('offset');
	if (!isCount(length) || length === 0) return bad('length');
	if (partition !== undefined && typeof partition !== 'string') return bad('partition');
	if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/u.test(sha256)) return bad('sha256');
	if (!Array.isArray(partitions) || partitions.length > MOST_PARTITIONS) return bad('partitions');
	const rows = partitions.map(partitionOf);
	const wrong = rows.indexOf(undefined);
	if (wrong >= 0) return bad(`partitions[${wrong}]`);
	return ok({
		...{ chip, practice, revision, mac, takenMs, flashSizeBytes, encrypted, offset, length, sha256 },
		...(partition !== undefined && { partition }),
		partitions: rows.filter((row) => row !== undefined)
	});
}

function partitionOf(row: unknown): Partition | undefined {
	const fields = (row ?? {}) as Partial<Record<keyof Partition, unknown>>;
	const { label, type, subtype, offset, size, encrypted, readOnly } = fields;
	if (typeof label !== 'string' || typeof encrypted !== 'boolean' || typeof readOnly !== 'boolean')
		return undefined;
	if (!isCount(type) || !isCount(subtype) || !isCount(offset) || !isCount(size)) return undefined;
	return { label, type, subtype, offset, size, encrypted, readOnly };
}

const bad = (field: string) => err({ kind: 'bad-value', field } as const);

const isCount = (value: unknown): value is number =>
	typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST_BYTES;

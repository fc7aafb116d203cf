import { err, ok, type Result } from '$lib/base';
import { alignUp } from './little-endian';
import { APP_TYPE, DATA_TYPE, PARTITION_SUBTYPES, PARTITION_TYPES } from './partition-names';
import { PARTITION_TABLE_OFFSET, partitionAlignment, type Partition } from './partition-table';

export type CsvField = 'name' | 'type' | 'subtype' | 'offset' | 'size' | 'flags';

export interface CsvFault {
	readonly kind: 'bad-field';
	/** From 1. */
	readonly line: number;
	readonly field: CsvField;
	/** What stands there. */
	readonly text: string;
}

/** The first sector after the table's own. */
const FIRST_OFFSET = PARTITION_TABLE_OFFSET + 0x1000;

/**
 * Espressif's partition CSV, `name, type, subtype, offset, size, flags`, with `#` comments. A missing offset follows the row
 * before at the type's alignment; numbers are decimal or `0x…`, with `K` or `M`. Not understood: environment variables, negative
 * sizes and the newer types `bootloader` and `partition_table`, whose place depends on a project's settings.
 */
export function parsePartitionCsv(text: string): Result<readonly Partition[], CsvFault> {
	const partitions: Partition[] = [];
	let end = FIRST_OFFSET;
	for (const [i, line] of text
		.replace(/^\uFEFF/u, '')
		.split(/\r\n|\n|\r/u)
		.entries()) {
		if (/^\s*(#|$)/u.test(line)) continue;
		const row = parseRow(line, end);
		if (!row.ok) return err({ kind: 'bad-field', line: i + 1, ...row.error });
		partitions.push(row.value);
		end = row.value.offset + row.value.size;
	}
	return ok(partitions);
}

function parseRow(line: string, end: number): Result<Partition, { field: CsvField; text: string }> {
	const [
		label = '',
		typeText = '',
		subtypeText = '',
		offsetText = '',
		sizeText = '',
		flagsText = '',
		...rest
	] = line.split(',').map((field) => field.trim());
	if (label === '') return err({ field: 'name', text: label });
	const type = Object.hasOwn(PARTITION_TYPES, typeText)
		? PARTITION_TYPES[typeText]
		: numberOf(typeText, 0xfe);
	if (type === undefined) return err({ field: 'type', text: typeText });
	const subtype = subtypeOf(type, subtypeText);
	if (subtype === undefined) return err({ field: 'subtype', text: subtypeText });
	const offset =
		offsetText === '' ? alignUp(end, partitionAlignment(type)) : numberOf(offsetText, 0xffffffff);
	if (offset === undefined) return err({ field: 'offset', text: offsetText });
	const size = numberOf(sizeText, 0xffffffff);
	if (size === undefined) return err({ field: 'size', text: sizeText });
	const flags = flagsText.split(':').filter((flag) => flag !== '');
	if (
		flags.some((flag) => flag !== 'encrypted' && flag !== 'readonly') ||
		rest.some((field) => field !== '')
	) {
		return err({ field: 'flags', text: [flagsText, ...rest].join(',') });
	}
	return ok({
		label,
		type,
		subtype,
		offset,
		size,
		encrypted: flags.includes('encrypted'),
		readOnly: flags.includes('readonly')
	});
}

function subtypeOf(type: number, text: string): number | undefined {
	if (text === '') return type === APP_TYPE ? undefined : PARTITION_SUBTYPES[DATA_TYPE]!['undefined'];
	const names = PARTITION_SUBTYPES[type] ?? {};
	return Object.hasOwn(names, text) ? names[text] : numberOf(text, 0xff);
}

const UNIT: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 * 1024 };

function numberOf(text: string, most: number): number | undefined {
	const parts = /^(0x[0-9a-f]+|[0-9]+)([km]?)$/iu.exec(text);
	if (!parts) return undefined;
	const value = Number(parts[1]) * UNIT[parts[2]!.toLowerCase()]!;
	return value <= most ? value : undefined;
}

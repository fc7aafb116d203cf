import { err, ok, parseIsoTime, type Result } from '$lib/base';
import type { DeviceId, Provenance, Sample } from '$lib/model';
import { csvFields, LineSplitter } from './line-splitter';
import { decimal, isMetricName, MAX_METRICS, readValues, type LineFault } from './read-sample';
import { CSV_COLUMNS, fieldName } from './text-rows';

/** How a CSV that somebody else made is read. */
export interface ForeignMapping {
	readonly delimiter: string;
	/** 3,5 is three and a half. */
	readonly decimalComma: boolean;
	/** Whose samples they are. */
	readonly device: DeviceId;
	readonly provenance: Provenance;
	readonly timeColumn: number;
	readonly values: readonly { readonly column: number; readonly metric: string }[];
}

export interface ForeignColumn {
	readonly name: string;
	/** Of the first rows, for a person to recognise it by. */
	readonly examples: readonly string[];
	/** Each example is one. */
	readonly looksLike: 'time' | 'number' | 'text';
}

/** What a file is, by its first 64 KiB. */
export type Sniffed =
	| { readonly kind: 'ndjson' }
	| { readonly kind: 'csv'; readonly metrics: readonly string[] }
	| {
			readonly kind: 'foreign';
			readonly delimiter: string;
			readonly decimalComma: boolean;
			readonly columns: readonly ForeignColumn[];
			/** The column that most likely tells the time; -1 where none does. */
			readonly timeColumn: number;
	  }
	| { readonly kind: 'empty' | 'not-text' | 'too-many-columns' | 'backup' };

const HEAD_BYTES = 65_536;
const EXAMPLES = 5;
const MAX_COLUMNS = 1024;
/** docs/backup-format.md */
const BACKUP_MAGIC = 'FBBACKUP';

export async function sniffFile(file: Blob): Promise<Sniffed> {
	const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
	const text = new TextDecoder().decode(bytes);
	if (text.startsWith(BACKUP_MAGIC)) return { kind: 'backup' };
	if (bytes.includes(0)) return { kind: 'not-text' };
	const first = text.trimStart()[0];
	if (first === undefined) return { kind: 'empty' };
	if (first === '{') return { kind: 'ndjson' };
	const splitter = new LineSplitter(true);
	const records = [...splitter.push(text), ...(file.size <= HEAD_BYTES ? splitter.end() : [])];
	const header = records[0]?.text;
	if (header === undefined) return { kind: 'empty' };
	const own = ownMetrics(header);
	if (own) return own.length > MAX_METRICS ? { kind: 'too-many-columns' } : { kind: 'csv', metrics: own };
	const delimiter = [',', ';', '\t'].toSorted(
		(a, b) => csvFields(header, b).length - csvFields(header, a).length
	)[0]!;
	const names = csvFields(header, delimiter);
	if (names.length > MAX_COLUMNS) return { kind: 'too-many-columns' };
	const rows = records.slice(1, 1 + EXAMPLES).map(({ text: row }) => csvFields(row, delimiter));
	const decimalComma =
		delimiter !== ',' && rows.some((row) => row.some((field) => /^-?\d+,\d+$/u.test(field.trim())));
	const columns = names.map((name, i): ForeignColumn => {
		const examples = rows.map((row) => row[i] ?? '').filter((field) => field !== '');
		return { name: fieldName(name.trim()), examples, looksLike: kindOf(name, examples, decimalComma) };
	});
	const timeColumn = columns.findIndex(({ looksLike }) => looksLike === 'time');
	return { kind: 'foreign', delimiter, decimalComma, columns, timeColumn };
}

/** The metrics of one of our own CSV headers; undefined of any other. */
export function ownMetrics(header: string): readonly string[] | undefined {
	const fields = csvFields(header.replace(/^\uFEFF/u, ''), ',');
	if (!CSV_COLUMNS.every((name, i) => fields[i] === name)) return undefined;
	return fields.slice(CSV_COLUMNS.length).map(fieldName);
}

function kindOf(
	name: string,
	examples: readonly string[],
	decimalComma: boolean
): ForeignColumn['looksLike'] {
	if (examples.length === 0) return 'text';
	const areNumbers = examples.every((field) => foreignNumber(field, decimalComma) !== undefined);
	// One may say that there was none.
	const isTime = examples.filter((field) => foreignTime(field) !== undefined).length * 2 > examples.length;
	if (isTime && (!areNumbers || /time|date|stamp|^ts$|zeit|datum/iu.test(name))) return 'time';
	return areNumbers ? 'number' : 'text';
}

const foreignNumber = (field: string, decimalComma: boolean): number | undefined =>
	decimal(decimalComma ? field.replace(',', '.') : field);

/** ISO 8601, or a count since 1970: seconds below 10¹¹, milliseconds below 10¹⁴, else microseconds. */
export function foreignTime(field: string): number | undefined {
	const count = decimal(field);
	if (count === undefined) return parseIsoTime(field, 'local');
	if (count < 0) return undefined;
	return count < 1e11 ? count * 1000 : count < 1e14 ? count : count / 1000;
}

/** What is wrong with a mapping before any line is read; undefined where nothing is. */
export function mappingFault({
	values,
	timeColumn
}: ForeignMapping): 'no-columns' | 'bad-name' | 'same-name' | undefined {
	if (values.length === 0 || values.length > MAX_METRICS || timeColumn < 0) return 'no-columns';
	if (!values.every(({ metric }) => isMetricName(metric))) return 'bad-name';
	return new Set(values.map(({ metric }) => metric)).size < values.length ? 'same-name' : undefined;
}

export function readForeign(fields: readonly string[], mapping: ForeignMapping): Result<Sample, LineFault> {
	const { device, provenance, timeColumn, decimalComma } = mapping;
	const told = fields[timeColumn] ?? '';
	const timeMs = foreignTime(told);
	if (timeMs === undefined) return err({ kind: 'time', found: told.slice(0, 40) });
	const values = readValues(fields, mapping.values, (field) => foreignNumber(field, decimalComma));
	if (!values.ok) return values;
	return ok({ device, provenance, identity: undefined, timeMs, clock: 'synchronised', values: values.value });
}

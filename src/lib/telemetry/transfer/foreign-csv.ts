import { err, ok, type Result } from '$lib/base';
import { isPossibleTime, type DeviceId, type Provenance, type Sample } from '$lib/model';
import { foreignNumber, guessDecimalComma, isAbsent } from './foreign-number';
import { foreignTime, guessTimeForm, isTimeOfDay, type TimeReading } from './foreign-time';
import { csvFields } from './line-splitter';
import { isMetricName, MAX_METRICS, readValues, type LineFault } from './read-sample';
import { guessDelimiter, tableStart, type TableForm, type TableHead } from './text-table';
import { fieldName } from './text-rows';

/** How a table that somebody else made is read. Columns are counted from 0. */
export interface ForeignForm extends TableForm, TimeReading {
	/** -1 while none is chosen. */
	readonly timeColumn: number;
	/** Of the time of day, where the date stands apart from it; else -1. */
	readonly clockColumn: number;
}

/** What of a row becomes a sample. */
export interface RowForm extends ForeignForm {
	/** Fields of a row. */
	readonly width: number;
	readonly values: readonly { readonly column: number; readonly metric: string }[];
}

export interface ForeignMapping extends RowForm {
	/** Records before the first row. */
	readonly skip: number;
	/** Whose samples they are. */
	readonly device: DeviceId;
	readonly provenance: Provenance;
}

export interface ForeignColumn {
	readonly name: string;
	/** Of the first rows, for a person to recognise it by. */
	readonly examples: readonly string[];
	/** Most of its fields are one; `clock` is a time of day. */
	readonly looksLike: 'time' | 'clock' | 'number' | 'text';
}

/** What a table is taken for. */
export interface ForeignTable extends ForeignForm {
	readonly columns: readonly ForeignColumn[];
	readonly skip: number;
	/** Records above the header, passed over. */
	readonly preamble: number;
	/** Day and month may be the other way round: the file does not say. */
	readonly unsure: boolean;
	/** The first, as they stand there. */
	readonly rows: readonly (readonly string[])[];
}

/** Rows by which a column is known. */
const LOOKED_AT = 50;
const EXAMPLES = 5;

/** Guesses how a table is to be read; what was chosen is taken as it is. */
export function describeTable(head: TableHead, chosen: Partial<ForeignForm> = {}): ForeignTable {
	const delimiter = chosen.delimiter ?? guessDelimiter(head);
	const start = tableStart(head, delimiter);
	const all = head.records.slice(start).map((record) => csvFields(record, delimiter));
	const first = all[0] ?? [];
	const sample = all.slice(1, 1 + LOOKED_AT);
	const decimalComma = chosen.decimalComma ?? guessDecimalComma(sample.flat(), delimiter === ',');
	const titled = !isRow(first, sample, decimalComma);
	const rows = titled ? all.slice(1) : all;
	const columns = first.map((title, i): ForeignColumn => {
		const name = (titled && fieldName(title.trim())) || `column ${i + 1}`;
		const fields = rows.slice(0, LOOKED_AT).map((row) => row[i] ?? '');
		const examples = fields.filter((field) => !isAbsent(field));
		return { name, examples: examples.slice(0, EXAMPLES), looksLike: kindOf(name, examples, decimalComma) };
	});
	const like = (kind: ForeignColumn['looksLike']) => columns.findIndex(({ looksLike }) => looksLike === kind);
	const timeColumn = chosen.timeColumn ?? like('time');
	const dates = rows.map((row) => row[timeColumn] ?? '');
	const apart = !dates.slice(0, LOOKED_AT).some((field) => /\d:\d/u.test(field));
	const clockColumn = chosen.clockColumn ?? (timeColumn >= 0 && apart ? like('clock') : -1);
	const guessed = guessTimeForm(
		rows.map((row) => timeField(row, { timeColumn, clockColumn })),
		decimalComma
	);
	return {
		...{ encoding: head.encoding, delimiter, decimalComma, columns, timeColumn, clockColumn },
		timeForm: chosen.timeForm ?? guessed?.timeForm ?? 'iso',
		unsure: chosen.timeForm === undefined && guessed?.unsure === true,
		zone: chosen.zone ?? 'local',
		...{ skip: start + (titled ? 1 : 0), preamble: start, rows: rows.slice(0, EXAMPLES) }
	};
}

/** Whether a first record is a row already: a title is no time and, above numbers, no number. */
function isRow(
	first: readonly string[],
	rest: readonly (readonly string[])[],
	decimalComma: boolean
): boolean {
	if (first.some((field) => timeFormOf([field], decimalComma) !== undefined)) return true;
	const isNumber = (field: string) => foreignNumber(field, decimalComma) !== undefined;
	const told = first.flatMap((field, i) => (isAbsent(field) ? [] : [i]));
	return told.length > 0 && told.every((i) => isNumber(first[i]!) && isNumber(rest[0]?.[i] ?? ''));
}

/** The form of fields that are times and no numbers. */
const timeFormOf = (fields: readonly string[], decimalComma: boolean) => {
	const guessed = guessTimeForm(fields, decimalComma);
	return guessed && guessed.read * 2 > fields.length && !['count', 'serial'].includes(guessed.timeForm)
		? guessed.timeForm
		: undefined;
};

function kindOf(
	name: string,
	examples: readonly string[],
	decimalComma: boolean
): ForeignColumn['looksLike'] {
	if (examples.length === 0) return 'text';
	if (examples.filter(isTimeOfDay).length * 2 > examples.length) return 'clock';
	if (timeFormOf(examples, decimalComma)) return 'time';
	const numbers = examples.filter((field) => foreignNumber(field, decimalComma) !== undefined);
	if (numbers.length * 2 <= examples.length) return 'text';
	return /time|date|stamp|^ts$|^ms$|zeit|datum/iu.test(name) ? 'time' : 'number';
}

/** Date and time of day, from one column or two; '' where one of two is missing, since a day alone is no time then. */
function timeField(
	row: readonly string[],
	{ timeColumn, clockColumn }: Pick<ForeignForm, 'timeColumn' | 'clockColumn'>
): string {
	const date = (row[timeColumn] ?? '').trim();
	if (clockColumn < 0) return date;
	const clock = (row[clockColumn] ?? '').trim();
	return date === '' || clock === '' ? '' : `${date} ${clock}`;
}

/** What is wrong with a mapping before any line is read; undefined where nothing is. */
export function mappingFault({
	values,
	timeColumn
}: RowForm): 'no-time' | 'no-columns' | 'too-many' | 'bad-name' | 'same-name' | undefined {
	if (timeColumn < 0) return 'no-time';
	if (values.length === 0) return 'no-columns';
	if (values.length > MAX_METRICS) return 'too-many';
	if (!values.every(({ metric }) => isMetricName(metric))) return 'bad-name';
	return new Set(values.map(({ metric }) => metric)).size < values.length ? 'same-name' : undefined;
}

/** One row, before it is said whose it is. */
export function readRow(
	fields: readonly string[],
	form: RowForm
): Result<Pick<Sample, 'timeMs' | 'values'>, LineFault> {
	const { decimalComma, width } = form;
	// A row may end in delimiters, and lack what is empty at its end; a comma in a number makes a field too many.
	if (fields.slice(width).some((field) => field.trim() !== ''))
		return err({ kind: 'fields', found: fields.length, wanted: width });
	const told = timeField(fields, form);
	const timeMs = foreignTime(told, form);
	if (timeMs === undefined || !isPossibleTime(timeMs)) return err({ kind: 'time', found: told.slice(0, 40) });
	const values = readValues(fields, form.values, (field) => foreignNumber(field, decimalComma), isAbsent);
	return values.ok ? ok({ timeMs, values: values.value }) : values;
}

export function readForeign(fields: readonly string[], mapping: ForeignMapping): Result<Sample, LineFault> {
	const row = readRow(fields, mapping);
	if (!row.ok) return row;
	const { device, provenance } = mapping;
	return ok({ ...row.value, device, provenance, identity: undefined, clock: 'synchronised' });
}

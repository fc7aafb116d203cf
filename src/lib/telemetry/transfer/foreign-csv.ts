import { err, ok, type Result } from '$lib/base';
import { type DeviceId, isPossibleTime, parseDeviceId, type Provenance, type Sample } from '$lib/model';
import { foreignNumber, isAbsent } from './foreign-number';
import { foreignTime, type TimeReading } from './foreign-time';
import { csvFields } from './line-splitter';
import { isMetricName, MAX_METRICS, readValues, type LineFault } from './read-sample';
import { isAnnotation, type TableForm } from './text-table';
import { fieldName } from './text-rows';
import { titleMetric } from './title-metric';

/** How a table that somebody else made is read. Columns are counted from 0. */
export interface ForeignForm extends TableForm, TimeReading {
	/** -1 while none is chosen. */
	readonly timeColumn: number;
	/** Of the time of day, where the date stands apart from it; else -1. */
	readonly clockColumn: number;
	/** Whose a row is; -1 where all are of one device. */
	readonly deviceColumn: number;
	/** What a row's only value is of, in a table that has a row for each; -1 where each column of numbers is a metric. */
	readonly metricColumn: number;
	/** Of that value; -1 where there is none. */
	readonly valueColumn: number;
	/** Says of a row whether it is simulated, as our own files do; -1 where none does. */
	readonly markColumn: number;
}

/** What of a row becomes a sample. */
export interface RowForm extends ForeignForm {
	/** Fields of a row. */
	readonly width: number;
	/** Empty in a table with a row for each value. */
	readonly values: readonly { readonly column: number; readonly metric: string }[];
	/** Metrics by what the column of metrics says, '' where such rows are left out; what is not in it is named as a title would be. */
	readonly names: Readonly<Record<string, string>>;
}

export interface ForeignMapping extends RowForm {
	/** Records before the first row. */
	readonly skip: number;
	/** Whose samples they are, where no column tells. */
	readonly device: DeviceId | undefined;
	/** Of rows that do not say it themselves. */
	readonly provenance: Provenance;
}

/** Date and time of day, from one column or two; '' where one of two is missing, since a day alone is no time then. */
export function timeField(
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
	names,
	timeColumn,
	metricColumn,
	valueColumn
}: RowForm): 'no-time' | 'no-value' | 'no-columns' | 'too-many' | 'bad-name' | 'same-name' | undefined {
	const long = metricColumn >= 0;
	const metrics = long
		? Object.values(names).filter((metric) => metric !== '')
		: values.map(({ metric }) => metric);
	if (timeColumn < 0) return 'no-time';
	if (long && valueColumn < 0) return 'no-value';
	if (!long && metrics.length === 0) return 'no-columns';
	if (metrics.length > MAX_METRICS) return 'too-many';
	if (!metrics.every(isMetricName)) return 'bad-name';
	return new Set(metrics).size < metrics.length ? 'same-name' : undefined;
}

/** What a row says, with the device and whether it is simulated where columns tell it. */
export type ReadRow = Pick<Sample, 'timeMs' | 'values'> & {
	readonly device: DeviceId | undefined;
	readonly provenance: Provenance | undefined;
};

/** One row, before it is said whose it is. */
export function readRow(fields: readonly string[], form: RowForm): Result<ReadRow, LineFault> {
	const { decimalComma, width, deviceColumn } = form;
	// A row may end in delimiters, and lack what is empty at its end; a comma in a number makes a field too many.
	if (fields.slice(width).some((field) => field.trim() !== ''))
		return err({ kind: 'fields', found: fields.length, wanted: width });
	const told = timeField(fields, form);
	const timeMs = foreignTime(told, form);
	if (timeMs === undefined || !isPossibleTime(timeMs)) return err({ kind: 'time', found: told.slice(0, 40) });
	const named = deviceColumn < 0 ? undefined : deviceOf(fields[deviceColumn] ?? '');
	if (named && !named.ok) return named;
	const mark = (form.markColumn < 0 ? '' : (fields[form.markColumn] ?? '')).trim();
	const provenance = markOf(mark);
	if (mark !== '' && !provenance) return err({ kind: 'provenance', found: mark.slice(0, 40) });
	const columns = form.metricColumn < 0 ? ok(form.values) : valueOf(fields, form);
	if (!columns.ok) return columns;
	const values = readValues(fields, columns.value, (field) => foreignNumber(field, decimalComma), isAbsent);
	return values.ok ? ok({ timeMs, values: values.value, device: named?.value, provenance }) : values;
}

/** What our exports (`provenance`) and charts (`simulated`) write, also as spreadsheets of other tongues do; undefined for anything else. */
export const markOf = (field: string): Provenance | undefined =>
	/^(?:simulated|true|1|yes|wahr|vrai|verdadero|vero|waar)$/iu.test(field)
		? 'simulated'
		: /^(?:real|false|0|no|falsch|faux|falso|onwaar)$/iu.test(field)
			? 'real'
			: undefined;

/** A device as somebody calls it; what no id can have, as the slashes of a topic, becomes a dash. */
function deviceOf(field: string): Result<DeviceId, LineFault> {
	const id = parseDeviceId(fieldName(field.trim()).replaceAll(/[/+#$]/gu, '-'));
	return id.ok ? id : err({ kind: 'device', found: field.slice(0, 40) });
}

/** The only value of a row, named by the row itself. */
function valueOf(
	fields: readonly string[],
	{ metricColumn, valueColumn, names }: RowForm
): Result<RowForm['values'], LineFault> {
	const told = (fields[metricColumn] ?? '').trim();
	const metric = Object.hasOwn(names, told) ? names[told]! : titleMetric(told);
	if (metric === '' && told !== '') return ok([]); // left out
	return isMetricName(metric)
		? ok([{ column: valueColumn, metric }])
		: err({ kind: 'metric', found: told.slice(0, 40) });
}

/**
 * Reads the records of a table in their order. What stands above the rows is passed over, and so are its titles and annotations where
 * a program begins the table anew.
 * @returns undefined for what is no row
 */
export function foreignReader(
	mapping: ForeignMapping
): (text: string) => Result<Sample, LineFault> | undefined {
	const { device, provenance, delimiter, metricColumn } = mapping;
	const names: Record<string, string> = { ...mapping.names };
	const form = { ...mapping, names };
	let [left, told] = [mapping.skip, Object.keys(names).length];
	let titles: string | undefined;
	return (text) => {
		if (left-- > 0) {
			titles = text;
			return undefined;
		}
		if (text === titles || isAnnotation(text)) return undefined;
		const fields = csvFields(text, delimiter);
		const name = metricColumn < 0 ? undefined : (fields[metricColumn] ?? '').trim();
		if (name !== undefined && !Object.hasOwn(names, name)) {
			if (told >= MAX_METRICS) return err({ kind: 'too-many-metrics' });
			names[name] = titleMetric(name);
			told++;
		}
		const row = readRow(fields, form);
		if (!row.ok) return row;
		const owner = row.value.device ?? device;
		if (owner === undefined) return err({ kind: 'device', found: '' });
		const { timeMs, values } = row.value;
		const made = row.value.provenance ?? provenance;
		if (metricColumn >= 0 && Object.keys(values).length === 0) return undefined; // left out, or no value
		return ok({
			timeMs,
			values,
			device: owner,
			provenance: made,
			identity: undefined,
			clock: 'synchronised'
		});
	};
}

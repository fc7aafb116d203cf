import { csvFields } from './line-splitter';
import { guessDecimalComma, foreignNumber, isAbsent } from './foreign-number';
import { guessTimeForm, isTimeOfDay } from './foreign-time';
import { markOf, timeField, type ForeignForm } from './foreign-csv';
import { guessDelimiter, isAnnotation, tableStart, type TableHead } from './text-table';
import { fieldName } from './text-rows';

export interface ForeignColumn {
	readonly name: string;
	/** Of the first rows, for a person to recognise it by. */
	readonly examples: readonly string[];
	/** Most of its fields are one; `clock` is a time of day, `mark` says whether a row is simulated, `identity` is our epoch or seq. */
	readonly looksLike: 'time' | 'clock' | 'number' | 'text' | 'mark' | 'identity';
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
	/** What the column of metrics says, each once, of the records looked at. */
	readonly told: readonly string[];
}

/** Rows by which a column is known. */
const LOOKED_AT = 50;
const EXAMPLES = 5;

/** Guesses how a table is to be read; what was chosen is taken as it is. */
export function describeTable(head: TableHead, chosen: Partial<ForeignForm> = {}): ForeignTable {
	const delimiter = chosen.delimiter ?? guessDelimiter(head);
	const start = tableStart(head, delimiter);
	const records = head.records.slice(start);
	const all = records
		.filter((record, i) => !isAnnotation(record) && (i === 0 || record !== records[0]))
		.map((record) => csvFields(record, delimiter));
	const first = all[0] ?? [];
	const sample = all.slice(1, 1 + LOOKED_AT);
	const decimalComma = chosen.decimalComma ?? guessDecimalComma(sample.flat(), delimiter === ',');
	const titled = !isRow(first, sample, decimalComma);
	const rows = titled ? all.slice(1) : all;
	const names = first.map((title, i) => (titled && fieldName(title.trim())) || `column ${i + 1}`);
	const numbered = IDENTITY_TITLES.every((title) => names.includes(title));
	const columns = names.map((name, i): ForeignColumn => {
		const fields = rows.slice(0, LOOKED_AT).map((row) => row[i] ?? '');
		const examples = fields.filter((field) => !isAbsent(field));
		const isIdentity = numbered && IDENTITY_TITLES.includes(name);
		const looksLike = isIdentity ? 'identity' : kindOf(name, examples, decimalComma);
		return { name, examples: examples.slice(0, EXAMPLES), looksLike };
	});
	const like = (kind: ForeignColumn['looksLike']) => columns.findIndex(({ looksLike }) => looksLike === kind);
	const plain = columns.findIndex(({ name, looksLike }) => looksLike === 'time' && TIME_TITLE.test(name));
	const timeColumn = chosen.timeColumn ?? (plain >= 0 ? plain : like('time'));
	const dates = rows.map((row) => row[timeColumn] ?? '');
	const apart = !dates.slice(0, LOOKED_AT).some((field) => /\d:\d/u.test(field));
	const clockColumn = chosen.clockColumn ?? (timeColumn >= 0 && apart ? like('clock') : -1);
	const guessed = guessTimeForm(
		rows.map((row) => timeField(row, { timeColumn, clockColumn })),
		decimalComma
	);
	const parts = partsOf(columns, chosen);
	const told = rows.flatMap((row) => (row[parts.metricColumn] ?? '').trim() || []);
	return {
		...{ encoding: head.encoding, delimiter, decimalComma, columns, timeColumn, clockColumn },
		...{ ...parts, markColumn: like('mark'), told: [...new Set(told)] },
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
	if (isMarkColumn(name, examples, decimalComma)) return 'mark';
	if (examples.length === 0) return 'text';
	if (examples.filter(isTimeOfDay).length * 2 > examples.length) return 'clock';
	if (timeFormOf(examples, decimalComma)) return 'time';
	const numbers = examples.filter((field) => foreignNumber(field, decimalComma) !== undefined);
	if (numbers.length * 2 <= examples.length) return 'text';
	return /time|date|stamp|^ts$|^ms$|zeit|datum/iu.test(name) ? 'time' : 'number';
}

/** Of several columns of times, the row's own: a query's bounds, as InfluxDB writes them, are others. */
const TIME_TITLE = /^_?(?:date_?)?time(?:stamp)?$|^last_(?:changed|updated)$/iu;
/** What our exports and charts call it. No field of it passes unread: one that is no mark makes a bad line, unless most are something else. */
function isMarkColumn(name: string, examples: readonly string[], decimalComma: boolean): boolean {
	const title = name.toLowerCase();
	if (title !== 'provenance' && title !== 'simulated') return false;
	// Where none of the rows looked at has one, a later row may.
	if (examples.filter((field) => markOf(field.trim())).length * 2 >= examples.length) return true;
	return title === 'simulated' && !examples.some((field) => foreignNumber(field, decimalComma) !== undefined);
}

/** Our own identity: what else stands in such a table may not be all that the number stood for, so it is passed over. */
const IDENTITY_TITLES = ['epoch', 'seq'];
/** What programs call them: InfluxDB, Grafana, Home Assistant, loggers. The first that is there is taken. */
const DEVICE_TITLES = [
	'device',
	'device_id',
	'deviceid',
	'node',
	'node_id',
	'host',
	'station',
	'gerät',
	'room',
	'location'
];
const METRIC_TITLES = [
	...['metric', '_field', 'field', 'entity_id', 'statistic_id', 'parameter', 'variable', 'quantity'],
	...['measurement', '_measurement', 'sensor', 'series', 'channel', 'name', 'messgröße']
];
const VALUE_TITLES = ['value', '_value', 'state', 'mean', 'reading', 'wert', 'messwert'];

/** Which columns say whose a row is and what it is of; a table with a row for each value has both a metric's name and a value. */
function partsOf(
	columns: readonly ForeignColumn[],
	chosen: Partial<ForeignForm>
): Pick<ForeignForm, 'deviceColumn' | 'metricColumn' | 'valueColumn'> {
	const called = (titles: readonly string[], kinds: readonly ForeignColumn['looksLike'][]) => {
		const places = titles.map((title) =>
			columns.findIndex(
				({ name, looksLike }) =>
					name.toLowerCase().replaceAll(' ', '_') === title && kinds.includes(looksLike)
			)
		);
		return places.find((place) => place >= 0) ?? -1;
	};
	const value = called(VALUE_TITLES, ['number']);
	const metric = value < 0 ? -1 : called(METRIC_TITLES, ['text']);
	const metricColumn = chosen.metricColumn ?? metric;
	return {
		deviceColumn: chosen.deviceColumn ?? called(DEVICE_TITLES, ['text', 'number']),
		metricColumn,
		valueColumn: metricColumn < 0 ? -1 : (chosen.valueColumn ?? value)
	};
}

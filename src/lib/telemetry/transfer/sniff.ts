import { describeTable } from './foreign-table';
import { guessDecimalComma } from './foreign-number';
import { csvFields } from './line-splitter';
import { MAX_METRICS } from './read-sample';
import {
	DELIMITERS,
	headText,
	tableHead,
	type TableForm,
	type TableHead,
	type TextEncoding
} from './text-table';
import { CSV_COLUMNS, fieldName } from './text-rows';

/** What a file is, by its first 64 KiB. */
export type Sniffed =
	| { readonly kind: 'ndjson'; readonly encoding: TextEncoding }
	/** One of our own, as we wrote it or as a spreadsheet did. */
	| { readonly kind: 'csv'; readonly table: TableForm }
	| { readonly kind: 'foreign'; readonly head: TableHead }
	| { readonly kind: 'empty' | 'not-text' | 'too-many-columns' | 'backup' };

const MAX_COLUMNS = 1024;
/** docs/backup-format.md */
const BACKUP_MAGIC = 'FBBACKUP';

export async function sniffFile(file: Blob): Promise<Sniffed> {
	if ((await file.slice(0, BACKUP_MAGIC.length).text()) === BACKUP_MAGIC) return { kind: 'backup' };
	const read = await headText(file);
	if (!read) return { kind: 'not-text' };
	const { text, encoding, whole } = read;
	const first = text.trimStart()[0];
	if (first === undefined) return { kind: 'empty' };
	if (first === '{') return { kind: 'ndjson', encoding };
	const head = tableHead(text, encoding, whole);
	const header = head.records.find((_, i) => i > 0 || !head.toldDelimiter);
	if (header === undefined) return { kind: 'empty' };
	for (const delimiter of DELIMITERS) {
		const own = ownMetrics(header, delimiter);
		if (!own) continue;
		if (own.length > MAX_METRICS) return { kind: 'too-many-columns' };
		const numbers = head.records.slice(1).flatMap((record) => numbersOf(csvFields(record, delimiter)));
		const decimalComma = guessDecimalComma(numbers, delimiter === ',');
		return { kind: 'csv', table: { encoding, delimiter, decimalComma } };
	}
	if (describeTable(head).columns.length > MAX_COLUMNS) return { kind: 'too-many-columns' };
	return { kind: 'foreign', head };
}

const numbersOf = (fields: readonly string[]): string[] =>
	fields.filter((_, i) => CSV_COLUMNS[i] === 'time_ms' || i >= CSV_COLUMNS.length);

/** The metrics of one of our own CSV headers; undefined of any other. */
export function ownMetrics(header: string, delimiter: string): readonly string[] | undefined {
	const fields = csvFields(header.replace(/^\uFEFF/u, ''), delimiter);
	if (!CSV_COLUMNS.every((name, i) => fields[i] === name)) return undefined;
	return fields.slice(CSV_COLUMNS.length).map(fieldName);
}

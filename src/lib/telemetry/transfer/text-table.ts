import { csvFields, LineSplitter } from './line-splitter';

/** What stands between the fields of a table. */
export const DELIMITERS = [';', '\t', '|', ','] as const;
export type Delimiter = (typeof DELIMITERS)[number];
export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/** How a table's text becomes fields and numbers. */
export interface TableForm {
	readonly encoding: TextEncoding;
	readonly delimiter: Delimiter;
	/** 3,5 is three and a half. */
	readonly decimalComma: boolean;
}

/** A file's first records, by which a person and the program see what it is. */
export interface TableHead {
	readonly encoding: TextEncoding;
	readonly records: readonly string[];
	/** Said by a first line `sep=;`, as spreadsheets write it. */
	readonly toldDelimiter: Delimiter | undefined;
}

const HEAD_BYTES = 65_536;
const SEP = /^sep=(.)$/iu;

/** The first 64 KiB. @returns undefined where it is no text */
export async function headText(
	file: Blob
): Promise<{ text: string; encoding: TextEncoding; whole: boolean } | undefined> {
	const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
	const encoding = encodingOf(bytes);
	const text = new TextDecoder(encoding).decode(bytes);
	return encoding && { encoding, text, whole: file.size <= HEAD_BYTES };
}

/** By its mark, and where it has none: UTF-8 if it is that, or else what spreadsheets of western Europe write. */
function encodingOf(bytes: Uint8Array): TextEncoding | undefined {
	if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
	if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
	if (bytes.includes(0)) return undefined;
	try {
		// A character that goes on behind the head is no fault.
		new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
		return 'utf-8';
	} catch {
		return 'windows-1252';
	}
}

/** @param whole the text is all of the file */
export function tableHead(text: string, encoding: TextEncoding, whole: boolean): TableHead {
	const splitter = new LineSplitter(true);
	const cut = [...splitter.push(text), ...(whole ? splitter.end() : [])];
	const records = cut.map((record) => record.text);
	const told = DELIMITERS.find((delimiter) => delimiter === SEP.exec(records[0] ?? '')?.[1]);
	return { encoding, records, toldDelimiter: told };
}

/** Records looked at to see how a table is cut. */
const LOOKED_AT = 50;

/** How many fields most of the first records have, and how many have so many. */
function usualWidth(records: readonly string[], delimiter: string): { width: number; rows: number } {
	const widths = new Map<number, number>();
	for (const record of records.slice(0, LOOKED_AT)) {
		const { length } = csvFields(record, delimiter);
		widths.set(length, (widths.get(length) ?? 0) + 1);
	}
	const [width = 0, rows = 0] = [...widths].toSorted((a, b) => b[1] - a[1] || b[0] - a[0])[0] ?? [];
	return { width, rows };
}

/** What cuts the most of the records alike; of equals the rarer in texts and numbers. */
export function guessDelimiter({ records, toldDelimiter }: TableHead): Delimiter {
	if (toldDelimiter) return toldDelimiter;
	const tries = DELIMITERS.map((delimiter) => ({ delimiter, ...usualWidth(records, delimiter) }));
	const [best] = tries.filter(({ width }) => width > 1).toSorted((a, b) => b.rows - a.rows);
	return best?.delimiter ?? ',';
}

/** What InfluxDB writes above each table of a file (Annotated CSV, "Annotations"). */
export const isAnnotation = (record: string): boolean =>
	/^"?#(?:group|datatype|default|constant)\b/u.test(record);

/** Where the table begins: what stands above it, as programs write of themselves, has fewer fields. */
export function tableStart({ records }: TableHead, delimiter: Delimiter): number {
	const { width } = usualWidth(records, delimiter);
	const widths = records
		.slice(0, LOOKED_AT)
		.map((record) => (isAnnotation(record) ? 0 : csvFields(record, delimiter).length));
	const first = Math.max(0, widths.indexOf(width));
	// Rows that end in a delimiter have one field more than their header.
	return width > 2 && widths[first - 1] === width - 1 ? first - 1 : first;
}

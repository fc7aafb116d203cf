import { err, ok, type Result } from '$lib/base';

/** One record, and the line that it begins in, from 1. */
export interface CsvRecord {
	readonly line: number;
	readonly fields: readonly string[];
}

/**
 * Commas, and quotes as RFC 4180 has them: `""` in a quoted field is one, and line ends in it are its own. Empty lines and those
 * that begin with `#` are left out.
 * @returns a fault where a quoted field has no end
 */
export function csvRecords(text: string): Result<readonly CsvRecord[], { readonly line: number }> {
	const records: CsvRecord[] = [];
	const field = /(?:"((?:[^"]|"")*)"|((?!")[^,\r\n]*))(,|\r\n|\n|\r|$)/uy;
	let [line, begun] = [1, 1];
	let fields: string[] = [];
	while (field.lastIndex < text.length || fields.length > 0) {
		if (fields.length === 0 && text[field.lastIndex] === '#') {
			const end = text.slice(field.lastIndex).search(/[\r\n]/u);
			if (end < 0) break;
			field.lastIndex += end;
		}
		const found = field.exec(text);
		if (!found) return err({ line });
		const [whole, inQuotes, plain = '', end] = found;
		fields.push(inQuotes?.replaceAll('""', '"') ?? plain);
		line += whole.match(/\r\n|\n|\r/gu)?.length ?? 0;
		if (end === ',') continue;
		if (fields.length > 1 || fields[0] !== '') records.push({ line: begun, fields });
		fields = [];
		begun = line;
		if (end === '') break;
	}
	return ok(records);
}

import { decimal } from './read-sample';

/** What stands between thousands: the other sign, a space of whatever width, or an apostrophe. */
const COMMA_GROUPS = /^[+-]?\d{1,3}(?:[.'’\s]\d{3})+(?:,\d+)?$/u;
const POINT_GROUPS = /^[+-]?\d{1,3}(?:[,'’\s]\d{3})+(?:\.\d+)?$/u;
/** What people and programs write where there is no value. */
const ABSENT = /^(?:|nan|null|nil|none|n\/?a|#n\/?a|-+|–|—|unavailable|unknown)$/iu;

export const isAbsent = (field: string): boolean => ABSENT.test(field.trim());

/** A number as people write it, with thousands apart or not. @returns undefined where it is no finite number */
export function foreignNumber(field: string, decimalComma: boolean): number | undefined {
	const text = field.trim().replace('\u2212', '-');
	const grouped = (decimalComma ? COMMA_GROUPS : POINT_GROUPS).test(text);
	const plain = grouped ? text.replaceAll(decimalComma ? /[.'’\s]/gu : /[,'’\s]/gu, '') : text;
	return decimal(decimalComma ? plain.replace(',', '.') : plain);
}

/**
 * Whether a comma stands before the fraction, by all numbers of a table: three digits behind a sign may be thousands, other counts
 * of digits are a fraction.
 * @param commaParts the comma stands between fields, so it would be quoted in one
 */
export function guessDecimalComma(fields: readonly string[], commaParts: boolean): boolean {
	let [commas, points, either] = [0, 0, 0];
	for (const field of fields) {
		const [, sign, fraction] = /^[+-]?[\d.,'’\s]*\d([.,])(\d+)$/u.exec(field.trim()) ?? [];
		if (sign === undefined || fraction === undefined) continue;
		if (fraction.length === 3) either += sign === ',' ? 1 : 0;
		else if (sign === ',') commas++;
		else points++;
	}
	return commas === points ? either > 0 && !commaParts : commas > points;
}

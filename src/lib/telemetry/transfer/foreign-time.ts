import { parseIsoTime } from '$lib/base';
import { foreignNumber } from './foreign-number';
import { namedDate } from './named-date';

/**
 * How somebody writes times. `iso`: year, month, day; `dmy`: day, month, year; `mdy`: month, day, year; `named`: the month by its name,
 * in any order; each with a time of day or none.
 * `count`: since 1970, in seconds below 10¹¹, milliseconds below 10¹⁴, else microseconds. `serial`: days since 1899-12-30, as
 * spreadsheets count them (ECMA-376 part 1 §18.17.4).
 */
export const TIME_FORMS = ['iso', 'dmy', 'mdy', 'named', 'count', 'serial'] as const;
export type TimeForm = (typeof TIME_FORMS)[number];
/** Of times that name no zone: this computer's, or UTC. */
export type TimeZoneTaken = 'local' | 'utc';

export interface TimeReading {
	readonly timeForm: TimeForm;
	readonly zone: TimeZoneTaken;
	readonly decimalComma: boolean;
}

const DATE = /^(\d{1,4})([./-]) ?(\d{1,2})\2 ?(\d{1,4})(?:(?:, ?| +|T)(.+))?$/iu;
const OF_DAY =
	/^(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,](\d{1,9}))?)?(?: ?([ap])\.?m\.?)?(?: ?(Z|UTC|(?:UTC|GMT)?[+-]\d\d:?(?:\d\d)?|GMT))?(?: ?Uhr| \([^)]*\))?$/iu;
const SERIAL_OF_1970 = 25_569;
/** From 1954 to 2119: what is counted otherwise is seldom so small. */
const SERIALS = [20_000, 80_000] as const;
const DAY_MS = 86_400_000;

/** Whether a field is a time of day that stands apart from its date. */
export const isTimeOfDay = (field: string): boolean => OF_DAY.test(field.trim()) && field.includes(':');

/** @returns ms since the Unix epoch; undefined where it is no such time */
export function foreignTime(
	field: string,
	{ timeForm, zone, decimalComma }: TimeReading
): number | undefined {
	const text = field.trim();
	if (timeForm === 'count' || timeForm === 'serial') {
		const count = foreignNumber(text, decimalComma);
		if (count === undefined || count < 0) return undefined;
		if (timeForm === 'count') return count < 1e11 ? count * 1000 : count < 1e14 ? count : count / 1000;
		if (count < SERIALS[0] || count > SERIALS[1]) return undefined;
		const wall = new Date(Math.round((count - SERIAL_OF_1970) * DAY_MS)).toISOString();
		return parseIsoTime(wall.slice(0, -1), zone);
	}
	const iso = timeForm === 'named' ? namedIso(text) : isoOf(text, timeForm);
	return iso === undefined ? undefined : parseIsoTime(iso, zone);
}

function namedIso(text: string): string | undefined {
	const found = namedDate(text);
	return found && (found.rest === undefined ? found.date : withTimeOfDay(found.date, found.rest));
}

/** A date of the calendar, in whichever order, as ISO 8601. */
function isoOf(text: string, order: 'iso' | 'dmy' | 'mdy'): string | undefined {
	const found = DATE.exec(text);
	if (!found) return order === 'iso' ? text : undefined;
	const [first, second, third] = [found[1]!, found[3]!, found[4]!];
	const [year, month, day] =
		order === 'iso'
			? [first, second, third]
			: order === 'dmy'
				? [third, second, first]
				: [third, first, second];
	if ((year.length !== 4 && (order === 'iso' || year.length !== 2)) || day.length > 2 || month.length > 2)
		return undefined;
	const full = year.length === 4 ? year : `${Number(year) < 70 ? 20 : 19}${year}`;
	const date = `${full}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
	return found[5] === undefined ? date : withTimeOfDay(date, found[5]);
}

function withTimeOfDay(date: string, text: string): string | undefined {
	const found = OF_DAY.exec(text.trim());
	if (!found) return undefined;
	const [, hour = '', minute = '', second = '00', fraction = '0', half, zone = ''] = found;
	let hours = Number(hour);
	if (half !== undefined) {
		if (hours < 1 || hours > 12) return undefined;
		hours = (hours % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
	}
	const offset = /^(?:UTC|GMT)$/iu.test(zone) ? 'Z' : zone.replace(/^(?:UTC|GMT)/iu, '');
	return `${date}T${String(hours).padStart(2, '0')}:${minute}:${second}.${fraction}${offset}`;
}

export interface GuessedForm {
	readonly timeForm: TimeForm;
	/** Of the fields asked of, as many can be read so. */
	readonly read: number;
	/** Day and month could be the other way round too, and nothing in the fields says which. */
	readonly unsure: boolean;
}

/**
 * How some fields of times are written. Where both orders of day and month can be read, a file of measurements spans less time in the
 * right one; where that says nothing either, the day comes first, and it is told as unsure unless dots stand between.
 */
export function guessTimeForm(fields: readonly string[], decimalComma: boolean): GuessedForm | undefined {
	const told = fields.filter((field) => field.trim() !== '');
	const as = (timeForm: TimeForm) => {
		const times = told.flatMap((field) => foreignTime(field, { timeForm, zone: 'utc', decimalComma }) ?? []);
		const [fromMs, toMs] = times.reduce(
			([least, most], timeMs) => [Math.min(least, timeMs), Math.max(most, timeMs)],
			[Infinity, -Infinity]
		);
		return { timeForm, read: times.length, spanMs: toMs - fromMs };
	};
	const [dmy, mdy] = [as('dmy'), as('mdy')];
	const tied = dmy.read === mdy.read;
	const days = (tied ? mdy.spanMs < dmy.spanMs : mdy.read > dmy.read) ? mdy : dmy;
	const best = [as('iso'), days, as('named'), as('serial'), as('count')].reduce((a, b) =>
		b.read > a.read ? b : a
	);
	if (best.read === 0) return undefined;
	const unsure = best === days && tied && mdy.spanMs === dmy.spanMs && told.some(isEitherWay);
	return { timeForm: best.timeForm, read: best.read, unsure };
}

/** Day and month differ, and no dots say that the day comes first. */
function isEitherWay(field: string): boolean {
	const found = DATE.exec(field.trim());
	return found !== null && found[2] !== '.' && Number(found[1]) !== Number(found[3]);
}

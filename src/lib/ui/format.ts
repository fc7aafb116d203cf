const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** What stands where a number would: the same everywhere, and read out as "no value". */
export const NO_VALUE = '–';

const formats = new Map<number, Intl.NumberFormat>();
const scientific = new Intl.NumberFormat(undefined, { notation: 'scientific', maximumSignificantDigits: 4 });
const small = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 2 });

/** Beyond these a number is written with its power of ten, so that it stays short enough to be read. */
const HUGE = 1e9;
const TINY = 1e-4;
/** Where a fraction is shown, no more digits than these: the rest would be noise. */
const MOST_DIGITS = 6;
/** Who shows so many decimals means small values too: they are not rounded to a zero that nobody measured. */
const FINE_DECIMALS = 2;

/** A number in the reader's own notation, with `decimals` digits after the point where it is of usual size. */
export function formatNumber(value: number, decimals = 0): string {
	const size = Math.abs(value);
	if (Number.isFinite(size)) {
		if (size >= HUGE) return withMinus(scientific.format(value));
		if (decimals >= FINE_DECIMALS && size > 0 && size < 0.5 * 10 ** -decimals)
			return withMinus((size < TINY ? scientific : small).format(value));
	}
	const whole = size >= 1 ? Math.floor(Math.log10(size)) + 1 : 1;
	const shown = Math.min(decimals, Math.max(0, MOST_DIGITS - whole));
	let format = formats.get(shown);
	if (!format) {
		format = new Intl.NumberFormat(undefined, {
			minimumFractionDigits: shown,
			maximumFractionDigits: shown
		});
		formats.set(shown, format);
	}
	const text = format.format(value);
	// "-0.0" is a rounding, not a reading.
	return withMinus(/[1-9]|∞|NaN/u.test(text) ? text : format.format(0));
}

/** "1 sample", "2 samples", "1,200 boxes". @param many where it is not `one` and an s */
export const formatCount = (n: number, one: string, many = `${one}s`): string =>
	`${formatNumber(n)} ${n === 1 ? one : many}`;

/** A minus is as wide as a digit, so that figures stay in their columns. */
const withMinus = (text: string): string => text.replaceAll('-', '\u2212');

/** A value's age in its largest unit that says enough: "now", "12 s", "4 min", "3 h", "5 d". Never negative: clocks differ. */
export function formatAge(ageMs: number): string {
	if (ageMs < 1.5 * SECOND_MS) return 'now';
	if (ageMs < MINUTE_MS) return `${Math.floor(ageMs / SECOND_MS)} s`;
	if (ageMs < HOUR_MS) return `${Math.floor(ageMs / MINUTE_MS)} min`;
	if (ageMs < 2 * DAY_MS) return `${Math.floor(ageMs / HOUR_MS)} h`;
	return `${Math.floor(ageMs / DAY_MS)} d`;
}

/** A span in words: "15 minutes", "1 hour", "2.5 days". @param ms > 0 */
export function formatSpan(ms: number): string {
	const [size, name]: readonly [number, string] =
		ms >= DAY_MS
			? [DAY_MS, 'day']
			: ms >= HOUR_MS
				? [HOUR_MS, 'hour']
				: ms >= MINUTE_MS
					? [MINUTE_MS, 'minute']
					: [SECOND_MS, 'second'];
	const count = Math.round((ms / size) * 10) / 10;
	return `${count} ${name}${count === 1 ? '' : 's'}`;
}

/** A device's uptime: "42 s", "5 min", "3 h 12 min", "12 d 4 h". @param seconds since its boot */
export function formatUptime(seconds: number): string {
	if (seconds < 60) return `${Math.floor(seconds)} s`;
	if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
	if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
	return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3600)} h`;
}

/** Decimal units, as disks are sold and browsers report quota: "0 B", "812 kB", "1.4 GB". */
export function formatBytes(bytes: number): string {
	const units = ['B', 'kB', 'MB', 'GB', 'TB'];
	let size = bytes;
	let unit = 0;
	while (size >= 1000 && unit < units.length - 1) {
		size /= 1000;
		unit++;
	}
	return `${formatNumber(size, unit > 0 && size < 10 ? 1 : 0)} ${units[unit] ?? ''}`;
}

const clockFormat = new Intl.DateTimeFormat(undefined, {
	hour: '2-digit',
	minute: '2-digit',
	second: '2-digit'
});
const minuteFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const dateFormat = new Intl.DateTimeFormat(undefined, {
	year: 'numeric',
	month: 'short',
	day: 'numeric',
	hour: '2-digit',
	minute: '2-digit',
	second: '2-digit'
});

/** Time of day to the second, in the reader's own time zone. @param ms since the Unix epoch */
export const formatClock = (ms: number): string => clockFormat.format(ms);
/** Date and time of day to the minute, in the reader's own time zone. @param ms since the Unix epoch */
export const formatMinute = (ms: number): string => minuteFormat.format(ms);
/** Date and time of day, in the reader's own time zone. @param ms since the Unix epoch */
export const formatDateTime = (ms: number): string => dateFormat.format(ms);

const ISO =
	/^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(?:(Z)|([+-])(\d\d):?(\d\d)?))?)?$/iu;

/**
 * ISO 8601, as other people's devices and files write it: a date, and mostly a time with seconds and fraction or without, `T` or a
 * space, `Z`, an offset or none.
 * @param zone of what says none: UTC, or this computer's
 * @returns ms since the Unix epoch; undefined where it is no time of the calendar
 */
export function parseIsoTime(text: string, zone: 'utc' | 'local'): number | undefined {
	const found = ISO.exec(text.trim());
	if (!found) return undefined;
	const part = (at: number) => Number(found[at] ?? 0);
	const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(part) as Six;
	const fractionMs = Math.floor(Number(`0.${found[7] ?? '0'}`) * 1000);
	const wholeMs = Date.UTC(year, month - 1, day, hour, minute, second);
	const date = new Date(wholeMs);
	const real =
		date.getUTCFullYear() === year &&
		date.getUTCMonth() === month - 1 &&
		date.getUTCDate() === day &&
		hour < 24 &&
		minute < 60 &&
		second < 60 &&
		part(10) < 24 &&
		part(11) < 60;
	if (!real) return undefined;
	if (zone === 'local' && found[8] === undefined && found[9] === undefined)
		return new Date(year, month - 1, day, hour, minute, second).getTime() + fractionMs;
	const offsetMs = (part(10) * 60 + part(11)) * 60_000 * (found[9] === '-' ? -1 : 1);
	return wholeMs + fractionMs - offsetMs;
}
type Six = [number, number, number, number, number, number];

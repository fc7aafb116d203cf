import type { ClockQuality } from '$lib/model';

const EARLIEST_MS = Date.UTC(2015, 0, 1);
const DAY_MS = 24 * 3600 * 1000;
/** Numbers below are seconds since the Unix epoch, others ms: as seconds it is the year 5138, as ms 1973. */
const LARGEST_SECONDS = 1e11;

const ISO =
	/^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?:(Z)|([+-])(\d\d):?(\d\d)?)?$/iu;

/**
 * ISO 8601 date and time, as other people's devices write it: with seconds and fraction or without, `T` or a space, `Z`, an offset or
 * none, which is read as UTC. @returns ms since the Unix epoch; undefined where it is no time of the calendar
 */
export function parseIsoTime(text: string): number | undefined {
	const found = ISO.exec(text);
	if (!found) return undefined;
	const part = (at: number) => Number(found[at] ?? 0);
	const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map(part) as Six;
	const fractionMs = Math.floor(Number(`0.${found[7] ?? '0'}`) * 1000);
	const wholeMs = Date.UTC(year, month - 1, day, hour, minute, second);
	const date = new Date(wholeMs);
	const real =
		date.getUTCMonth() === month - 1 &&
		date.getUTCDate() === day &&
		hour < 24 &&
		minute < 60 &&
		second < 60 &&
		part(10) < 24 &&
		part(11) < 60;
	if (!real) return undefined;
	const offsetMs = (part(10) * 60 + part(11)) * 60_000 * (found[9] === '-' ? -1 : 1);
	return wholeMs + fractionMs - offsetMs;
}
type Six = [number, number, number, number, number, number];

/** Where a message says when it was. */
export const TIME_MEMBERS = ['timestamp', 'time', 'ts', 'datetime', 'created_at'] as const;

/**
 * The time of what a message of another convention says: its own where it has one that can be, else that of the receipt.
 * @returns `fault` where it says a time that cannot be
 */
export function toldTime(
	body: Readonly<Record<string, unknown>>,
	receivedMs: number
): { readonly timeMs: number; readonly clock: ClockQuality; readonly fault: boolean } {
	const name = TIME_MEMBERS.find((member) => body[member] !== undefined && body[member] !== null);
	const said = name === undefined ? undefined : body[name];
	const timeMs =
		typeof said === 'string'
			? parseIsoTime(said)
			: typeof said === 'number'
				? said * (said < LARGEST_SECONDS ? 1000 : 1)
				: undefined;
	if (timeMs !== undefined && timeMs >= EARLIEST_MS && timeMs <= receivedMs + DAY_MS)
		return { timeMs, clock: 'synchronised', fault: false };
	return { timeMs: receivedMs, clock: 'unsynchronised', fault: name !== undefined };
}

import { parseIsoTime } from '$lib/base';
import { isBelievedTime, presentUntil, type ClockQuality } from '$lib/model';

/** Numbers below are seconds since the Unix epoch, others ms: as seconds it is the year 5138, as ms 1973. */
const LARGEST_SECONDS = 1e11;

/** Where a message says when it was. */
export const TIME_MEMBERS = ['timestamp', 'time', 'ts', 'datetime', 'created_at'] as const;

/**
 * The time of what a message of another convention says: its own where it has one that can be (UTC
 * where it names no zone), else that of the receipt.
 * @returns `fault` where it says a time that cannot be
 */
export function toldTime(
	body: Readonly<Record<string, unknown>>,
	receivedMs: number
): { readonly timeMs: number; readonly clock: ClockQuality; readonly fault: boolean } {
	const name = TIME_MEMBERS.find((member) => body[member] !== undefined && body[member] !== null);
	const said = name === undefined ? undefined : body[name];
	const timeMs =
		typeof said === 'string' && said.includes(':') // a day alone is no time
			? parseIsoTime(said, 'utc')
			: typeof said === 'number'
				? said * (said < LARGEST_SECONDS ? 1000 : 1)
				: undefined;
	if (timeMs !== undefined && isBelievedTime(timeMs, presentUntil(receivedMs)))
		return { timeMs, clock: 'synchronised', fault: false };
	return { timeMs: receivedMs, clock: 'unsynchronised', fault: name !== undefined };
}

/** A device's clock that says an earlier time was never set: no device that we talk to is as old. ms since the Unix epoch. */
export const EARLIEST_TOLD_MS = Date.UTC(2015, 0, 1);
/** What anybody says is later is a fault. */
export const LATEST_MS = Date.UTC(2100, 0, 1);
/** What a file brings may be older than any device of ours. */
export const EARLIEST_MS = Date.UTC(1900, 0, 1);

const DAY_MS = 24 * 3600 * 1000;

/**
 * Whether a time that a device tells can be. One that says that its clock is set is believed as far as `LATEST_MS`, for the receiver's
 * own clock may be the wrong one; of any other the receiver's clock and a day is the bound. All in ms.
 */
export const isBelievedTime = (timeMs: number, latestMs = LATEST_MS): boolean =>
	timeMs >= EARLIEST_TOLD_MS && timeMs <= latestMs;

/** How far ahead of a clock that says `nowMs` a time may lie and still be of now, ms: zones that were mistaken, clocks that drift. */
export const presentUntil = (nowMs: number): number => nowMs + DAY_MS;

/**
 * Whether a value of one time is to be shown as the latest rather than one of another. What lies ahead of the present is the fault of a
 * clock: it gives way to whatever does not. Where all do, the clock that says what is present is the wrong one. All in ms.
 * @param untilMs `presentUntil` of now
 */
export const isLater = (timeMs: number, thanMs: number, untilMs: number): boolean =>
	timeMs > untilMs === thanMs > untilMs ? timeMs >= thanMs : timeMs <= untilMs;

/** Whether anything can have been measured then: what is stored has such a time. NaN is none. */
export const isPossibleTime = (timeMs: number): boolean => timeMs >= EARLIEST_MS && timeMs <= LATEST_MS;

import type { Comparison } from './history-query';

/** How the earlier time is called, in a sentence: "against the day before". */
export const COMPARISON_WORDS = {
	off: 'nothing',
	previous: 'the time just before',
	day: 'the day before',
	week: 'the week before',
	year: 'the year before'
} as const satisfies Record<Comparison, string>;

/** As they are chosen, after "Showing the last day". */
export const COMPARISON_CHOICES = {
	off: 'on its own',
	previous: `against ${COMPARISON_WORDS.previous}`,
	day: `against ${COMPARISON_WORDS.day}`,
	week: `against ${COMPARISON_WORDS.week}`,
	year: `against ${COMPARISON_WORDS.year}`
} as const satisfies Record<Comparison, string>;

interface Range {
	/** ms since the epoch */
	readonly fromMs: number;
	readonly toMs: number;
}

/** From a time on, how far back lies what it is compared with. */
export interface EarlierShift {
	/** ms since the epoch */
	readonly fromMs: number;
	/** > 0 */
	readonly shiftMs: number;
}

/** An earlier time, and how it is called. */
export interface Earlier {
	readonly name: string;
	readonly comparison: Exclude<Comparison, 'off'>;
	/** By time; more than one where clocks were changed, now or then. */
	readonly shifts: readonly EarlierShift[];
}

/** The same time of day where the reader lives, over changes of summer time too; a year before 29 February is 28 February. */
function thenOf(comparison: Exclude<Comparison, 'off' | 'previous'>, timeMs: number): number {
	const then = new Date(timeMs);
	switch (comparison) {
		case 'day':
			then.setDate(then.getDate() - 1);
			break;
		case 'week':
			then.setDate(then.getDate() - 7);
			break;
		case 'year': {
			const month = then.getMonth();
			then.setFullYear(then.getFullYear() - 1);
			if (then.getMonth() !== month) then.setDate(0);
		}
	}
	return then.getTime();
}

/** The time that a range is compared with: of both ends the same time of day, so it may be an hour longer or shorter. Undefined: none. */
export function earlierRange(comparison: Comparison, { fromMs, toMs }: Range): Range | undefined {
	if (comparison === 'off') return undefined;
	if (comparison === 'previous') return { fromMs: 2 * fromMs - toMs, toMs: fromMs };
	const end = thenOf(comparison, toMs);
	const begin = thenOf(comparison, fromMs);
	// Within the hour that comes twice, the same time of day comes again.
	return begin < end ? { fromMs: begin, toMs: end } : { fromMs: end - (toMs - fromMs), toMs: end };
}

/** Changes are at least a day apart. */
const STEP_MS = 12 * 60 * 60 * 1000;

/**
 * How far back lies what each time of a range is compared with: the first from before it on, the last for ever.
 * @param spanMs of the window, which the time just before it is as long as
 */
export function earlierShifts(
	comparison: Exclude<Comparison, 'off'>,
	{ fromMs, toMs }: Range,
	spanMs: number
): readonly EarlierShift[] {
	if (comparison === 'previous') return [{ fromMs: -Infinity, shiftMs: spanMs }];
	const shiftAt = (timeMs: number) => timeMs - thenOf(comparison, timeMs);
	const shifts = [{ fromMs: -Infinity, shiftMs: shiftAt(fromMs) }];
	for (let beforeMs = fromMs; beforeMs < toMs; beforeMs += STEP_MS) {
		const shiftMs = shiftAt(beforeMs + STEP_MS);
		if (shiftMs === shifts.at(-1)!.shiftMs) continue;
		let [low, high] = [beforeMs, beforeMs + STEP_MS];
		while (high - low > 1) {
			const middle = Math.floor((low + high) / 2);
			if (shiftAt(middle) === shiftMs) high = middle;
			else low = middle;
		}
		shifts.push({ fromMs: high, shiftMs });
	}
	return shifts;
}

/** What a window needs of the earlier time. */
export function earlierReach(shifts: readonly EarlierShift[], { fromMs, toMs }: Range): Range {
	const ends = shifts.flatMap(({ fromMs: sinceMs, shiftMs }, i) => {
		const begin = Math.max(fromMs, sinceMs);
		const end = Math.min(toMs, shifts[i + 1]?.fromMs ?? Infinity);
		return begin < end ? [begin - shiftMs, end - shiftMs] : [];
	});
	return { fromMs: Math.min(...ends), toMs: Math.max(...ends) };
}

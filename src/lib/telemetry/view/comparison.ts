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

/**
 * How far back the earlier time lies, ms. A day, a week and a year before have the same time of day where the reader lives,
 * over changes of summer time too; a year before 29 February is 28 February.
 * @returns undefined where nothing is compared
 */
export function earlierByMs(
	comparison: Comparison,
	{ fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }
): number | undefined {
	const then = new Date(toMs);
	switch (comparison) {
		case 'off':
			return undefined;
		case 'previous':
			return toMs - fromMs;
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
	return toMs - then.getTime();
}

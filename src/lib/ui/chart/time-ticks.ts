const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Steps that people count in, narrowest first. `ms` is the shortest one of them can be. */
type Step =
	| { readonly unit: 'clock'; readonly ms: number }
	| { readonly unit: 'day' | 'week' | 'month' | 'year'; readonly n: number; readonly ms: number };

const STEPS: readonly Step[] = [
	...[1, 2, 5, 10, 15, 30].map((n) => ({ unit: 'clock', ms: n * SECOND }) as const),
	...[1, 2, 5, 10, 15, 30].map((n) => ({ unit: 'clock', ms: n * MINUTE }) as const),
	...[1, 2, 3, 6, 12].map((n) => ({ unit: 'clock', ms: n * HOUR }) as const),
	...[1, 2].map((n) => ({ unit: 'day', n, ms: n * DAY }) as const),
	...[1, 2].map((n) => ({ unit: 'week', n, ms: 7 * n * DAY }) as const),
	...[1, 2, 3, 6].map((n) => ({ unit: 'month', n, ms: 28 * n * DAY }) as const),
	...[1, 2, 5, 10].map((n) => ({ unit: 'year', n, ms: 365 * n * DAY }) as const)
];

export interface TimeTick {
	readonly value: number;
	readonly label: string;
	/** What the label leaves out (day, year): said at the first tick and wherever it changes, else ''. */
	readonly context: string;
	/** Begins a day among hours, a month among days, a year among months: drawn stronger. */
	readonly major: boolean;
}

const format = (options: Intl.DateTimeFormatOptions) => {
	const made = new Intl.DateTimeFormat(undefined, options);
	return (date: Date) => made.format(date);
};
const minutes = format({ hour: '2-digit', minute: '2-digit' });
const seconds = format({ hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = format({ day: 'numeric', month: 'short' });
const dayOfYear = format({ day: 'numeric', month: 'short', year: 'numeric' });
const month = format({ month: 'short' });
const year = format({ year: 'numeric' });

/**
 * Round times in the reader's own time zone, over changes of summer time, leap days and months of any length.
 * @param most how many fit side by side, ≥ 2
 */
export function timeTicks(fromMs: number, toMs: number, most: number): readonly TimeTick[] {
	const step =
		STEPS.find(({ ms }) => (toMs - fromMs) / ms <= most) ??
		({ unit: 'year', n: Math.ceil((toMs - fromMs) / most / (365 * DAY)), ms: Infinity } as const);
	const ticks: TimeTick[] = [];
	let context = '';
	for (let t = firstAtOrAfter(fromMs, step); t <= toMs; t = firstAtOrAfter(t + 1, step)) {
		const tick = toTick(t, step);
		ticks.push(tick.context === context ? { ...tick, context: '' } : tick);
		context = tick.context;
	}
	return ticks;
}

function firstAtOrAfter(ms: number, step: Step): number {
	return step.unit === 'clock' ? clockAtOrAfter(ms, step.ms) : dateAtOrAfter(ms, step);
}

/** Counted from local midnight, so that "every 6 hours" means 0, 6, 12, 18 where the reader lives. */
function clockAtOrAfter(ms: number, step: number): number {
	const shift = new Date(ms).getTimezoneOffset() * MINUTE;
	const local = Math.ceil((ms - shift) / step) * step + shift;
	// A change of the offset on the way moves local midnight: correct by the difference.
	const late = new Date(local).getTimezoneOffset() * MINUTE - shift;
	return late !== 0 && step > HOUR && local + late >= ms ? local + late : local;
}

/** The first local midnight not before `ms` of a day, Monday, first of a month or year that the step falls on. */
function dateAtOrAfter(ms: number, step: Exclude<Step, { unit: 'clock' }>): number {
	const date = new Date(ms);
	if (date.setHours(0, 0, 0, 0) < ms) date.setDate(date.getDate() + 1);
	if (step.unit === 'day' || step.unit === 'week') {
		const stepDays = step.unit === 'day' ? step.n : 7 * step.n;
		const days = Math.round((date.getTime() - date.getTimezoneOffset() * MINUTE) / DAY);
		// 1970 began on a Thursday: weeks are counted from the Monday after.
		const beyond = (((days - (step.unit === 'week' ? 4 : 0)) % stepDays) + stepDays) % stepDays;
		if (beyond > 0) date.setDate(date.getDate() + stepDays - beyond);
		return date.getTime();
	}
	const stepMonths = step.unit === 'month' ? step.n : 12 * step.n;
	const months = date.getFullYear() * 12 + date.getMonth() + (date.getDate() > 1 ? 1 : 0);
	return new Date(0, Math.ceil(months / stepMonths) * stepMonths - 1900 * 12, 1).getTime();
}

function toTick(value: number, step: Step): TimeTick {
	const date = new Date(value);
	switch (step.unit) {
		case 'clock': {
			const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
			const label = (step.ms < MINUTE ? seconds : minutes)(date);
			return { value, label, context: dayOfYear(date), major: midnight };
		}
		case 'day':
		case 'week':
			return { value, label: day(date), context: year(date), major: date.getDate() === 1 };
		case 'month':
			return { value, label: month(date), context: year(date), major: date.getMonth() === 0 };
		case 'year':
			return { value, label: year(date), context: '', major: false };
	}
}

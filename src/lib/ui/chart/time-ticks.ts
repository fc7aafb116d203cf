const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Steps that people count in. */
const STEPS = [
	...[1, 2, 5, 10, 15, 30].map((n) => n * SECOND),
	...[1, 2, 5, 10, 15, 30].map((n) => n * MINUTE),
	...[1, 2, 3, 6, 12].map((n) => n * HOUR),
	...[1, 2, 7, 14, 28, 91, 182].map((n) => n * DAY)
];

export interface TimeTick {
	readonly value: number;
	readonly label: string;
	/** Begins a day: drawn stronger, and says the date. */
	readonly major: boolean;
}

const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const toTheSecond = new Intl.DateTimeFormat(undefined, {
	hour: '2-digit',
	minute: '2-digit',
	second: '2-digit'
});
const dayOfYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });

/**
 * Round times in the reader's own time zone, over changes of summer time too.
 * @param most how many fit side by side, ≥ 2
 */
export function timeTicks(fromMs: number, toMs: number, most: number): readonly TimeTick[] {
	const step = STEPS.find((s) => (toMs - fromMs) / s <= most) ?? 364 * DAY;
	const ticks: TimeTick[] = [];
	for (let t = firstAtOrAfter(fromMs, step); t <= toMs; t = firstAtOrAfter(t + step / 2 + 1, step))
		ticks.push(toTick(t, step));
	return ticks;
}

/** Counted from local midnight, so that "every 6 hours" means 0, 6, 12, 18 where the reader lives. */
function firstAtOrAfter(ms: number, step: number): number {
	if (step >= DAY) {
		const day = new Date(ms);
		day.setHours(0, 0, 0, 0);
		if (day.getTime() < ms) day.setDate(day.getDate() + 1);
		const days = Math.round((day.getTime() - day.getTimezoneOffset() * MINUTE) / DAY);
		const stepDays = step / DAY;
		day.setDate(day.getDate() + ((stepDays - (days % stepDays)) % stepDays));
		return day.getTime();
	}
	const shift = new Date(ms).getTimezoneOffset() * MINUTE;
	const local = Math.ceil((ms - shift) / step) * step + shift;
	// A change of the offset on the way moves local midnight: correct by the difference.
	const late = new Date(local).getTimezoneOffset() * MINUTE - shift;
	return late !== 0 && step >= HOUR && local + late >= ms ? local + late : local;
}

function toTick(value: number, step: number): TimeTick {
	const date = new Date(value);
	const midnight = date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
	const format = midnight ? dayOfYear : step < MINUTE ? toTheSecond : timeOfDay;
	return { value, label: format.format(date), major: midnight };
}

import type { MetricInfo } from '$lib/model';
import { formatNumber } from '$lib/ui';
import type { Aggregates } from '../store';

/** One figure of a whole range, in words and the unit that suits its size. */
export interface RangeFigure {
	readonly key: 'min' | 'max' | 'last' | 'avg' | 'timeAvg' | 'p95' | 'risen' | 'rate' | 'integral';
	readonly label: string;
	readonly value: string;
	readonly unit: string;
	/** What it means, for who wonders. */
	readonly says: string;
	/** Signed, against the earlier time: "+0.4 °C"; undefined where nothing is compared. */
	readonly change: string | undefined;
}

/** What the area under a curve is called, by the curve's unit. */
const INTEGRALS: Readonly<Record<string, { readonly label: string; readonly unit: string }>> = {
	W: { label: 'Energy', unit: 'Wh' },
	A: { label: 'Charge', unit: 'Ah' },
	'W/m²': { label: 'Irradiation', unit: 'Wh/m²' }
};

/** Figures that have the digits of one reading. */
const READINGS = { min: true, max: true, last: true, p95: true };

/** Against a time of which less than this share of what is measured now was measured, a difference would tell of the gaps. */
const COMPARABLE_SHARE = 0.5;

/** Whether enough was measured of the earlier time to tell a difference to it. */
export const comparable = (now: Aggregates, earlier: Aggregates): boolean =>
	earlier.coveredMs >= COMPARABLE_SHARE * now.coveredMs;

/**
 * What a chart's whole window says.
 * @param before the same of the time it is compared with: null where there was nothing, undefined where nothing is compared
 */
export function rangeFigures(
	info: MetricInfo,
	now: Aggregates,
	before?: Aggregates | null
): readonly RangeFigure[] {
	const earlier = before && comparable(now, before) ? before : undefined;
	const { decimals, unit } = info;
	/** One digit more than a reading, up to two: a mean of many knows more than one of them. */
	const digits = Math.max(decimals, Math.min(2, decimals + 1));
	const plain = (key: keyof typeof READINGS | 'avg' | 'timeAvg', label: string, says: string) => {
		const [value, then] = [now[key], earlier?.[key]];
		if (value === undefined) return [];
		const shown = key in READINGS ? decimals : digits;
		const text = formatNumber(value, shown);
		return [{ key, label, value: text, unit, says, change: changeOf(value, then, shown, unit) }];
	};
	// The mean of a counter's readings says nothing.
	if (info.counter)
		return [
			...increaseOf(info, now, earlier),
			...rateOf(unit, now, earlier),
			...plain('last', 'Last reading', 'What the counter showed at the end of this time.')
		];
	return [
		...plain('min', 'Lowest', 'The lowest single measurement of this time.'),
		...plain('avg', 'Mean', 'Each measurement counts the same.'),
		...plain('max', 'Highest', 'The highest single measurement of this time.'),
		...plain('p95', '95 % below', '95 of 100 measurements are not above this.'),
		...plain('timeAvg', 'Mean over time', 'Each measurement counts as long as it lasted; gaps do not count.'),
		...integralOf(unit, now, earlier)
	];
}

/** How much of the time is measured, and what to think of the figures. @param spanMs of the window so far */
export function coverageWords(
	{ counter }: Pick<MetricInfo, 'counter'>,
	all: Aggregates,
	spanMs: number
): string {
	const covered = `${countWords(all, spanMs)} of this time.`;
	if (!all.reduced) return covered;
	const what = !counter
		? 'lowest, highest and mean are exact, what counts by time is close, and what 95 % are below cannot be told'
		: all.risenLeast
			? 'the counter began anew in some of them, and had it done so more than once in one, it rose by more'
			: 'the increase is exact, how fast it rose is close';
	return `${covered} Part of it is read as minutes or longer rather than single measurements: ${what}. A shorter time is read in full where they are still kept; where not, what an end of this time cuts is left out.`;
}

/**
 * How the figures stand to the time they are compared with.
 * @param name what that is called: "the day before"
 * @param earlier null where nothing was measured then
 */
export function comparisonWords(
	now: Aggregates,
	earlier: Aggregates | null,
	name: string,
	spanMs: number
): string {
	if (!earlier) return `Nothing was measured ${name}: there is no difference to tell.`;
	const then = `${countWords(earlier, spanMs)} of ${name}`;
	return comparable(now, earlier)
		? `Small figures are the difference to ${name}; ${then}.`
		: `Only ${then}: too little to tell a difference.`;
}

function countWords({ coveredMs, count }: Aggregates, spanMs: number): string {
	const share = Math.min(1, coveredMs / Math.max(1, spanMs));
	const percent =
		share > 0.995 && share < 1 ? '99' : formatNumber(share * 100, share > 0 && share < 0.1 ? 1 : 0);
	return `${formatNumber(count)} ${count === 1 ? 'measurement covers' : 'measurements cover'} ${percent} %`;
}

function increaseOf(
	{ decimals, unit }: MetricInfo,
	now: Aggregates,
	earlier: Aggregates | undefined
): RangeFigure[] {
	const least = now.risenLeast ? '≥ ' : '';
	return [
		{
			...{ key: 'risen', label: 'Increase', value: `${least}${formatNumber(now.risen, decimals)}`, unit },
			says: now.risenLeast
				? 'The counter rose at least so far in this time; where it fell it began anew.'
				: 'How far the counter rose in this time; where it fell it began anew.',
			change: changeOf(now.risen, earlier?.risen, decimals, unit)
		}
	];
}

function integralOf(unit: string, now: Aggregates, earlier: Aggregates | null | undefined): RangeFigure[] {
	const known = Object.hasOwn(INTEGRALS, unit) ? INTEGRALS[unit] : undefined;
	if (!known || now.coveredMs <= 0) return [];
	const { factor, prefix } = prefixOf(now.integral);
	const shownUnit = `${prefix}${known.unit}`;
	const value = now.integral / factor;
	const digits = digitsOf(value);
	return [
		{
			...{ key: 'integral', label: known.label, value: formatNumber(value, digits), unit: shownUnit },
			says: 'The area under the curve; gaps count as nothing.',
			change: changeOf(value, earlier ? earlier.integral / factor : undefined, digits, shownUnit)
		}
	];
}

function rateOf(unit: string, now: Aggregates, earlier: Aggregates | null | undefined): RangeFigure[] {
	if (now.ratePerS === undefined) return [];
	const { perS, name } = rateUnit(unit, Math.abs(now.ratePerS));
	const value = now.ratePerS * perS;
	const digits = digitsOf(value);
	const then = earlier?.ratePerS;
	return [
		{
			...{ key: 'rate', label: 'Rises by', value: formatNumber(value, digits), unit: name },
			says: 'How fast the counter rose over this time; where it fell it began anew.',
			change: changeOf(value, then === undefined ? undefined : then * perS, digits, name)
		}
	];
}

/** A rate in a unit of time in which it is at least 1; energy by the hour is power. */
function rateUnit(unit: string, perSecond: number): { perS: number; name: string } {
	if (unit === 'kWh' || unit === 'Wh') return { perS: 3600, name: unit.slice(0, -1) };
	const times = [
		[1, 's'],
		[60, 'min'],
		[3600, 'h'],
		[86_400, 'd']
	] as const;
	const [perS, name] = times.find(([perS]) => perSecond * perS >= 1) ?? [86_400, 'd'];
	return { perS, name: `${unit === '' ? '' : unit}/${name}` };
}

function prefixOf(value: number): { factor: number; prefix: string } {
	const size = Math.abs(value);
	if (size >= 1e6) return { factor: 1e6, prefix: 'M' };
	if (size >= 1e3) return { factor: 1e3, prefix: 'k' };
	return size > 0 && size < 1 ? { factor: 1e-3, prefix: 'm' } : { factor: 1, prefix: '' };
}

/** Three digits that count. */
const digitsOf = (value: number): number =>
	value === 0 ? 0 : Math.min(3, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));

function changeOf(value: number, then: number | undefined, digits: number, unit: string): string | undefined {
	if (then === undefined) return undefined;
	// What is less than its last digit is no difference that could be told.
	const difference = Math.round((value - then) * 10 ** digits) / 10 ** digits;
	const signed = `${difference > 0 ? '+' : ''}${formatNumber(difference, digits)}`;
	return unit === '' || unit.startsWith('/') ? `${signed}${unit}` : `${signed} ${unit}`;
}

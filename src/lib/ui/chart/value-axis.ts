import { formatNumber } from '../format';

/** What a value axis shows, and the round values that get a line; ascending. */
export interface ValueAxis {
	readonly min: number;
	readonly max: number;
	readonly ticks: readonly number[];
}

/** Room beyond the lines, of what they take. */
const GRACE = 0.08;
const STEPS = [1, 2, 2.5, 5, 10];

/**
 * An axis from one round value to another, in the fewest steps that do not waste it. What has no negative values gets no
 * negative axis, and what has no positive ones no positive axis.
 * @param low and `high`: what is drawn, low < high
 * @param most ticks, at least 4
 */
export function valueAxis(low: number, high: number, most: number): ValueAxis {
	const room = (high - low) * GRACE;
	const from = low >= 0 ? Math.max(0, low - room) : low - room;
	const to = high <= 0 ? Math.min(0, high + room) : high + room;
	let size = 10 ** Math.floor(Math.log10((to - from) / most));
	for (;;) {
		for (const one of STEPS) {
			const step = one * size;
			const first = Math.floor(from / step + NOISE);
			const last = Math.ceil(to / step - NOISE);
			if (last - first >= most) continue;
			const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
			return { min: first * step, max: last * step, ticks };
		}
		size *= 10;
	}
}

/** What doubles add to a quotient that is whole. */
const NOISE = 1e-9;

/**
 * What of the values is drawn, lowest and highest: at least a few of the last digits, since less is noise and is drawn as calm.
 * @param low and `high`: Infinity and −Infinity where there is none
 */
export function drawnRange(low: number, high: number, decimals: number): readonly [number, number] {
	if (!(low <= high)) return [0, 1];
	const half = (5 * 10 ** -decimals) / 2;
	const middle = (low + high) / 2;
	const [from, to] = [Math.min(low, middle - half), Math.max(high, middle + half)];
	// Where calm is drawn wider than it is, it gets no side of zero that it does not have.
	return low >= 0 && from < 0 ? [0, to - from] : high <= 0 && to > 0 ? [from - to, 0] : [from, to];
}

/**
 * A tick's value in so many digits that none is said as another value than its own.
 * @param decimals of what is measured
 */
export function tickWords(
	value: number,
	ticks: readonly { readonly value: number }[],
	decimals: number
): string {
	const step = Math.abs((ticks[1]?.value ?? 1) - (ticks[0]?.value ?? 0));
	const exact = [0, 1, 2, 3].find(
		(digits) => Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6
	);
	return formatNumber(value, step >= 1 ? (exact ?? 0) : Math.max(exact ?? 3, Math.min(decimals, 1)));
}

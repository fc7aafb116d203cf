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

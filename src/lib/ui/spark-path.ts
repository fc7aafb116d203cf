/** One bucket of a sparkline; times ascending. */
export interface SparkPoint {
	readonly timeMs: number;
	readonly min: number;
	readonly max: number;
	readonly avg: number;
}

export interface SparkShape {
	/** The average, broken where a gap is. */
	readonly line: string;
	/** The envelope from min to max, one closed shape per unbroken run. */
	readonly band: string;
	/** Runs of one bucket, which a line cannot show. */
	readonly dots: readonly { readonly x: number; readonly y: number }[];
	readonly min: number;
	readonly max: number;
	readonly last: { readonly x: number; readonly y: number };
}

const round = (n: number): number => Math.round(n * 10) / 10;

/**
 * SVG paths of a series in a box of `width` × `height`.
 * @param box.leastSpread the height stands for at least this much, in the series' unit, > 0
 * @param gapMs two points further apart than this are not joined: nothing was measured between them
 * @returns undefined where the range holds no point
 */
export function sparkShape(
	points: readonly SparkPoint[],
	range: { readonly fromMs: number; readonly toMs: number },
	box: { readonly width: number; readonly height: number; readonly leastSpread: number },
	gapMs: number
): SparkShape | undefined {
	const inside = points.filter((p) => p.timeMs >= range.fromMs && p.timeMs <= range.toMs);
	const last = inside.at(-1);
	if (!last) return undefined;
	const min = Math.min(...inside.map((p) => p.min));
	const max = Math.max(...inside.map((p) => p.max));
	const spread = Math.max(max - min, box.leastSpread);
	// What moves less than that lies in the middle, not on the floor.
	const floor = (min + max - spread) / 2;
	const x = (t: number) => round(((t - range.fromMs) / (range.toMs - range.fromMs)) * box.width);
	const y = (v: number) => round(box.height - ((v - floor) / spread) * box.height);

	const runs: SparkPoint[][] = [];
	let before = -Infinity;
	for (const p of inside) {
		if (p.timeMs - before > gapMs) runs.push([]);
		runs.at(-1)?.push(p);
		before = p.timeMs;
	}
	const join = (at: readonly (readonly [number, number])[]) => at.map(([px, py]) => `${px} ${py}`).join('L');
	let line = '';
	let band = '';
	const dots: { x: number; y: number }[] = [];
	for (const run of runs) {
		const first = run[0];
		if (run.length === 1 && first) {
			dots.push({ x: x(first.timeMs), y: y(first.avg) });
			continue;
		}
		line += `M${join(run.map((p) => [x(p.timeMs), y(p.avg)] as const))}`;
		const top = run.map((p) => [x(p.timeMs), y(p.max)] as const);
		const bottom = run.toReversed().map((p) => [x(p.timeMs), y(p.min)] as const);
		band += `M${join([...top, ...bottom])}Z`;
	}
	return { line, band, dots, min, max, last: { x: x(last.timeMs), y: y(last.avg) } };
}

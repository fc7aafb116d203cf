import type { ChartHole } from './series';

/** How a hole in history stands: it may still come, it is coming, or nobody has it any more. */
export type HoleKind = 'missing' | 'filling' | 'lost';

export const holeKind = ({ lost, filling }: ChartHole): HoleKind =>
	lost ? 'lost' : filling ? 'filling' : 'missing';

/** For a legend: what each kind means. */
export const HOLE_WORDS = {
	missing: 'Missing, to be fetched',
	filling: 'Being fetched',
	lost: 'Lost for good'
} as const satisfies Record<HoleKind, string>;

/** The line at a hole's foot as a canvas dashes it, CSS px: kinds are told apart without their hue. */
export const HOLE_DASH = {
	missing: [3, 3],
	filling: [9, 3],
	lost: []
} as const satisfies Record<HoleKind, readonly number[]>;

/** The kinds among holes of which any part lies in the range, in the order of the words. */
export function holeKindsIn(holes: readonly ChartHole[], fromMs: number, toMs: number): readonly HoleKind[] {
	const seen = new Set(holes.filter((one) => one.toMs > fromMs && one.fromMs < toMs).map(holeKind));
	return (['missing', 'filling', 'lost'] as const).filter((kind) => seen.has(kind));
}

/** What a chart shows: from one time to another, and whether its right edge moves with the clock. */
export interface ViewWindow {
	readonly fromMs: number;
	readonly toMs: number;
	readonly following: boolean;
}

export const MIN_SPAN_MS = 2_000;
export const MAX_SPAN_MS = 400 * 24 * 60 * 60 * 1000;

/** The newest `spanMs`, moving with the clock. */
export const following = (spanMs: number, nowMs: number): ViewWindow => ({
	fromMs: nowMs - spanMs,
	toMs: nowMs,
	following: true
});

/** Moves the window by a share of its span; a negative one goes back in time. At the present it follows again. */
export function pan(view: ViewWindow, share: number, nowMs: number): ViewWindow {
	const by = (view.toMs - view.fromMs) * share;
	return settle({ fromMs: view.fromMs + by, toMs: view.toMs + by }, nowMs);
}

/**
 * Makes the window narrower (`factor` < 1) or wider around one place in it.
 * @param anchor 0 … 1, the place that stays where it is; while following, the present stays
 */
export function zoom(view: ViewWindow, factor: number, anchor: number, nowMs: number): ViewWindow {
	const span = view.toMs - view.fromMs;
	const wanted = Math.min(Math.max(span * factor, MIN_SPAN_MS), MAX_SPAN_MS);
	if (view.following) return following(wanted, nowMs);
	const fixed = view.fromMs + span * anchor;
	return settle({ fromMs: fixed - wanted * anchor, toMs: fixed + wanted * (1 - anchor) }, nowMs);
}

/** There is nothing to see in the future: a window that reaches it ends at the present, and follows. */
function settle(range: { fromMs: number; toMs: number }, nowMs: number): ViewWindow {
	const span = range.toMs - range.fromMs;
	return range.toMs >= nowMs ? following(span, nowMs) : { ...range, following: false };
}

import { formatSpan } from '../format';

/** What a chart shows: from one time to another, and whether its right edge moves with the clock. */
export interface ViewWindow {
	readonly fromMs: number;
	readonly toMs: number;
	readonly following: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;
export const MIN_SPAN_MS = 2_000;
/** Five years, leap days included. */
export const MAX_SPAN_MS = 1827 * DAY_MS;
/** How far back from the present a window may begin. */
export const MAX_REACH_MS = 2 * MAX_SPAN_MS;

/** The newest `spanMs`, moving with the clock. */
export const following = (spanMs: number, nowMs: number): ViewWindow => ({
	fromMs: nowMs - spanMs,
	toMs: nowMs,
	following: true
});

/** Until when a window shows what comes; one that follows the present shows all of it. */
export const endOf = ({ following: open, toMs }: ViewWindow): number => (open ? Infinity : toMs);

/** The window at this time. */
export const windowAt = (view: ViewWindow, nowMs: number): ViewWindow =>
	view.following ? following(view.toMs - view.fromMs, nowMs) : view;

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

/** Why a hand or key moved nothing; '' where it may go on. @param act < 1 a nearer zoom, > 1 a wider one; or where a pan goes */
export function limitWords(
	view: ViewWindow,
	act: { readonly zoom: number } | { readonly pan: number },
	nowMs: number
): string {
	const span = view.toMs - view.fromMs;
	if ('zoom' in act) {
		if (act.zoom < 1 && span <= MIN_SPAN_MS) return `This is as near as a chart goes: ${formatSpan(span)}.`;
		if (act.zoom > 1 && span >= MAX_SPAN_MS) return 'This is as wide as a chart goes: five years.';
		return '';
	}
	if (act.pan > 0 && view.following) return 'This is the present; the chart follows it.';
	if (act.pan < 0 && view.fromMs <= nowMs - MAX_REACH_MS)
		return 'A chart goes back ten years; this is its end.';
	return '';
}

/** There is nothing to see in the future: a window that reaches it ends at the present, and follows. */
function settle(range: { fromMs: number; toMs: number }, nowMs: number): ViewWindow {
	const span = range.toMs - range.fromMs;
	if (range.toMs >= nowMs) return following(span, nowMs);
	const fromMs = Math.max(range.fromMs, nowMs - MAX_REACH_MS);
	return { fromMs, toMs: fromMs + span, following: false };
}

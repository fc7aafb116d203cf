import { flushSync } from 'svelte';
import { frameQueue } from '$lib/ui';

/** Of the page's time, what rendering such values may take: one part in so many. */
const ONE_IN = 10;
/** On a slow machine they still come several times a second. */
const MOST_MS = 250;

/**
 * Hands on the newest of many values: the first at once, then at most one a frame, before that is painted. Where rendering one
 * takes long, because the machine is slow or busy, the next one waits until they take no more than their share of the page's time.
 */
export function newestEachFrame<T>(take: (value: T) => void, signal: AbortSignal): (value: T) => void {
	let waiting: { readonly value: T } | undefined;
	let notBeforeMs = 0;
	let timer: ReturnType<typeof setTimeout> | undefined;
	let any = false;
	const hand = () => {
		const next = waiting;
		waiting = undefined;
		if (next) take(next.value);
	};
	const item = {
		draw() {
			const beginMs = performance.now();
			flushSync(hand);
			notBeforeMs = beginMs + Math.min((performance.now() - beginMs) * ONE_IN, MOST_MS);
		}
	};
	const ask = () => {
		timer = undefined;
		const waitMs = notBeforeMs - performance.now();
		if (waitMs > 0) timer = setTimeout(ask, waitMs);
		else frameQueue.soon(item);
	};
	signal.addEventListener(
		'abort',
		() => {
			clearTimeout(timer);
			frameQueue.forget(item);
		},
		{ once: true }
	);
	return (value) => {
		waiting = { value };
		// A hidden page has no frames.
		if (!any || document.hidden) hand();
		else if (timer === undefined) ask();
		any = true;
	};
}

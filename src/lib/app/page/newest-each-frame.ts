import { flushSync } from 'svelte';
import { frameQueue } from '$lib/ui';

/** Of the page's time, what rendering such values may take: one part in so many. */
const ONE_IN = 10;
/** On a slow machine they still come several times a second. */
const MOST_MS = 250;
/** What comes so seldom is handed on as it comes: to ask for a frame makes one, even where nothing in the page changes. */
const SELDOM_MS = 100;

/**
 * Hands on the newest of many values: what comes seldom at once, else at most one a frame, before that is painted. Where rendering one
 * takes long, because the machine is slow or busy, the next one waits until they take no more than their share of the page's time.
 */
export function newestEachFrame<T>(take: (value: T) => void, signal: AbortSignal): (value: T) => void {
	let waiting: { readonly value: T } | undefined;
	let notBeforeMs = 0;
	let handedMs = -Infinity;
	let timer: ReturnType<typeof setTimeout> | undefined;
	const hand = () => {
		const next = waiting;
		waiting = undefined;
		if (next) take(next.value);
	};
	const item = {
		draw() {
			handedMs = performance.now();
			flushSync(hand);
			notBeforeMs = handedMs + Math.min((performance.now() - handedMs) * ONE_IN, MOST_MS);
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
		const nowMs = performance.now();
		// A hidden page has no frames.
		if (handedMs === -Infinity || document.hidden) {
			handedMs = nowMs;
			hand();
		} else if (timer !== undefined) return;
		else if (nowMs >= Math.max(handedMs + SELDOM_MS, notBeforeMs)) item.draw();
		else ask();
	};
}

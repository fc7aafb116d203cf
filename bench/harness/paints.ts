import type { Page } from 'playwright';

/** A number that stood on the screen, and when it did. */
export interface Paint {
	readonly value: number;
	/** ms since the epoch by the page's clock, just after the frame was handed over to be painted. */
	readonly atMs: number;
}

declare global {
	/** Filled by the watcher in the page. */
	var benchPaints: Paint[];
}

/**
 * Notes each change of the number in the first element that fits `selector`. A change is seen in the frame that follows it: the
 * message that is posted from its animation callback comes after that frame's style, layout and paint.
 */
export async function watchPaints(page: Page, selector: string): Promise<void> {
	await page.evaluate((where) => {
		const place = document.querySelector(where);
		if (!place) throw new Error(`nothing fits ${where}`);
		const paints: Paint[] = [];
		globalThis.benchPaints = paints;
		const painted = new MessageChannel();
		let waiting = false;
		painted.port1.onmessage = ({ data }: MessageEvent<number>) =>
			paints.push({ value: data, atMs: performance.timeOrigin + performance.now() });
		new MutationObserver(() => {
			if (waiting) return;
			waiting = true;
			requestAnimationFrame(() => {
				waiting = false; // a change later in this frame is seen in the next
				painted.port2.postMessage(Number((place.textContent ?? '').replaceAll(',', '')));
			});
		}).observe(place, { subtree: true, childList: true, characterData: true });
	}, selector);
}

export const paintsOf = (page: Page): Promise<readonly Paint[]> =>
	page.evaluate(() => globalThis.benchPaints);

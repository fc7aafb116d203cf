import type { Page } from 'playwright';

const ASKED = 40;

export interface ClockDifference {
	/** What the page's clock is ahead of ours, ms. */
	readonly offsetMs: number;
	/** It is not farther off than this, ms. */
	readonly boundMs: number;
}

/** Both clocks are this machine's, but each process counts from its own start: asked many times, the quickest answer counts. */
export async function clockDifference(page: Page): Promise<ClockDifference> {
	let best: ClockDifference = { offsetMs: 0, boundMs: Infinity };
	for (let i = 0; i < ASKED; i++) {
		const before = nowMs();
		const theirs = await page.evaluate(() => performance.timeOrigin + performance.now());
		const after = nowMs();
		const boundMs = (after - before) / 2;
		if (boundMs < best.boundMs) best = { offsetMs: theirs - (before + after) / 2, boundMs };
	}
	return best;
}

const nowMs = () => performance.timeOrigin + performance.now();

import { setTimeout as wait } from 'node:timers/promises';
import type { StoreLoss } from '$lib/telemetry';
import { startBrowser } from './killable-browser';

export interface KillRound {
	readonly kill: number;
	/** Sequence numbers below this were acknowledged, each for two devices. */
	readonly acknowledged: number;
	readonly missing: readonly number[];
	readonly doubled: number;
	readonly losses: readonly StoreLoss[];
	readonly openMs: number;
	/** Of the store's whole life: seals and folds together, and what blocks are left of them. */
	readonly seals: number;
	readonly blocks: number;
}

/** A seal with every third flush and a fold with every second seal, so that kills meet them too. */
const LIMITS = { flushMs: 60, sealRecords: 3, foldFan: 2 };

/** A better time that the log holds is in its sealed block after so long at the latest. */
const CORRECTED_MS = 3000;

/** Between the first acknowledgement and the kill, ms: spread over more than two flushes by the golden ratio, so that all phases of one are met. */
const killAfterMs = (round: number): number => ((round * 0.618) % 1) * 600;

/**
 * Ingests and kills the whole browser, over and over on one profile. Each round begins by looking for all that was
 * acknowledged in the rounds before; one more look follows the last kill.
 */
export async function runKillLoop(options: {
	url: string;
	profile: string;
	kills: number;
	onRound?: (round: KillRound) => void;
}): Promise<KillRound[]> {
	const rounds: KillRound[] = [];
	let acknowledged = 0;
	for (let kill = 0; kill <= options.kills; kill++) {
		const browser = await startBrowser(options.profile, options.url);
		let first: () => void = () => undefined;
		const begun = new Promise<void>((resolve) => (first = resolve));
		await browser.page.exposeFunction('acknowledged', (next: number) => {
			acknowledged = Math.max(acknowledged, next);
			first();
		});
		const sentinel = await browser.page.evaluate(() => window.sentinel());
		const { losses, openMs, seals } = await browser.ask('open', { sentinel, limits: LIMITS });
		const check = () =>
			Promise.all([0, 1].map((device) => browser.ask('check', { device, below: acknowledged })));
		let checks = await check();
		if (checks.some(({ missing }) => missing.length > 0)) {
			await wait(CORRECTED_MS);
			checks = await check();
		}
		const { blocks } = await browser.ask('stats');
		const round: KillRound = {
			kill,
			acknowledged,
			missing: checks.flatMap(({ missing }) => missing),
			doubled: checks.reduce((sum, { doubled }) => sum + doubled, 0),
			losses,
			openMs,
			seals,
			blocks
		};
		rounds.push(round);
		options.onRound?.(round);
		if (kill < options.kills) {
			// What was written but not acknowledged comes again, as a device's backfill would bring it.
			await browser.ask('ingest', { from: acknowledged, devices: 2, perBatch: 20, everyMs: 10 });
			await begun;
			await wait(killAfterMs(kill));
		}
		await browser.kill();
	}
	return rounds;
}

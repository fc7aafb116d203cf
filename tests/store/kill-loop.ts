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
}

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
		const { losses, openMs } = await browser.ask('open', { sentinel });
		const checks = await Promise.all(
			[0, 1].map((device) => browser.ask('check', { device, below: acknowledged }))
		);
		const round: KillRound = {
			kill,
			acknowledged,
			missing: checks.flatMap((check) => check.missing),
			doubled: checks.reduce((sum, check) => sum + check.doubled, 0),
			losses,
			openMs
		};
		rounds.push(round);
		options.onRound?.(round);
		if (kill < options.kills) {
			// What was written but not acknowledged comes again, as a device's backfill would bring it.
			await browser.ask('ingest', { from: acknowledged, devices: 2, perBatch: 5, everyMs: 20 });
			await begun;
			await wait(killAfterMs(kill));
		}
		await browser.kill();
	}
	return rounds;
}

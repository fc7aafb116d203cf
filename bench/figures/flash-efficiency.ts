import type { BrowserContext } from 'playwright';
import type { Figure } from '../figure';
import { newProfile } from '../harness/browser';
import { withCleanUp } from '../harness/clean-up';
import { servePages } from '../harness/serve';
import { median } from '../harness/statistics';
import type { FlashRun } from '../pages/api';

const TARGET = 0.95;
const RUNS = 5;
const PEER = 'esptool-js writeFlash';

export const flashEfficiency: Figure = {
	name: 'flash-efficiency',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const pages = await servePages();
			atEnd(() => pages.close());
			const profile = await newProfile();
			atEnd(() => profile.remove());
			const context = await profile.open();
			atEnd(() => context.close());

			const runs = { ours: [] as number[], peer: [] as number[] };
			for (let run = 0; run < (quick ? 1 : RUNS); run++)
				for (const who of ['ours', 'peer'] as const) {
					signal.throwIfAborted();
					const { ms, limitMs, retries } = await flashOnce(context, pages.url, who);
					runs[who].push(limitMs / ms);
					say(
						`run ${run + 1}: ${who} ${Math.round(ms)} ms, limit ${Math.round(limitMs)} ms, ${retries} retries`
					);
				}
			return [
				{
					name: 'flash-efficiency',
					value: median(runs.ours),
					unit: 'of 1',
					peers: { [PEER]: median(runs.peer) },
					target: { kind: 'at-least', value: TARGET },
					runs: runs.ours,
					notes: [`${PEER}: ${runs.peer.map((share) => share.toFixed(3)).join(' ')}`]
				}
			];
		})
};

/** On a page and a board that nobody has used. */
async function flashOnce(context: BrowserContext, url: string, who: 'ours' | 'peer'): Promise<FlashRun> {
	const page = await context.newPage();
	try {
		await page.goto(`${url}/flash.html`);
		await page.waitForFunction(() => 'flashBench' in globalThis);
		return await page.evaluate((each) => globalThis.flashBench[each](), who);
	} finally {
		await page.close();
	}
}

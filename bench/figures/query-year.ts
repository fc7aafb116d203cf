import type { Page } from 'playwright';
import type { Figure } from '../figure';
import { withCleanUp } from '../harness/clean-up';
import { median } from '../harness/statistics';
import { openStorePage } from '../harness/store-page';

const DAY_S = 86_400;
const BUCKETS = 1000;
const TARGET_MS = 20;
const WARM_RUNS = 15;
const FIRST_RUNS = 5;
/** So many buckets that no rollup serves, and so few days that the decoded columns fit the store's cache. */
const SCAN = { days: 10, buckets: 10_000 };

/** One series at 1 s for a year, seen as a whole. */
export const queryYear: Figure = {
	name: 'query-year-ms',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const days = quick ? 60 : 365;
			const { page, again } = await openStorePage(atEnd);
			say(`storing ${days} days`);
			const startMs = performance.now();
			await page.evaluate((of) => storeBench.fill(of), { device: 0, metrics: 1, seconds: days * DAY_S });
			say(`stored in ${Math.round((performance.now() - startMs) / 1000)} s`);
			await page.evaluate(() => storeBench.close());
			signal.throwIfAborted();

			const firsts: number[] = [];
			let fresh = page;
			for (let run = 0; run < (quick ? 1 : FIRST_RUNS); run++) {
				signal.throwIfAborted();
				fresh = await again();
				firsts.push((await ask(fresh, days * DAY_S, BUCKETS)).ms);
			}
			const runs: number[] = [];
			for (let run = 0; run < WARM_RUNS; run++) runs.push((await ask(fresh, days * DAY_S, BUCKETS)).ms);
			const cold = await ask(fresh, SCAN.days * DAY_S, SCAN.buckets);
			const warm = await ask(fresh, SCAN.days * DAY_S, SCAN.buckets);
			const millions = (scan: { ms: number; points: number }) => scan.points / scan.ms / 1000;
			const scanned = `${SCAN.days} days without rollups`;
			const rate = { unit: 'million/s', peers: {} };
			return [
				{
					...{ name: 'query-year-ms', value: median(runs), unit: 'ms', peers: {}, runs },
					target: { kind: 'at-most', value: TARGET_MS },
					notes: [
						`${days} days at 1 s, ${days * DAY_S} points, to ${BUCKETS} buckets; every point is counted; all that was read before is in memory`
					]
				},
				{
					...{ name: 'query-year-first-ms', value: median(firsts), unit: 'ms', peers: {}, runs: firsts },
					notes: [
						'the same as the first query of a fresh browser process, its headers and rollups not read yet: median'
					]
				},
				{
					...{ name: 'scan-points-cold', value: millions(cold), ...rate, runs: [millions(cold)] },
					notes: [`${scanned}: read and decoded`]
				},
				{
					...{ name: 'scan-points-warm', value: millions(warm), ...rate, runs: [millions(warm)] },
					notes: [`${scanned}: columns already decoded`]
				}
			];
		})
};

/** The first `seconds` of the series. Throws where a point is missing. */
async function ask(page: Page, seconds: number, buckets: number) {
	const answer = await page.evaluate((of) => storeBench.query(of), { device: 0, fromS: 0, seconds, buckets });
	if (answer.points !== seconds) throw new Error(`${answer.points} of ${seconds} points`);
	return answer;
}

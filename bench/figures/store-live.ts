import type { Figure } from '../figure';
import { withCleanUp } from '../harness/clean-up';
import { newContest, serveContest } from '../harness/contest-page';
import { RateSearch } from '../harness/highest-rate';
import { median } from '../harness/statistics';

const TARGET_PER_S = 300_000;
const DURABLE_MS = 250;
const FIRST_RATE = 500_000;
/** Below 256 messages in 100 ms a flush waits its full 250 ms, and no rate is durable within as much. */
const LOWEST_RATE = 13_000;
const DATA = { devices: 20, metrics: 5 };

/** Messages as they come, each append durable before its wait is over. */
export const storeLive: Figure = {
	name: 'store-live-points-per-s',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const url = await serveContest(atEnd);
			const offerMs = quick ? 2000 : 4000;
			const runs: number[] = [];
			for (let run = 0; run < (quick ? 1 : 3); run++) {
				const search = new RateSearch(runs.at(-1) ?? FIRST_RATE);
				while (search.found === undefined) {
					signal.throwIfAborted();
					if (search.rate < LOWEST_RATE)
						throw new Error(`not within ${DURABLE_MS} ms at any rate above ${LOWEST_RATE}/s`);
					await withCleanUp(async (atTrialsEnd) => {
						const { ask } = await (await newContest(atTrialsEnd, url)).enter('ours');
						await ask('live', { ...DATA, pointsPerS: search.rate / 4, ms: 1000 }); // code gets compiled
						const { longestMs, p99Ms, offered } = await ask('live', {
							...{ ...DATA, pointsPerS: search.rate, ms: offerMs }
						});
						const held = offered && longestMs <= DURABLE_MS;
						const waits = `longest ${longestMs.toFixed(0)} ms, p99 ${p99Ms.toFixed(0)} ms`;
						say(`${Math.round(search.rate)} points/s: ${waits}${offered ? '' : ', not all offered in time'}`);
						search.tell(held);
					});
				}
				runs.push(search.found);
			}
			return [
				{
					...{ name: 'store-live-points-per-s', value: median(runs), unit: '1/s', peers: {}, runs },
					target: { kind: 'at-least', value: TARGET_PER_S },
					notes: [
						`messages of five points from 20 devices, appended each 10 ms for ${offerMs / 1000} s; every one committed within ${DURABLE_MS} ms of when it was due, sealing and folding included`
					]
				}
			];
		})
};

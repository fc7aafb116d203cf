import type { Figure } from '../figure';
import { withCleanUp } from '../harness/clean-up';
import { newContest, serveContest } from '../harness/contest-page';
import { median } from '../harness/statistics';
import { START_MS } from '../pages/walks';

const TARGET_MS = 150;
const SERIES = 100;
const DAYS = 122;
const DAY_S = 86_400;
/** Of a block: its number counts at opening, its length does not. A hundredth, so that a billion points need not be made. */
const ROWS = DAY_S / 100;

/** Four months of a hundred devices: as many blocks, headers, ledgers and newest values as there would be at a sample a second. */
export const storeOpen: Figure = {
	name: 'open-ms',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const url = await serveContest(atEnd);
			const contest = await newContest(atEnd, url);
			const { ask } = await contest.enter('ours');
			const days = quick ? 12 : DAYS;
			for (let day = 0; day < days; day++) {
				signal.throwIfAborted();
				await ask('bulk', { devices: SERIES, metrics: 1, seconds: ROWS, objects: false });
			}
			await ask('close', undefined);
			say(`${SERIES * days} blocks stored`);
			const runs: number[] = [];
			const seen: number[] = [];
			for (let run = 0; run < (quick ? 2 : 7); run++) {
				const again = await contest.enter('ours');
				runs.push(again.openMs);
				const range = { device: 0, fromMs: START_MS, toMs: START_MS + days * ROWS * 1000, buckets: 1000 };
				const { ms, points } = await again.ask('query', range);
				if (points !== days * ROWS) throw new Error(`${points} of ${days * ROWS} points`);
				seen.push(ms);
				await again.ask('close', undefined);
			}
			return [
				{
					...{ name: 'open-ms', value: median(runs), unit: 'ms', peers: {}, runs },
					target: { kind: 'at-most', value: TARGET_MS },
					notes: [
						`fresh browser processes; ${SERIES * days} blocks: ${days} days of ${SERIES} series, ${ROWS} rows a block instead of ${DAY_S}, since opening reads no block`,
						'5 MB of zeros that begin a new log file are in it (docs/telemetry-format.md)',
						`the whole of one series right afterwards ${median(seen).toFixed(0)} ms`
					]
				}
			];
		})
};

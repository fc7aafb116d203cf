import type { Figure } from '../figure';
import { withCleanUp } from '../harness/clean-up';
import { newContest, serveContest } from '../harness/contest-page';
import { median } from '../harness/statistics';
import { START_MS } from '../pages/walks';

const TARGET_MS = 150;
const DEVICES = 20;
const METRICS = 5;
const DAYS = 122;
/** As folding leaves them at a sample a second. */
const BLOCK_S = 76_800;
const BLOCKS = Math.ceil((DAYS * 86_400) / BLOCK_S);
/** Of a block: its number counts at opening, its length does not. A hundredth, so that a billion points need not be made. */
const ROWS = BLOCK_S / 100;

/** Four months of a hundred series: as many blocks, headers, ledgers and newest values as there are at a sample a second. */
export const storeOpen: Figure = {
	name: 'open-ms',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const url = await serveContest(atEnd);
			const contest = await newContest(atEnd, url);
			const { ask } = await contest.enter('ours');
			const blocks = quick ? 14 : BLOCKS;
			for (let block = 0; block < blocks; block++) {
				signal.throwIfAborted();
				await ask('bulk', { devices: DEVICES, metrics: METRICS, seconds: ROWS, objects: false });
			}
			await ask('close', undefined);
			say(`${DEVICES * blocks} blocks stored`);
			const runs: number[] = [];
			const seen: number[] = [];
			for (let run = 0; run < (quick ? 2 : 7); run++) {
				const again = await contest.enter('ours');
				runs.push(again.openMs);
				const range = { device: 0, fromMs: START_MS, toMs: START_MS + blocks * ROWS * 1000, buckets: 1000 };
				const { ms, points } = await again.ask('query', range);
				if (points !== blocks * ROWS) throw new Error(`${points} of ${blocks * ROWS} points`);
				seen.push(ms);
				await again.ask('close', undefined);
			}
			return [
				{
					...{ name: 'open-ms', value: median(runs), unit: 'ms', peers: {}, runs },
					target: { kind: 'at-most', value: TARGET_MS },
					notes: [
						`fresh browser processes; ${DEVICES * blocks} blocks: ${blocks} of each of ${DEVICES} devices with ${METRICS} metrics, as ${DAYS} days at 1 s come to; ${ROWS} rows a block instead of ${BLOCK_S}, since opening reads no block`,
						'5 MB of zeros that begin a new log file are in it (docs/telemetry-format.md)',
						`the whole of one series right afterwards ${median(seen).toFixed(0)} ms`
					]
				}
			];
		})
};

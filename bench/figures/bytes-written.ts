import { setTimeout as wait } from 'node:timers/promises';
import type { Figure } from '../figure';
import { openBenchPage } from '../harness/bench-page';
import { withCleanUp } from '../harness/clean-up';
import { median } from '../harness/statistics';
import { lookAt, measureBytesPerPoint, total } from '../store-writes';

const TARGET_BYTES = 40;
const PEER = 'one put a message';
/** As in store-writes: 20 messages/s of five metrics. */
const MESSAGES_PER_S = 20;
const METRICS = 5;

/** What reaches the disk, LevelDB's own log and compaction included. */
export const bytesWritten: Figure = {
	name: 'bytes-written-per-point',
	measure: async ({ quick, signal, say }) => {
		const seconds = quick ? 15 : 60;
		const ours: number[] = [];
		for (let run = 0; run < (quick ? 1 : 3); run++) {
			signal.throwIfAborted();
			const { bytesPerPoint } = await measureBytesPerPoint({ seconds });
			ours.push(bytesPerPoint);
			say(`run ${run + 1}: ${bytesPerPoint.toFixed(1)} B`);
		}
		const peer = await onePutAMessage(seconds);
		say(`${PEER}: ${peer.toFixed(1)} B`);
		return [
			{
				name: 'bytes-written-per-point',
				value: median(ours),
				unit: 'B',
				peers: { [PEER]: peer },
				target: { kind: 'at-most', value: TARGET_BYTES },
				runs: ours,
				notes: [
					`${seconds} s at 100 points/s; the growth of LevelDB's files, and for ours the sealing at the end too`
				]
			}
		];
	}
};

/** The plain way: each message is an object in IndexedDB, put in a transaction of its own. */
function onePutAMessage(seconds: number): Promise<number> {
	return withCleanUp(async (atEnd) => {
		const { page, profile } = await openBenchPage(atEnd, 'puts');
		await page.evaluate(() => putsBench.open());
		const sizes = new Map<string, number>();
		await lookAt(profile.folder, sizes);
		const before = total(sizes);
		await page.evaluate((perSecond) => putsBench.start(perSecond), MESSAGES_PER_S);
		await wait(seconds * 1000);
		const messages = await page.evaluate(() => putsBench.stop());
		await lookAt(profile.folder, sizes);
		return (total(sizes) - before) / (messages * METRICS);
	});
}

import type { CDPSession } from 'playwright';
import type { Figure } from '../figure';
import { withCleanUp } from '../harness/clean-up';
import { openStorePage } from '../harness/store-page';

const TARGET_MB = 1;
const DATA = { devices: 20, metrics: 5, perSecond: 100 };
/** The log is sealed each 2,400 flushes: readings so far apart find it equally long. */
const SEAL_MINUTES = 10;
/** Caches and the blocks of each level fill at first. */
const WARM_UP = 0.25;

/** What the store's heap gains by the hour while messages come, under a clock that goes as fast as the machine can. */
export const heapSlope: Figure = {
	name: 'heap-slope-mb-per-h',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const { page } = await openStorePage(atEnd, true);
			const cdp = await page.context().newCDPSession(page);
			const readings = quick ? 6 : 36;
			const minutes = SEAL_MINUTES;
			const heaps: { hours: number; mb: number }[] = [];
			const startMs = performance.now();
			for (let reading = 1; reading <= readings; reading++) {
				signal.throwIfAborted();
				const seconds = minutes * 60;
				const sent = await page.evaluate((of) => storeBench.live(of), { ...DATA, seconds });
				if (sent !== seconds * DATA.perSecond) throw new Error(`${sent} messages`);
				heaps.push({ hours: (reading * minutes) / 60, mb: await heapMb(cdp) });
				say(`${reading * minutes} min: ${heaps.at(-1)!.mb.toFixed(2)} MB`);
			}
			const realS = (performance.now() - startMs) / 1000;
			const kept = heaps.slice(Math.ceil(heaps.length * WARM_UP));
			const value = slope(kept);
			return [
				{
					...{ name: 'heap-slope-mb-per-h', value, unit: 'MB/h', peers: {}, runs: kept.map(({ mb }) => mb) },
					target: { kind: 'at-most', value: TARGET_MB },
					notes: [
						`${(readings * minutes) / 60} h of ${DATA.perSecond} messages/s of ${DATA.metrics} points in ${realS.toFixed(0)} s, the store alone on a page's thread; slope of the last three quarters of ${readings} readings (MB, under runs), garbage collected before each; store and IndexedDB are real, the field core around it is not in it`
					]
				}
			];
		})
};

async function heapMb(cdp: CDPSession): Promise<number> {
	await cdp.send('HeapProfiler.collectGarbage');
	const { usedSize } = await cdp.send('Runtime.getHeapUsage');
	return usedSize / 1e6;
}

/** Least squares, MB an hour. */
function slope(readings: readonly { readonly hours: number; readonly mb: number }[]): number {
	const mean = (of: (reading: { hours: number; mb: number }) => number) =>
		readings.reduce((sum, reading) => sum + of(reading), 0) / readings.length;
	const [hours, mb] = [mean((reading) => reading.hours), mean((reading) => reading.mb)];
	const spread = mean((reading) => (reading.hours - hours) ** 2);
	return mean((reading) => (reading.hours - hours) * (reading.mb - mb)) / spread;
}

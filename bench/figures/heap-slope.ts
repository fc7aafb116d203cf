import type { Figure } from '../figure';
import { openBenchPage } from '../harness/bench-page';
import { withCleanUp } from '../harness/clean-up';
import { workerSession, type WorkerSession } from '../harness/worker-session';
import '../pages/field-core/messages';

const TARGET_MB = 1;
const METRICS = 5;
const DATA = { devices: 20, perSecond: 100 };
const HOURS = 24;
const PACE = 60;
/** The log is sealed each 2,400 flushes: readings so far apart find it equally long. */
const SEAL_MINUTES = 10;
/** Caches and the blocks of each level fill at first. */
const WARM_UP = 0.25;

/** What the field worker's heap gains by the hour while messages come, under a clock of sixty times the speed. */
export const heapSlope: Figure = {
	name: 'heap-slope-mb-per-h',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const { page } = await openBenchPage(atEnd, 'field-core');
			const worker = await workerSession(page);
			const [readings, minutes, pace] = quick
				? [12, SEAL_MINUTES, Infinity]
				: [HOURS * 6, SEAL_MINUTES, PACE];
			const heaps: { hours: number; mb: number }[] = [];
			const startMs = performance.now();
			for (let reading = 1; reading <= readings; reading++) {
				signal.throwIfAborted();
				const of = { ...DATA, seconds: minutes * 60, pace };
				const { sent, stored, told } = await page.evaluate((asked) => fieldCoreBench.pass(asked), of);
				if (sent !== reading * minutes * 60 * DATA.perSecond || stored !== sent)
					throw new Error(`${sent} messages sent, ${stored} stored`);
				heaps.push({ hours: (reading * minutes) / 60, mb: await heapMb(worker) });
				say(`${reading * minutes} min: ${heaps.at(-1)!.mb.toFixed(2)} MB, told ${told} times`);
			}
			const realS = (performance.now() - startMs) / 1000;
			const kept = heaps.slice(Math.ceil(heaps.length * WARM_UP));
			return [
				{
					...{ name: 'heap-slope-mb-per-h', value: slope(kept), unit: 'MB/h', peers: {} },
					runs: kept.map(({ mb }) => mb),
					target: { kind: 'at-most', value: TARGET_MB },
					notes: [
						`${(readings * minutes) / 60} h of ${DATA.perSecond} messages/s of ${METRICS} points in ${realS.toFixed(0)} s through the field core in a worker, from the bytes of MQTT's payload to what it tells pages; slope of the last three quarters of ${heaps.length} readings (MB, under runs), garbage collected before each`,
						"storage and IndexedDB are real; the wire to the broker hands messages over, and devices, session, intake, overview, health, one live tail and one device's events are watched"
					]
				}
			];
		})
};

async function heapMb(worker: WorkerSession): Promise<number> {
	await worker.send('HeapProfiler.collectGarbage');
	const { usedSize } = await worker.send<{ usedSize: number }>('Runtime.getHeapUsage');
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

import type { Figure } from '../figure';
import { withCleanUp } from '../harness/clean-up';
import { openStorePage } from '../harness/store-page';

const METRICS = 5;
/** One block of each device as folding leaves it. */
const SECONDS = 38_400;
const TARGET_BYTES = 0.95;
const TARGET_ROLLUP_BYTES = 0.1;

/** What a stored value takes when it is sealed, and the rollups beside it. */
export const storeBytes: Figure = {
	name: 'store-bytes-per-point',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const { page } = await openStorePage(atEnd);
			const devices = quick ? 3 : 20;
			for (let device = 0; device < devices; device++) {
				signal.throwIfAborted();
				say(`device ${device + 1} of ${devices}`);
				const of = { device, metrics: METRICS, seconds: SECONDS };
				await page.evaluate((asked) => storeBench.fill(asked), of);
			}
			const { blockBytes, rollupBytes, samples, walRecords } = await page.evaluate(() => storeBench.stats());
			if (samples !== devices * SECONDS || walRecords > 0) throw new Error('not all was sealed');
			const points = samples * METRICS;
			const row = (name: string, bytes: number, target: number) => ({
				...{ name, value: bytes / points, unit: 'B', peers: {}, runs: [bytes / points] },
				target: { kind: 'at-most' as const, value: target },
				notes: [
					`${devices} devices, ${METRICS} two-decimal random walks each, ${SECONDS} messages ±4 ms; the encoded bytes, before LevelDB`
				]
			});
			return [
				row('store-bytes-per-point', blockBytes, TARGET_BYTES),
				row('store-rollup-bytes-per-point', rollupBytes, TARGET_ROLLUP_BYTES)
			];
		})
};

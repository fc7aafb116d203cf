import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright';
import type { Figure } from '../figure';
import { newProfile } from '../harness/browser';
import { withCleanUp } from '../harness/clean-up';
import { tasksDuring, type Task } from '../harness/main-thread-trace';
import { serveApp } from '../harness/serve';
import { median } from '../harness/statistics';

const TARGET_MS = 50;
const BYTES = 1 << 20;
/** Where a practice board keeps nothing that it needs. */
const OFFSET = '0x200000';
const FLASH_TIMEOUT_MS = 120_000;

export const flashPageBlocked: Figure = {
	name: 'flash-page-blocked-ms',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const app = await serveApp(signal);
			atEnd(() => app.close());
			const longest: Task[] = [];
			for (let run = 0; run < (quick ? 1 : 3); run++) {
				signal.throwIfAborted();
				const [task] = await withCleanUp(async (atRunEnd) => {
					const profile = await newProfile();
					atRunEnd(() => profile.remove());
					const context = await profile.open();
					atRunEnd(() => context.close());
					const page = await context.newPage();
					await planOneMebibyte(page, app.url);
					return tasksDuring(page, () => write(page));
				});
				if (!task) throw new Error('the trace holds no task');
				longest.push(task);
				say(`run ${run + 1}: ${told(task)}`);
			}
			return [
				{
					name: 'flash-page-blocked-ms',
					value: median(longest.map((task) => task.ms)),
					unit: 'ms',
					peers: {},
					target: { kind: 'at-most', value: TARGET_MS },
					runs: longest.map((task) => task.ms),
					notes: longest.map(told)
				}
			];
		})
};

const told = ({ ms, cpuMs, within }: Task): string =>
	`${ms.toFixed(1)} ms (processor ${cpuMs ?? '?'} ms; ${within.join(', ')})`;

/** The Flash page with a new practice board, up to the button that writes. */
async function planOneMebibyte(page: Page, url: string): Promise<void> {
	await page.goto(`${url}/flash`);
	await page.getByRole('button', { name: 'Get a practice board' }).click();
	await page
		.getByRole('button', { name: /^Take it/u })
		.first()
		.waitFor();
	await page.getByText('Files of your own build').click();
	await page
		.getByLabel('Firmware files')
		.setInputFiles({ name: 'random.bin', mimeType: 'application/octet-stream', buffer: randomBytes(BYTES) });
	await page.getByLabel(/^Offset/u).fill(OFFSET);
	await page.getByRole('button', { name: 'Use this file' }).click();
	await page.getByRole('button', { name: /^Write \d+ part/u }).waitFor();
}

/** From the button to the last digest and the words that say so. */
async function write(page: Page): Promise<void> {
	await page.getByRole('button', { name: /^Write \d+ part/u }).click();
	await page
		.getByText(/Written and checked/u)
		.first()
		.waitFor({ timeout: FLASH_TIMEOUT_MS });
}

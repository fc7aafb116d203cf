import type { BrowserContext, Page } from 'playwright';
import type { Figure } from '../figure';
import { newProfile } from '../harness/browser';
import { withCleanUp } from '../harness/clean-up';
import { tasksDuring, type Task } from '../harness/main-thread-trace';
import { servePages } from '../harness/serve';
import { median } from '../harness/statistics';
import type { ConsoleRun } from '../pages/api';

const TARGET_MB_PER_S = 1;
const TARGET_TASK_MS = 50;
const RUNS = 3;
/** An endless list of nodes slows down the longer it is. */
const DURATION_MS = 12_000;
const QUICK_MS = 3000;
const PEERS = { xterm: 'xterm.js', append: 'a node per line' } as const;
type Who = 'ours' | keyof typeof PEERS;

interface Measured {
	readonly mbPerS: number;
	readonly task: Task;
	readonly told: string;
}

export const consoleFlood: Figure = {
	name: 'console-mb-per-s',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const pages = await servePages();
			atEnd(() => pages.close());
			const profile = await newProfile();
			atEnd(() => profile.remove());
			const context = await profile.open();
			atEnd(() => context.close());
			const runs: Record<Who, Measured[]> = { ours: [], xterm: [], append: [] };
			for (let run = 0; run < (quick ? 1 : RUNS); run++)
				for (const who of ['ours', 'xterm', 'append'] as const) {
					signal.throwIfAborted();
					const measured = await flood(context, pages.url, who, quick ? QUICK_MS : DURATION_MS);
					runs[who].push(measured);
					say(`run ${run + 1}: ${who} ${measured.told}`);
				}
			const rates = (who: Who) => runs[who].map(({ mbPerS }) => mbPerS);
			const tasks = (who: Who) => runs[who].map(({ task }) => task.ms);
			const peers = (values: (who: Who) => readonly number[]) =>
				Object.fromEntries(Object.entries(PEERS).map(([who, name]) => [name, median(values(who as Who))]));
			return [
				{
					name: 'console-mb-per-s',
					value: median(rates('ours')),
					unit: 'MB/s',
					peers: peers(rates),
					target: { kind: 'at-least', value: TARGET_MB_PER_S },
					runs: rates('ours'),
					notes: runs.ours.map(({ told }) => told)
				},
				{
					name: 'console-longest-task-ms',
					value: median(tasks('ours')),
					unit: 'ms',
					peers: peers(tasks),
					target: { kind: 'at-most', value: TARGET_TASK_MS },
					runs: tasks('ours'),
					notes: runs.ours.map(({ task }) => toldTask(task))
				}
			];
		})
};

const toldTask = ({ ms, cpuMs, within }: Task): string =>
	`${ms.toFixed(1)} ms (processor ${cpuMs ?? '?'} ms; ${within.join(', ')})`;

async function flood(context: BrowserContext, url: string, who: Who, durationMs: number): Promise<Measured> {
	const page: Page = await context.newPage();
	try {
		await page.goto(`${url}/console.html`);
		await page.waitForFunction(() => 'consoleBench' in globalThis);
		let run: ConsoleRun | undefined;
		const [task] = await tasksDuring(page, async () => {
			run = await page.evaluate(([each, ms]) => globalThis.consoleBench[each](ms), [
				who,
				durationMs
			] as const);
		});
		if (who === 'ours') await page.evaluate(() => globalThis.consoleBench.check());
		if (!run || !task) throw new Error('the trace holds no task');
		const mbPerS = run.bytes / run.ms / 1000;
		const told = `${mbPerS.toFixed(2)} MB/s for ${(run.ms / 1000).toFixed(1)} s, ${run.lines} lines: ${run.kept} kept, ${run.dropped} dropped, ${run.inDocument} in the document; longest task ${task.ms.toFixed(1)} ms, longest frame ${run.longestFrameMs.toFixed(0)} ms`;
		return { mbPerS, task, told };
	} finally {
		await page.close();
	}
}

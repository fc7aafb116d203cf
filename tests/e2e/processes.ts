import { type BrowserContext, type Page } from '@playwright/test';
import { once } from 'node:events';

const ANSWER_MS = 1000;
/** How long a tab that is not stopped may take to answer. */
const ALIVE_MS = 20_000;

/**
 * Stops a tab's renderer process, page and workers alike, as a system under pressure does. DevTools can freeze a page, but not
 * its workers.
 * @returns what lets it go on
 */
export async function freeze(context: BrowserContext, page: Page): Promise<() => void> {
	for (const pid of await renderers(context)) {
		// Twice: on a busy machine a tab may be late for reasons of its own.
		if ((await isStilled(pid, page)) && (await answers(page, ALIVE_MS)) && (await isStilled(pid, page))) {
			process.kill(pid, 'SIGSTOP');
			return () => process.kill(pid, 'SIGCONT');
		}
	}
	throw new Error('the tab has no renderer');
}

/** Whether the tab is silent while a process is stopped; the process goes on afterwards. */
async function isStilled(pid: number, page: Page): Promise<boolean> {
	process.kill(pid, 'SIGSTOP');
	try {
		return !(await answers(page, ANSWER_MS));
	} finally {
		process.kill(pid, 'SIGCONT');
	}
}

/** Whether the tab's thread is alive. No answer in time is the answer. */
async function answers(page: Page, withinMs: number): Promise<boolean> {
	const late = new AbortController();
	const alive = page.evaluate(() => true).catch(() => false);
	const silent = once(AbortSignal.any([AbortSignal.timeout(withinMs), late.signal]), 'abort').then(
		() => false
	);
	const outcome = await Promise.race([alive, silent]);
	late.abort();
	return outcome;
}

/** DevTools does not say which renderer is whose. */
async function renderers(context: BrowserContext): Promise<number[]> {
	const devtools = await context.browser()?.newBrowserCDPSession();
	if (!devtools) throw new Error('a browser without DevTools');
	const { processInfo } = await devtools.send('SystemInfo.getProcessInfo');
	await devtools.detach();
	return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
}

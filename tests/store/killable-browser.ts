import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { chromium, type BrowserContext, type Page } from 'playwright';
import { chromiumAdvice, chromiumFlags, findChromium } from '../../scripts/find-chromium.mjs';
import type { StoreActs } from './harness/messages';

/** How long a browser may take to open its DevTools port, ms, on a busy machine. */
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 20;

export interface KillableBrowser {
	readonly pid: number;
	readonly context: BrowserContext;
	/** The first one. */
	readonly page: Page;
	/** Asks a worker of the harness page. */
	ask<A extends keyof StoreActs>(
		act: A,
		argument?: Parameters<StoreActs[A]>[0],
		worker?: string
	): Promise<Awaited<ReturnType<StoreActs[A]>>>;
	/** SIGKILL to every process of the browser at once: nothing gets to write a last word. */
	kill(): Promise<void>;
	/** Ends it as a person would, so that it can put its files in order. */
	close(): Promise<void>;
}

/** Starts a browser of its own process group on `profile` and opens `url` in it. */
export async function startBrowser(profile: string, url: string): Promise<KillableBrowser> {
	const executable = findChromium();
	if (!executable) throw new Error(chromiumAdvice);
	const portFile = join(profile, 'DevToolsActivePort');
	await rm(portFile, { force: true });
	const child = spawn(
		executable,
		[
			...chromiumFlags,
			'--headless=new',
			'--remote-debugging-port=0',
			`--user-data-dir=${profile}`,
			'about:blank'
		],
		{ detached: true, stdio: 'ignore' }
	);
	const { pid } = child;
	if (pid === undefined) throw new Error('the browser did not start');
	const exited = once(child, 'exit');
	// A test that fails half way leaves no browser behind: it is in a group of its own, which nobody else ends.
	const reap = () => process.kill(-pid, 'SIGKILL');
	process.once('exit', reap);
	child.once('exit', () => process.off('exit', reap));
	const port = await devToolsPort(portFile);
	const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
	const context = browser.contexts()[0];
	if (!context) throw new Error('the browser has no window');
	const page = context.pages()[0] ?? (await context.newPage());
	await page.goto(url);
	return {
		pid,
		context,
		page,
		ask: (act, argument, worker = 'main') =>
			page.evaluate(([name, what, how]) => window.ask(name, what, how), [
				worker,
				act,
				argument
			] as const) as ReturnType<StoreActs[typeof act]> as never,
		async kill() {
			process.kill(-pid, 'SIGKILL');
			await exited;
			await browser.close().catch(() => undefined); // its other end is gone
		},
		async close() {
			const session = await browser.newBrowserCDPSession();
			await session.send('Browser.close').catch(() => undefined); // it may go before it answers
			await exited;
			await browser.close().catch(() => undefined); // its other end is gone
		}
	};
}

async function devToolsPort(portFile: string): Promise<string> {
	const giveUp = Date.now() + START_TIMEOUT_MS;
	while (Date.now() < giveUp) {
		const port = /^(\d+)\n/u.exec(await readFile(portFile, 'utf8').catch(() => ''))?.[1]; // not there yet
		if (port) return port;
		await wait(POLL_MS);
	}
	throw new Error('the browser opened no DevTools port');
}

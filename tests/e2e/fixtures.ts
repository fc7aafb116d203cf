import { chromium, test as base, type BrowserContext, type Page } from '@playwright/test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumFlags, findChromium } from '../../scripts/find-chromium.mjs';
import { LAN_HOST, startBench, type Bench, type BrokerKind } from './bench';
import { Guard } from './guard';

export { expect } from '@playwright/test';
export { SERVER_GONE } from './guard';

export interface BenchOptions {
	/** Which broker a test runs against. */
	broker: BrokerKind;
}

/** A machine that tests may be busy, but a browser that is not there by then will not come. */
const LAUNCH_MS = 25_000;

interface Fixtures {
	bench: Bench;
	guard: Guard;
	/** The folder of this test's browser profile. */
	profile: string;
	/** Opens the browser on this test's profile; close the context and open again for a new browser process. */
	openBrowser: () => Promise<BrowserContext>;
}

export const test = base.extend<BenchOptions & Fixtures>({
	broker: ['mosquitto', { option: true }],

	bench: async ({ broker }, use) => {
		const bench = await startBench(broker);
		await use(bench);
		await bench.close();
	},

	// eslint-disable-next-line no-empty-pattern -- Playwright reads the pattern to know what a fixture needs
	guard: async ({}, use) => {
		const guard = new Guard();
		await use(guard);
		guard.verify();
	},

	// eslint-disable-next-line no-empty-pattern -- Playwright reads the pattern to know what a fixture needs
	profile: async ({}, use) => {
		const profile = await mkdtemp(join(tmpdir(), 'fieldbench-profile-'));
		await use(profile);
		await rm(profile, { recursive: true, force: true, maxRetries: 5 });
	},

	openBrowser: async (
		{ bench, guard, profile, viewport, hasTouch, isMobile, userAgent, colorScheme, serviceWorkers },
		use
	) => {
		const executablePath = findChromium();
		let open: BrowserContext | undefined;
		await use(async () => {
			open = await chromium.launchPersistentContext(profile, {
				...(executablePath ? { executablePath } : {}),
				args: [...chromiumFlags, `--host-resolver-rules=MAP ${LAN_HOST} 127.0.0.1`],
				baseURL: bench.url,
				viewport,
				hasTouch,
				isMobile,
				colorScheme,
				serviceWorkers,
				...(userAgent === undefined ? {} : { userAgent }),
				locale: 'en-GB',
				timeout: LAUNCH_MS
			});
			await guard.watch(open);
			return open;
		});
		await open?.close();
	},

	context: async ({ openBrowser }, use) => {
		await use(await openBrowser());
	},

	page: async ({ context }, use) => {
		await use(firstPage(context));
	}
});

/** The tab a fresh browser comes with. */
export function firstPage(context: BrowserContext): Page {
	const [page] = context.pages();
	if (!page) throw new Error('a browser without a tab');
	return page;
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext } from 'playwright';
import { chromiumAdvice, chromiumFlags, findChromium } from '../../scripts/find-chromium.mjs';

/** A profile on disk, which any number of browser processes open one after another. */
export interface Profile {
	readonly folder: string;
	/** Starts a browser on it; close the context before the next. */
	open(): Promise<BrowserContext>;
	remove(): Promise<void>;
}

export async function newProfile(): Promise<Profile> {
	const executablePath = findChromium();
	if (executablePath === undefined) throw new Error(`no Chromium: ${chromiumAdvice}`);
	const folder = await mkdtemp(join(tmpdir(), 'fieldbench-bench-'));
	return {
		folder,
		async open() {
			const context = await chromium.launchPersistentContext(folder, {
				executablePath,
				args: chromiumFlags,
				headless: true,
				viewport: { width: 1280, height: 800 }
			});
			// tsx marks every function with a call of __name; functions that are sent into a page take the mark along.
			await context.addInitScript('globalThis.__name = (fn) => fn');
			return context;
		},
		remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 })
	};
}

import type { Page } from 'playwright';
import { openBenchPage } from './bench-page';

/** The page `store.html` with its store open, in a profile of its own. @param atEnd is given what undoes it */
export async function openStorePage(atEnd: (act: () => Promise<void>) => void): Promise<{
	page: Page;
	/** A new browser process on the same profile. */
	again(): Promise<Page>;
}> {
	const { page, again } = await openBenchPage(atEnd, 'store');
	const opened = async (on: Page) => {
		await on.evaluate(() => storeBench.open());
		return on;
	};
	return { page: await opened(page), again: async () => opened(await again()) };
}

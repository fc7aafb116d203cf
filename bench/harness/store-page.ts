import type { Page } from 'playwright';
import { newProfile } from './browser';
import { servePages } from './serve';

/** The page `store.html` with its store open, in a profile of its own. @param atEnd is given what undoes it */
export async function openStorePage(atEnd: (act: () => Promise<void>) => void): Promise<{
	page: Page;
	/** A new browser process on the same profile. */
	again(): Promise<Page>;
}> {
	const pages = await servePages();
	atEnd(() => pages.close());
	const profile = await newProfile();
	atEnd(() => profile.remove());
	let context = await profile.open();
	atEnd(() => context.close());
	const open = async () => {
		const page = await context.newPage();
		await page.goto(`${pages.url}/store.html`);
		await page.evaluate(() => storeBench.open());
		return page;
	};
	return {
		page: await open(),
		async again() {
			await context.close();
			context = await profile.open();
			return open();
		}
	};
}

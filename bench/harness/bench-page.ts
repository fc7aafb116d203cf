import type { Page } from 'playwright';
import { newProfile, type Profile } from './browser';
import { servePages } from './serve';

/** A page of bench/pages in a profile of its own. @param atEnd is given what undoes it */
export async function openBenchPage(
	atEnd: (act: () => Promise<void>) => void,
	name: string
): Promise<{
	page: Page;
	profile: Profile;
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
		await page.goto(`${pages.url}/${name}.html`);
		return page;
	};
	return {
		page: await open(),
		profile,
		async again() {
			await context.close();
			context = await profile.open();
			return open();
		}
	};
}

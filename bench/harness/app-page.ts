import type { BrowserContext, Page } from 'playwright';

/** The big number of the first card on the Devices page. */
export const CARD_NUMBER = 'main article .numeral .number';

/** A first visit: the Devices page, connected to the broker that the server offers, by its button. */
export async function connectApp(context: BrowserContext, url: string): Promise<Page> {
	const page = await context.newPage();
	await page.goto(url);
	await page.getByRole('button', { name: /^Connect to / }).click();
	await untilLive(page);
	return page;
}

/** Resolves when the line at the rail's foot says that the session is live. */
export async function untilLive(page: Page): Promise<void> {
	await page
		.getByText(/^Live on /)
		.first()
		.waitFor();
}

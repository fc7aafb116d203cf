import { expect, type Locator, type Page } from '@playwright/test';
import { type Bench } from './bench';

/** What a person does and sees, by the names on the screen; the tests read as sentences, and a renamed button is one line. */

/** From the first run to a live session with one click. */
export async function connectLocal(page: Page, bench: Bench): Promise<void> {
	await page.goto('/');
	await page.getByRole('button', { name: `Connect to ${bench.brokerName}` }).click();
	await expect(session(page)).toContainText(`Live on ${bench.brokerName}`);
}

/** The line about the connection that every screen has. */
export const session = (page: Page): Locator => page.locator('header .session p');

/** A device's card on the first screen. */
export const card = (page: Page, name: string): Locator =>
	page.getByRole('article').filter({ has: page.getByRole('heading', { name, exact: true }) });

export async function openDevice(page: Page, name: string): Promise<void> {
	await page.getByRole('link', { name, exact: true }).click();
	await expect(page.getByRole('heading', { level: 1, name, exact: true })).toBeVisible();
}

export async function view(
	page: Page,
	name: 'Now' | 'History' | 'Control' | 'Events' | 'About'
): Promise<void> {
	await page.getByRole('navigation', { name: 'Views of this device' }).getByRole('link', { name }).click();
}

/** Waits until the app opens without its server. */
export async function offlineReady(page: Page): Promise<void> {
	await page.evaluate(async () => {
		await navigator.serviceWorker.ready;
	});
	await expect
		.poll(() => page.evaluate(async () => (await caches.keys()).length), { message: 'the shell is kept' })
		.toBeGreaterThan(0);
}

/** How many samples the store says it holds; leaves the page on Settings. */
export async function storedSamples(page: Page): Promise<number> {
	await page.getByRole('link', { name: 'Devices', exact: true }).first().click();
	await page.getByRole('link', { name: 'Settings', exact: true }).click();
	const count = page.locator('dl > div', { has: page.getByText('Samples', { exact: true }) }).locator('dd');
	return Number((await count.innerText()).replaceAll(/\D/gu, ''));
}

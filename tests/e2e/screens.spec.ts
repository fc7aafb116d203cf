import AxeBuilder from '@axe-core/playwright';
import { type Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { card, connectLocal, openDevice, view } from './screens';

/** WCAG 2.2 AA, as far as a machine can see it. */
async function expectAccessible(page: Page, name: string): Promise<void> {
	const { violations } = await new AxeBuilder({ page })
		.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
		.analyze();
	const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
	expect(found, name).toEqual([]);
}

/** Nothing is cut off or scrolls sideways. */
async function expectFits(page: Page, name: string): Promise<void> {
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
	expect(wide, `${name} is wider than the screen by`).toBeLessThanOrEqual(0);
}

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(colorScheme, () => {
		test.use({ colorScheme });

		test('every screen can be read and used by everyone', async ({ page, bench }) => {
			const look = async (name: string) => {
				await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
				await expectAccessible(page, name);
				await expectFits(page, name);
			};
			await page.goto('/');
			await expect(page.getByRole('button', { name: `Connect to ${bench.brokerName}` })).toBeVisible();
			await look('first run');

			await bench.addNode('sim-bench-1', 'Bench 1', 500);
			await connectLocal(page, bench);
			await expect(card(page, 'Bench 1')).toContainText('°C');
			await look('devices');
			await openDevice(page, 'Bench 1');
			await expect(page.locator('canvas').first()).toBeVisible();
			await look('now');
			for (const name of ['History', 'Control', 'Events', 'About'] as const) {
				await view(page, name);
				await look(name);
			}
			for (const place of ['Overview', 'Flash', 'Broker', 'Health', 'Settings']) {
				await page.getByRole('navigation', { name: 'Places' }).getByRole('link', { name: place }).click();
				await expect(page.getByRole('heading', { level: 1, name: place })).toBeVisible();
				await look(place);
			}
			await page.goto('/broker?new');
			await expect(page.getByRole('dialog')).toBeVisible();
			await look('connect a broker');
		});
	});

import { type BrowserContext, type Page } from '@playwright/test';
import { type Bench } from './bench';
import { expect, firstPage, SERVER_GONE, test } from './fixtures';
import { freeze } from './processes';
import { connectLocal, session, storedSamples } from './screens';

const device = { id: 'fb-000000000002', epoch: 11 };
const BATCH = 50;

/** Two tabs of one browser on a live session. */
async function twoTabs(context: BrowserContext, bench: Bench): Promise<[Page, Page]> {
	const first = firstPage(context);
	await connectLocal(first, bench);
	const second = await context.newPage();
	await second.goto('/');
	await expect(session(second)).toContainText('Live on');
	return [first, second];
}

/** A renderer killed as by the system: nothing in it runs to its end. */
async function crash(context: BrowserContext, page: Page): Promise<void> {
	const devtools = await context.newCDPSession(page);
	const crashed = page.waitForEvent('crash');
	await Promise.race([devtools.send('Page.crash').catch(() => undefined), crashed]); // the answer dies with the tab
	await crashed;
}

/** Where there is no SharedWorker, Settings says which tab does the work. */
async function leading(page: Page): Promise<void> {
	await page.getByRole('link', { name: 'Settings', exact: true }).click();
	await expect(page.getByText('This tab does the work')).toBeVisible({ timeout: 30_000 });
}

/**
 * The device sends all it has, again and again, until it is stored: what came while nobody listened is not lost, and what
 * came twice is there once.
 */
async function resendUntilStored(page: Page, bench: Bench, count: number): Promise<void> {
	const stored = async () => {
		await bench.publishSamples(device, 0, count);
		return storedSamples(page);
	};
	await expect.poll(stored, { timeout: 30_000 }).toBe(count);
	// All once more, and one that is new: when that is stored, so would be whatever was taken twice.
	await bench.publishSamples(device, 0, count + 1);
	await expect.poll(() => storedSamples(page)).toBe(count + 1);
	await expect(session(page)).toContainText('Live on');
}

test('one tab closed, the other killed: nothing is lost or doubled', async ({ context, bench }) => {
	const [first, second] = await twoTabs(context, bench);
	await bench.publishSamples(device, 0, BATCH);
	await expect.poll(() => storedSamples(second)).toBe(BATCH);

	await first.close();
	await bench.publishSamples(device, BATCH, 2 * BATCH);
	await expect.poll(() => storedSamples(second)).toBe(2 * BATCH);

	const third = await context.newPage();
	await third.goto('/');
	await expect(session(third)).toContainText('Live on');
	await crash(context, second);
	await resendUntilStored(third, bench, 3 * BATCH);
});

test.describe('without SharedWorker', () => {
	// The service worker may live in the process that is to be stopped, where a browser would let it run on.
	test.use({ serviceWorkers: 'block' });

	test.beforeEach(async ({ context }) => {
		await context.addInitScript(() => {
			Reflect.deleteProperty(globalThis, 'SharedWorker');
		});
	});

	test('when the leading tab is closed, the other takes over', async ({ context, bench, guard }) => {
		guard.expect(SERVER_GONE);
		const [first, second] = await twoTabs(context, bench);
		await bench.publishSamples(device, 0, BATCH);
		await expect.poll(() => storedSamples(second)).toBe(BATCH);
		await first.close();
		await leading(second);
		await resendUntilStored(second, bench, 2 * BATCH);
	});

	test('when the leading tab is killed, the other takes over', async ({ context, bench, guard }) => {
		guard.expect(SERVER_GONE);
		const [first, second] = await twoTabs(context, bench);
		await bench.publishSamples(device, 0, BATCH);
		await expect.poll(() => storedSamples(second)).toBe(BATCH);
		await crash(context, first);
		await leading(second);
		await resendUntilStored(second, bench, 2 * BATCH);
	});

	test('when the leading tab is frozen, the other takes over, and the first does not write when it wakes', async ({
		context,
		bench,
		guard
	}) => {
		guard.expect(SERVER_GONE);
		const [first, second] = await twoTabs(context, bench);
		await bench.publishSamples(device, 0, BATCH);
		await expect.poll(() => storedSamples(second)).toBe(BATCH);
		const thaw = await freeze(context, first);
		await leading(second);
		await resendUntilStored(second, bench, 2 * BATCH);
		thaw();
		await first.getByRole('link', { name: 'Settings', exact: true }).click();
		await expect(first.getByText('Another tab does the work')).toBeVisible({ timeout: 20_000 });
		await resendUntilStored(second, bench, 3 * BATCH);
	});
});

import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { unlink } from 'node:fs/promises';
import { damages, telemetryFiles } from '../store/disk-damage';
import { expect, firstPage, test } from './fixtures';
import { connectLocal, session, storedSamples } from './screens';

const device = { id: 'fb-000000000001', epoch: 7 };

for (const kind of ['bytes flipped in the MANIFEST', 'the log cut to half'] as const)
	test(`${kind}: the app opens, says what was lost, knows its broker and stores again`, async ({
		openBrowser,
		profile,
		bench
	}) => {
		const first = await openBrowser();
		const page = firstPage(first);
		await connectLocal(page, bench);
		for (const from of [0, 10, 20, 30]) {
			await bench.publishSamples(device, from, from + 10);
			await expect.poll(() => storedSamples(page)).toBe(from + 10);
		}
		// What the page remembers of the store outside of it: the newest record, at most five seconds old.
		await expect
			.poll(() => page.evaluate(() => localStorage.getItem('fieldbench-sentinel')), { timeout: 15_000 })
			.not.toBeNull();
		await first.close();
		await damages[kind]?.apply(await telemetryFiles(profile));

		const again = firstPage(await openBrowser());
		await again.goto('/');
		await expect(again.getByText('Stored measurements were lost')).toBeVisible();
		await expect(again.getByText(/Brokers, settings and devices are kept apart/u)).toBeVisible();
		await expect(session(again)).toContainText('Live on', { timeout: 20_000 });
		const left = await storedSamples(again);
		expect(left).toBeLessThan(40);
		await bench.publishSamples(device, 40, 50);
		await expect.poll(() => storedSamples(again)).toBe(left + 10);
	});

/** Simulated at the picker alone, which no test can answer: a folder of the origin's own file system has the same interface. */
const pickFolder = (page: Page) =>
	page.addInitScript(() => {
		const picked = async () =>
			(await navigator.storage.getDirectory()).getDirectoryHandle('My measurements', { create: true });
		Object.assign(window, { showDirectoryPicker: picked });
	});

test('the database gone: what was stored comes back from the second copy, in the browser and then in a folder', async ({
	openBrowser,
	profile,
	bench
}) => {
	const first = await openBrowser();
	const page = firstPage(first);
	await pickFolder(page);
	await connectLocal(page, bench);
	expect(await page.evaluate(() => 'SharedWorker' in window)).toBe(true);
	await bench.publishSamples(device, 0, 40);
	await expect.poll(() => storedSamples(page)).toBe(40);
	const copy = page.getByRole('region', { name: 'Second copy of measurements' });
	await expect(copy.getByRole('status').first()).toHaveText('No second copy is kept.');
	await copy.getByRole('button', { name: 'Keep one in this browser' }).click();
	await expect(copy).toContainText('in this browser has all that is sealed');
	await copy.getByRole('button', { name: 'Keep it in a folder instead…' }).click();
	await expect(copy).toContainText('in the folder “My measurements” has all that is sealed');
	const { violations } = await new AxeBuilder({ page }).include('[aria-labelledby="second-copy"]').analyze();
	expect(violations.map(({ id }) => id)).toEqual([]);
	await first.close();
	for (const { path } of await telemetryFiles(profile)) await unlink(path);

	const again = firstPage(await openBrowser());
	await again.goto('/');
	const told = again.getByRole('region', { name: 'Stored measurements were lost' });
	await expect(told).toContainText('The second copy brought 40 samples back');
	await expect(session(again)).toContainText('Live on', { timeout: 20_000 });
	expect(await storedSamples(again)).toBe(40);
	await bench.publishSamples(device, 30, 50);
	await expect.poll(() => storedSamples(again), 'those it has are known by their numbers').toBe(50);
});

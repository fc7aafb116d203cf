import AxeBuilder from '@axe-core/playwright';
import { readFile, stat } from 'node:fs/promises';
import type { Page } from '@playwright/test';
import { expect, firstPage, SERVER_GONE, test } from './fixtures';
import {
	alert,
	getPracticeBoard,
	joinPracticeNetwork,
	planPractice,
	step,
	writeParts
} from './practice-bench';

async function accessible(page: Page): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual(
		[]
	);
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
	expect(wide).toBeLessThanOrEqual(0);
}

/** From whatever step to the board again, connected anew. */
async function boardAgain(page: Page): Promise<void> {
	await step(page, 'Board').getByRole('button', { name: 'Change' }).click();
	await page
		.getByRole('button', { name: /^Connect/u })
		.first()
		.click();
	await expect(step(page, 'Board')).toContainText('ESP32-C3');
}

test('what a board holds goes to a file and back, and settings are kept before they are lost', async ({
	openBrowser,
	guard
}) => {
	test.setTimeout(120_000);
	guard.expect(SERVER_GONE);
	const context = await openBrowser();
	const page = firstPage(context);
	// No picker can be answered here: the file is downloaded, as in browsers that have none.
	await page.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
	await page.goto('/flash');
	await getPracticeBoard(page);
	await planPractice(page);
	await writeParts(page);
	await expect(step(page, 'First message')).toContainText(/network|Wi-Fi/u);
	await boardAgain(page);

	const saved = await test.step('a partition goes to a file', async () => {
		const board = step(page, 'Board');
		await board.getByText('Back up…').click();
		await board.getByRole('radio', { name: 'nvs', exact: false }).first().check();
		await accessible(page);
		const download = page.waitForEvent('download');
		await board.getByRole('button', { name: 'Save nvs…' }).click();
		await expect(board).toContainText(/Saved in/u);
		await accessible(page);
		const file = await download;
		expect(file.suggestedFilename()).toMatch(/^fieldbench-fab0[0-9a-f]{8}-nvs-.*\.zip$/u);
		return readFile(await file.path());
	});

	await test.step('so do the bytes between two addresses, in whole sectors', async () => {
		const board = step(page, 'Board');
		await board.getByRole('button', { name: 'Back up something else…' }).click();
		await board.getByRole('radio', { name: 'From one address to another', exact: false }).check();
		await board.getByLabel('First byte').fill('0x8123');
		await board.getByLabel('Last byte').fill('0x9ffffff');
		await board.getByRole('button', { name: 'Save the range…' }).click();
		await expect(board).toContainText('This flash ends at 0x3fffff.');
		await accessible(page);
		await board.getByLabel('Last byte').fill('0x9fff');
		await expect(board).toContainText('8 KB, 0x008000 – 0x009fff');
		const download = page.waitForEvent('download');
		await board.getByRole('button', { name: 'Save the range…' }).click();
		await expect(board).toContainText(/Saved in/u);
		const file = await download;
		expect(file.suggestedFilename()).toContain('-0x8000-');
		const { size } = await stat(await file.path());
		expect(size).toBeGreaterThan(0x2000);
	});

	await test.step('damaged, it is refused with the reason', async () => {
		const firmware = step(page, 'Firmware');
		await firmware.getByText('Files of your own build').click();
		const damaged = Buffer.from(saved);
		damaged[100]! ^= 1;
		const files = page.locator('input[type="file"]').first();
		await files.setInputFiles({ name: 'bad.zip', mimeType: '', buffer: damaged });
		await expect(firmware).toContainText('flash.bin is damaged in its zip');
	});

	await test.step('the board learns a network, so that its settings are no longer those', async () => {
		await planPractice(page);
		await writeParts(page);
		await joinPracticeNetwork(page);
		await boardAgain(page);
	});

	await test.step('whole, it says of which board it is and when, and is planned', async () => {
		const firmware = step(page, 'Firmware');
		await firmware.getByText('Files of your own build').click();
		await page
			.locator('input[type="file"]')
			.first()
			.setInputFiles({ name: 'nvs.zip', mimeType: '', buffer: saved });
		await expect(firmware).toContainText('Backup of the partition nvs');
		await expect(firmware).toContainText('this board');
		await accessible(page);
		await firmware.getByRole('button', { name: 'Plan to put it back' }).click();
		await expect(step(page, 'Plan')).toContainText('nvs');
		await expect(alert(page)).toHaveCount(0);
	});

	await test.step('the settings that it replaces are kept first, and can be put back', async () => {
		await writeParts(page);
		await expect(page.getByText('The settings that it had are kept in this browser')).toBeVisible();
		await boardAgain(page);
		const board = step(page, 'Board');
		await expect(board).toContainText(/before Backup of nvs/u);
		await accessible(page);
		await board.getByRole('button', { name: /^Put back…/u }).click();
		await expect(step(page, 'Plan')).toContainText('nvs');
		await writeParts(page);
		await expect(step(page, 'Write')).toContainText(/Written and checked|Nothing to write/u);
	});
});

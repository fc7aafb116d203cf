import { readFile } from 'node:fs/promises';
import { type Page } from '@playwright/test';
import { expect, test } from './fixtures';
import { connectLocal, session, storedSamples } from './screens';

const device = { id: 'fb-000000000006', epoch: 6 };
const SAMPLES = 40;

/** As in browsers that have no picker for saving: files are staged, and downloaded at their end. */
const withoutPicker = (page: Page) =>
	page.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));

async function data(page: Page): Promise<void> {
	await page.goto('/settings/data');
	await expect(page.getByRole('heading', { level: 1, name: 'Data' })).toBeVisible();
}

async function saved(page: Page, button: string): Promise<string> {
	const download = page.waitForEvent('download');
	await page.getByRole('button', { name: button, exact: true }).click();
	return (await download).path();
}

const pick = (page: Page, label: string, path: string) => page.getByLabel(label).first().setInputFiles(path);

test('what is exported and forgotten comes back by import, and a backup brings all of it back', async ({
	page,
	bench
}) => {
	await withoutPicker(page);
	await connectLocal(page, bench);
	await bench.publishSamples(device, 0, SAMPLES);
	await expect.poll(() => storedSamples(page)).toBeGreaterThan(SAMPLES - 1);

	await data(page);
	const backup = await saved(page, 'Back up…');
	const { path: exported, numbered: before } = await exportNumbered(page);
	expect(before).toHaveLength(SAMPLES);
	expect(JSON.parse(before[7]!)).toMatchObject({ device: device.id, provenance: 'real', epoch: 6, seq: 7 });

	await page.goto(`/devices/${device.id}?view=about`);
	await page.getByRole('button', { name: 'Forget…' }).click();
	await page.getByRole('button', { name: 'Forget it and its history' }).click();
	await expect.poll(() => storedSamples(page)).toBe(0);

	await data(page);
	await pick(page, 'Choose a file to import…', exported);
	await page.getByRole('button', { name: /^Import \d+ samples$/u }).click();
	await expect(page.getByText('samples stored, 0 were there already')).toBeVisible();
	await data(page);
	expect((await exportNumbered(page)).numbered).toEqual(before);

	await expect(session(page)).toContainText(`Live on ${bench.brokerName}`);
	await bench.publishSamples(device, SAMPLES, SAMPLES + 5);
	await expect.poll(() => storedSamples(page)).toBeGreaterThan(SAMPLES + 4);
	await data(page);
	await pick(page, 'Choose a backup…', backup);
	await expect(page.getByText('samples, 1 device, 1 broker')).toBeVisible();
	await page.getByRole('button', { name: 'Replace what is here…' }).click();
	await page.getByRole('button', { name: 'Replace everything' }).click();
	await expect(page.getByText('Everything here is the backup’s now')).toBeVisible();
	await data(page);
	expect((await exportNumbered(page)).numbered, 'what came after the backup is gone').toEqual(before);
	await expect(page.getByText('Stored measurements were lost')).toHaveCount(0);
});

/** Exports all as NDJSON. @returns the lines with a number: the page itself adds when it knew the device to be online */
async function exportNumbered(page: Page): Promise<{ path: string; numbered: string[] }> {
	await page.getByText('NDJSON', { exact: true }).click();
	const path = await saved(page, 'Export…');
	const lines = (await readFile(path, 'utf8')).trim().split('\n');
	return { path, numbered: lines.filter((line) => line.includes('"seq"')) };
}

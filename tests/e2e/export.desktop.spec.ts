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
	await understandTable(page);
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

/** A table as Europe writes it: what was understood is shown, asked about, and changed; nothing of it is stored. */
async function understandTable(page: Page): Promise<void> {
	const table = 'Datum;Uhrzeit;Leistung\n05/11/2026;18:00;1.234,5\n05/11/2026;nie;1\n05/11/2026;18:10;2\n';
	const panel = page.getByRole('region', { name: 'Import measurements' });
	const chooser = page.waitForEvent('filechooser');
	await panel.getByRole('button', { name: 'Choose a file to import…' }).click();
	await (await chooser).setFiles({ name: 'meter.csv', mimeType: '', buffer: Buffer.from(table) });
	await expect(panel.getByRole('heading', { name: 'Import measurements' })).toBeFocused();
	await expect(panel.getByText('Day or month first?')).toBeInViewport();
	const row = panel.getByRole('row', { name: /2026, 18:00:00 1,234\.5/u });
	await expect(row).toContainText('5 Nov');
	await panel.getByLabel('Times are written').selectOption({ label: 'month, day, year' });
	await expect(row).toContainText('11 May');
	await panel.getByRole('button', { name: 'Read all of it' }).click();
	await expect(panel.getByLabel('Whose measurements are these?')).toBeFocused();
	await page.keyboard.type('meter');
	await page.keyboard.press('Enter');
	await expect(
		panel.getByText('meter.csv has 2 samples. Nothing is written yet. 1 line cannot')
	).toBeVisible();
	await expect(panel.getByText('Line 3: “05/11/2026 nie” is no time')).toBeVisible();
	await panel.getByRole('button', { name: 'Cancel' }).click();

	const long =
		'room,entity_id,state,last_changed\nkitchen,temperature,21.5,21 Nov 2026 18:00\nbath,humidity,45,21 Nov 2026 18:01\n';
	await panel
		.getByLabel('Choose a file to import…')
		.first()
		.setInputFiles({ name: 'home.csv', mimeType: '', buffer: Buffer.from(long) });
	await expect(panel.getByRole('row', { name: /bath – 45$/u })).toContainText('21 Nov 2026, 18:01:00');
	await panel.getByLabel('humidity', { exact: true }).fill('');
	await panel.getByRole('button', { name: 'Read all of it' }).click();
	await expect(panel.getByText('home.csv has 1 sample.')).toBeVisible();
	await panel.getByRole('button', { name: 'Cancel' }).click();
}

/** Exports all as NDJSON. @returns the lines with a number: the page itself adds when it knew the device to be online */
async function exportNumbered(page: Page): Promise<{ path: string; numbered: string[] }> {
	await page.getByText('NDJSON', { exact: true }).click();
	const path = await saved(page, 'Export…');
	const lines = (await readFile(path, 'utf8')).trim().split('\n');
	return { path, numbered: lines.filter((line) => line.includes('"seq"')) };
}

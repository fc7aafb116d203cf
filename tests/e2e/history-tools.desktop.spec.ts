import AxeBuilder from '@axe-core/playwright';
import { readFile } from 'node:fs/promises';
import mqtt from 'mqtt';
import type { Bench } from './bench';
import { expect, test } from './fixtures';
import { connectLocal, openDevice, view } from './screens';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/** An hour of a steady load, ending so long ago. */
async function publishHour(bench: Bench, agoMs: number, watts: number, seq: number): Promise<void> {
	const client = await mqtt.connectAsync(bench.tcpUrl, { reconnectPeriod: 0 });
	const endMs = Date.now() - agoMs;
	await Promise.all(
		Array.from({ length: 61 }, (_, i) => {
			const timestamp = (endMs - (60 - i) * MINUTE) / 1000;
			const sensors = { power: watts, temperature: 20 + i / 10 };
			const body = { timestamp, sensors, clock: 'sync', epoch: 7, seq: seq + i };
			return client.publishAsync('iot/node/fb-meter/telemetry', JSON.stringify(body), { qos: 1 });
		})
	);
	await client.endAsync();
}

test('history tells its figures, is compared, annotated, kept as a view and taken along', async ({
	page,
	bench
}) => {
	await connectLocal(page, bench);
	await publishHour(bench, DAY + 10 * MINUTE, 500, 0);
	await publishHour(bench, 10 * MINUTE, 1000, 61);
	await openDevice(page, 'fb-meter');
	await view(page, 'History');
	await page.getByLabel('Time range').selectOption({ label: '6 hours' });

	const power = page.getByRole('figure', { name: /^Power/u });
	const energy = power.locator('dl > div', { hasText: 'Energy' });
	await expect(energy).toContainText('1.00kWh');
	await expect(power.locator('dl > div', { hasText: 'Highest' })).toContainText('1,000W');
	await expect(power).toContainText('61 measurements cover 17 % of this time');

	const against = page.getByLabel('Compared with');
	await against.selectOption({ label: 'against the day before' });
	await expect(energy).toContainText('+0.50 kWh');
	await expect(page).toHaveURL(/last=21600&compare=day/u);
	await page.goBack();
	await expect(against).toHaveValue('off');
	await expect(energy).not.toContainText('+');
	await page.goForward();
	await expect(energy).toContainText('+0.50 kWh');

	await power.getByRole('group', { name: 'Power' }).press('n');
	await page.getByLabel('Note', { exact: true }).fill('Kettle on');
	await page.getByRole('button', { name: 'Add the note' }).click();
	const note = page.getByRole('button', { name: /Kettle on$/u });
	await expect(note.first()).toBeVisible();
	const { violations } = await new AxeBuilder({ page }).include('main').analyze();
	expect(violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}`))).toEqual([]);
	await page.getByRole('button', { name: 'Delete “Kettle on”' }).click();
	await expect(note).toHaveCount(0);
	await expect(page.getByRole('region', { name: 'Notes' }).locator(':focus')).toHaveCount(1);
	await page.getByRole('button', { name: 'Undo' }).click();

	await page.getByRole('button', { name: 'Save this view' }).click();
	await page.getByLabel('Name').fill('Load by day');
	await page.getByRole('button', { name: 'Save', exact: true }).click();
	const saved = page.getByRole('link', { name: /^Load by day/u });
	await expect(saved).toContainText('last 6 hours, against the day before');

	const download = page.waitForEvent('download');
	await power.getByRole('button', { name: 'CSV' }).click();
	const file = await download;
	expect(file.suggestedFilename()).toMatch(/^fb-meter_power_\d{4}-\d\d-\d\d-\d{4}_[\d-]+\.csv$/u);
	const rows = (await readFile(await file.path(), 'utf8')).trimEnd().split('\r\n');
	expect(rows[0]).toBe('time,device,metric,unit,value,period,simulated');
	expect(
		rows.filter((row) => /^[^,]+[+-]\d\d:\d\d,fb-meter,power,W,1000,shown,false$/u.test(row))
	).toHaveLength(61);
	expect(rows.filter((row) => row.endsWith(',500,the day before,false'))).toHaveLength(61);

	const drawing = page.waitForEvent('download');
	await power.getByRole('button', { name: 'PNG' }).click();
	const picture = await readFile(await (await drawing).path());
	expect([picture.toString('latin1', 1, 4), picture.readUInt32BE(16)], 'kind and width').toEqual([
		'PNG',
		1080
	]);

	await page.getByLabel('Time range').selectOption({ label: 'minute' });
	await against.selectOption({ label: 'on its own' });
	await page.reload();
	await expect(page.getByLabel('Time range')).toHaveValue(String(MINUTE));
	await expect(note.first()).toBeVisible();
	await saved.click();
	await expect(energy).toContainText('+0.50 kWh');
});

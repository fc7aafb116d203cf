import AxeBuilder from '@axe-core/playwright';
import type { BrowserContext, Page } from '@playwright/test';
import { buildNvs, memoryMedium, NvsPartition, type NvsEntry } from '../../src/lib/formats';
import { expect, test } from './fixtures';
import { choosePort, planPractice, plugIn, step, writeParts } from './practice-bench';

/** Where the practice firmware's table has its settings. */
const NVS = { offset: 0x3f0000, size: 0x10000 };

const SETTINGS: readonly NvsEntry[] = [
	{ namespace: 'bench', key: 'interval', type: 'u16', value: 5 },
	{ namespace: 'bench', key: 'site', type: 'string', value: 'Glasshouse' },
	{ namespace: 'bench', key: 'api_token', type: 'string', value: 'sesame-17' }
];

/** A board that has run something else before: its settings are in its flash. */
async function usedBoard(context: BrowserContext) {
	const plugged = await plugIn(context);
	const image = buildNvs(SETTINGS, NVS.size);
	if (!image.ok) throw new Error(image.error.kind);
	plugged.flash.program(NVS.offset, image.value);
	return plugged;
}

async function accessible(page: Page, name: string): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(
		violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`),
		name
	).toEqual([]);
	const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
	expect(wide, `${name} is wider than the screen by`).toBeLessThanOrEqual(0);
}

const place = (page: Page, name: string) =>
	page.getByRole('group', { name: 'What to look at' }).getByText(name, { exact: true }).click();

test('look inside a board, change a setting, plan, write, and see it there', async ({ page, context }) => {
	test.setTimeout(150_000);
	const { flash } = await usedBoard(context);
	await page.goto('/flash');
	await choosePort(page);
	await planPractice(page);
	await writeParts(page);
	await expect(step(page, 'Write')).toContainText('Written and checked');

	await test.step('its program runs, so it is connected again', async () => {
		await page.getByRole('button', { name: 'Look inside…' }).click();
		await expect(page.getByRole('heading', { name: /Inside the board/u })).toBeFocused();
		await expect(page.getByText('The board runs its program now')).toBeVisible();
		await accessible(page, 'gone');
		await page.getByRole('button', { name: 'Connect again' }).click();
	});

	await test.step('partitions, and what starts', async () => {
		await expect(page.getByRole('row', { name: /^ota_0/u })).toBeVisible();
		await expect(page.getByRole('row', { name: /^nvs.*settings/u })).toBeVisible();
		const slots = page.getByRole('region', { name: 'What starts' });
		await expect(slots).toContainText('“ota_0” starts next');
		const slot = slots.getByRole('article', { name: 'ota_0' });
		await expect(slot).toContainText('starts next');
		await slot.getByRole('button', { name: /Check the whole image/u }).click();
		await expect(slot).toContainText('Whole: checksum and SHA-256 are right', { timeout: 30_000 });
		await accessible(page, 'partitions');
	});

	await test.step('settings: secrets are covered, a change is shown before and after', async () => {
		await place(page, 'Settings');
		const table = page.getByRole('region', { name: 'Settings in nvs' });
		await expect(table).toContainText('Glasshouse');
		await expect(table).not.toContainText('sesame-17');
		await table.getByRole('button', { name: 'Show api_token' }).click();
		await expect(table).toContainText('sesame-17');
		await page.getByRole('button', { name: 'Edit bench / interval' }).click();
		const dialog = page.getByRole('dialog');
		await dialog.getByRole('textbox', { name: 'Value' }).fill('70000');
		await dialog.getByRole('button', { name: 'Change it' }).click();
		await expect(dialog.getByRole('textbox', { name: 'Value' })).toHaveAccessibleDescription(/65535/u);
		await accessible(page, 'a value out of range');
		await dialog.getByRole('textbox', { name: 'Value' }).fill('0x10');
		await page.keyboard.press('Enter');
		await page.getByRole('button', { name: 'Delete bench / site' }).click();
		const changes = page.getByRole('region', { name: 'Changes to the settings' });
		await expect(changes.getByRole('row', { name: /Changed interval bench 5 16/u })).toBeVisible();
		await expect(changes.getByRole('row', { name: /Deleted site/u })).toBeVisible();
		await accessible(page, 'settings');
	});

	await test.step('nothing is written but by the plan', async () => {
		await page.getByRole('button', { name: 'Plan the write…' }).click();
		await expect(step(page, 'Plan')).toContainText('is written');
		expect(stored(flash.read(NVS.offset, NVS.size), 'interval')).toMatchObject({ value: 5 });
		await writeParts(page);
		await expect(step(page, 'Write')).toContainText('Written and checked');
	});

	await test.step('and it is there', async () => {
		await page.getByRole('button', { name: 'Look inside…' }).click();
		await page.getByRole('button', { name: 'Connect again' }).click();
		await expect(page.getByRole('row', { name: /^nvs.*settings/u })).toBeVisible();
		await place(page, 'Settings');
		const table = page.getByRole('region', { name: 'Settings in nvs' });
		await expect(table.getByRole('row', { name: /interval bench 16 0x10/u })).toBeVisible();
		await expect(table).not.toContainText('Glasshouse');
		expect(stored(flash.read(NVS.offset, NVS.size), 'api_token')).toMatchObject({ value: 'sesame-17' });
	});
});

function stored(bytes: Uint8Array, key: string) {
	const opened = NvsPartition.open(memoryMedium(Uint8Array.from(bytes)));
	return opened.ok ? opened.value.get('bench', key) : undefined;
}

test('bytes by keyboard, to an address and to a text, and back to the steps as they were', async ({
	page,
	context
}) => {
	await usedBoard(context);
	await page.goto('/flash');
	await choosePort(page);
	await page.getByRole('button', { name: 'Look inside…' }).click();
	await expect(page.getByText('There is no partition table here')).toBeVisible();
	await accessible(page, 'no table');
	await place(page, 'Bytes');
	await page.getByRole('textbox', { name: 'Address' }).fill('4032K');
	await page.getByRole('button', { name: 'Go there' }).click();
	const rows = page.getByRole('region', { name: 'Bytes of Whole flash' });
	await expect(rows).toContainText('0x3f0000');
	await expect(rows).toContainText('fe ff ff ff'.replaceAll(' ', ''));
	await page.getByRole('textbox', { name: 'Find' }).fill('Glasshouse');
	await page.getByRole('button', { name: 'Find next' }).click();
	await expect(page.getByText(/^Found at 0x3f00/u)).toBeVisible();
	await accessible(page, 'bytes');
	await rows.focus();
	await page.keyboard.press('End');
	await expect(rows).toContainText('0x3ffff0');
	await page.keyboard.press('Home');
	await expect(rows).toContainText('0x000000');
	await page.keyboard.press('Shift+ArrowDown');
	await expect(page.getByRole('main')).toContainText(/(9|17)\s+bytes\s+selected/u);
	const download = page.waitForEvent('download');
	await page.getByRole('button', { name: 'Save what is selected' }).click();
	expect((await download).suggestedFilename()).toBe('Whole-flash-0x000000.bin');

	await page.getByRole('button', { name: 'Back to the steps' }).click();
	await expect(page.getByRole('button', { name: 'Look inside…' })).toBeFocused();
	await planPractice(page);
});

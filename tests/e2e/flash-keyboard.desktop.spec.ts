import { buildAppImage, CHIP_IDS } from '../../src/lib/formats';
import { utf8 } from '../../src/lib/base';
import { expect, test } from './fixtures';
import { press } from './keyboard';
import { connected, plugIn, step } from './practice-bench';

const SUMMARY = { selector: 'summary' };

test('backup, override and the header’s fields by keyboard alone', async ({ page, context }) => {
	await page.addInitScript(() => Reflect.deleteProperty(window, 'showSaveFilePicker'));
	const { flash } = await plugIn(context);
	await connected(page);

	await press(page, SUMMARY, 'Back up…', 'Enter');
	await press(page, 'radio', /^The bytes alone/u, 'Space');
	await press(page, 'button', 'Save the whole flash…', 'Enter');
	await press(page, 'button', 'Stop', 'Enter');
	await expect(step(page, 'Board')).toContainText('Stopped: nothing is saved');

	await press(page, SUMMARY, /^Files of your own build/u, 'Enter');
	const app = buildAppImage({
		chipId: CHIP_IDS['ESP32-S3'],
		entry: 0x40374000,
		segments: [{ address: 0x3c000020, bytes: utf8('an app of another chip') }]
	});
	// The system's file dialogue is not the page's: nobody tabs through it here.
	const file = { name: 's3.bin', mimeType: '', buffer: Buffer.from(app) };
	await page.getByLabel('Firmware files').setInputFiles(file);
	await press(page, 'button', /^Use/u, 'Enter');
	const plan = step(page, 'Plan');
	await expect(plan).toContainText('This firmware is for another chip');
	await press(page, SUMMARY, 'I know better…', 'Enter');
	await press(page, 'textbox', /^Type the name/u);
	await page.keyboard.type('ESP32-S2');
	await page.keyboard.press('Enter');
	await expect(plan).toContainText('That is not the board’s chip');
	await page.keyboard.press('ControlOrMeta+A');
	await page.keyboard.type('ESP32-C3');
	await page.keyboard.press('Enter');
	await press(page, 'button', 'Do not write it after all', 'Enter');
	await expect(plan.getByRole('button', { name: /^Write/u })).toBeDisabled();
	expect(flash.read(0, 1 << 20).every((byte) => byte === 0xff)).toBe(true);

	await press(page, 'button', 'Another firmware…', 'Enter');
	await press(page, 'button', /^Take it.*Practice firmware/u, 'Enter');
	await press(page, SUMMARY, /^Flash mode, clock and size/u, 'Enter');
	await press(page, 'combobox', 'Clock', 'ArrowDown');
	await expect(plan).toContainText(/Built with .*; written with /u);
	await press(page, 'button', /^Write \d parts/u, 'Enter');
	await expect(step(page, 'Write')).toContainText('Written and checked');
});

import type { Page } from '@playwright/test';
import { buildAppImage, CHIP_IDS } from '../../src/lib/formats';
import { INSTANT_TIMING } from '../../src/lib/lab';
import { utf8 } from '../../src/lib/base';
import { startMosquitto } from '../integration/mosquitto';
import { LAN_HOST } from './bench';
import { expect, test } from './fixtures';
import {
	alert,
	choosePort,
	connected,
	joinPracticeNetwork,
	nameAndGiveBroker,
	planPractice,
	plugIn,
	step,
	writeParts
} from './practice-bench';

/** Slow enough to be caught in the middle of a write. */
const SLOW = { ...INSTANT_TIMING, programPageMs: 8 };

/** Bytes are on their way to the flash. */
async function midWrite(page: Page): Promise<void> {
	await planPractice(page);
	await writeParts(page);
	await expect(step(page, 'Write')).toContainText(/Writing app\.bin, part 3 of 3/u);
}

async function flashAgain(page: Page): Promise<void> {
	await page.getByRole('button', { name: 'Flash again' }).first().click();
	await writeParts(page);
	await expect(step(page, 'Write')).toContainText('Written and checked', { timeout: 20_000 });
}

test('a cable that is pulled mid-write, and one that is stopped: the board can be flashed again', async ({
	page,
	context
}) => {
	const { serial } = await plugIn(context, { timing: SLOW });
	await connected(page);
	await midWrite(page);
	await serial.unplug();
	await expect(alert(page)).toContainText('The board is unplugged');
	await serial.plug();

	await page.getByRole('button', { name: 'Flash again' }).first().click();
	await writeParts(page);
	await expect(step(page, 'Write')).toContainText(/Writing app\.bin, part 3 of 3/u);
	await page.getByRole('button', { name: 'Stop writing…' }).click();
	await page.getByRole('dialog').getByRole('button', { name: 'Stop writing' }).click();
	await expect(step(page, 'Write')).toContainText(/stopped/iu);
	await flashAgain(page);
});

test('leaving the page mid-write is asked about', async ({ page, context }) => {
	await plugIn(context, { timing: SLOW });
	await connected(page);
	await midWrite(page);
	await page.getByRole('link', { name: 'Broker', exact: true }).first().click();
	const question = page.getByRole('dialog');
	await expect(question).toBeVisible();
	await expect(page).toHaveURL(/\/flash$/u);
	await page.keyboard.press('Escape');

	const leaving = page.waitForEvent('dialog');
	await page.close({ runBeforeUnload: true });
	const asked = await leaving;
	expect(asked.type()).toBe('beforeunload');
	await asked.dismiss();
	await expect(step(page, 'Write')).toContainText('Written and checked', { timeout: 20_000 });
});

test('a port that another tab holds, and a picker that is closed', async ({ page, context }) => {
	const { serial } = await plugIn(context);
	await page.goto('/flash');
	serial.dismissPicker(true);
	await choosePort(page);
	await expect(step(page, 'Board')).toContainText('No port was chosen');
	serial.dismissPicker(false);
	serial.heldElsewhere(true);
	await choosePort(page);
	await expect(alert(page)).toContainText('The port cannot be opened');
	await expect(alert(page)).toContainText('Another tab or another program');
	serial.heldElsewhere(false);
	await page.getByRole('button', { name: 'Try again' }).click();
	await expect(step(page, 'Board')).toContainText('4 MB');
});

test('a board that its cable cannot bring into download mode is brought there by hand', async ({
	page,
	context
}) => {
	test.setTimeout(90_000);
	const { serial, board } = await plugIn(context);
	serial.withoutAutoReset(true);
	await page.goto('/flash');
	await choosePort(page);
	await expect(alert(page)).toContainText(/does not answer|runs its program|into its program/u, {
		timeout: 45_000
	});
	await expect(alert(page).getByRole('list', { name: /download mode by hand/u })).toBeVisible();
	board.pressBoot(true);
	board.pressEn();
	board.pressBoot(false);
	await page.getByRole('button', { name: 'Try again' }).click();
	await expect(step(page, 'Board')).toContainText('4 MB', { timeout: 30_000 });
});

test('what does not belong on this board is told before anything is written', async ({
	page,
	context,
	bench,
	guard
}) => {
	guard.expect(/404/u);
	const { flash } = await plugIn(context);
	await connected(page);
	const firmware = step(page, 'Firmware');

	await firmware.getByText('From an address').click();
	for (const [path, words] of [
		['/nowhere/manifest.json', /answered 404/u],
		['/local-broker.json', /fault at “/u],
		['/firmware/practice/app.bin', /not JSON/u]
	] as const) {
		await firmware.getByLabel('Address of a manifest').fill(`${bench.url}${path}`);
		await firmware.getByRole('button', { name: 'Fetch it' }).click();
		await expect(firmware).toContainText(words);
	}

	await firmware.getByText('Files of your own build').click();
	const files = page.getByLabel('Firmware files');
	const use = firmware.getByRole('button', { name: /^Use/u });
	const app = buildAppImage({
		chipId: CHIP_IDS['ESP32-S3'],
		entry: 0x40374000,
		segments: [{ address: 0x3c000020, bytes: utf8('an app of another chip') }]
	});
	await files.setInputFiles({ name: 's3.bin', mimeType: '', buffer: Buffer.from(app) });
	await expect(firmware).toContainText('ESP32-S3');
	await use.click();
	const plan = step(page, 'Plan');
	await expect(plan).toContainText('This firmware is for another chip');
	await expect(plan.getByRole('button', { name: /^Write/u })).toBeDisabled();

	await plan.getByRole('button', { name: 'Another firmware…' }).click();
	await firmware.getByRole('button', { name: /Leave s3.bin out/u }).click();
	await files.setInputFiles({
		name: 'page.bin',
		mimeType: '',
		buffer: Buffer.from('<!doctype html><title>404</title>')
	});
	await firmware.getByRole('textbox', { name: /Offset/u }).fill('0x10000');
	await expect(firmware).toContainText('It is a web page, not firmware');
	await expect(use).toBeDisabled();
	expect(flash.read(0, 1 << 20).every((byte) => byte === 0xff)).toBe(true);
});

test('a wrong Wi-Fi password and brokers that do not let it in are each told, and then it works', async ({
	page,
	context
}) => {
	test.setTimeout(120_000);
	await plugIn(context);
	const closed = await startMosquitto({ users: { keeper: 'of the keys' } });
	try {
		await connected(page);
		await planPractice(page);
		await writeParts(page);
		const message = step(page, 'First message');
		await page.getByRole('radio', { name: /Fieldbench Practice/u }).check();
		const password = page.getByLabel('Password of Fieldbench Practice', { exact: true });
		await password.fill('practice-wrong');
		await page.getByRole('button', { name: /^Join/u }).click();
		await expect(message).toContainText('does not take this password');
		await expect(password).toHaveAttribute('aria-invalid', 'true', { timeout: 20_000 });
		await joinPracticeNetwork(page);

		const address = async (uri: string) => {
			await message.getByRole('radio', { name: 'Another broker…' }).check();
			await message.getByRole('textbox', { name: 'Address' }).fill(uri);
		};
		await address('mqtt://localhost:1883');
		await expect(message).toContainText('this address means the board itself');
		await expect(message.getByRole('button', { name: 'Give it to the board' })).toBeDisabled();
		for (const [uri, words] of [
			['mqtt://no-such-broker.invalid:1883', /network does not know this name/u],
			[`mqtt://${LAN_HOST}:9`, /Nobody answers the board there/u],
			[`mqtt://${LAN_HOST}:${closed.tcpPort}`, /does not let this account in/u]
		] as const) {
			await address(uri);
			await message.getByRole('button', { name: 'Give it to the board' }).click();
			await expect(alert(page)).toContainText(words, { timeout: 30_000 });
		}
		await message.getByRole('radio', { name: new RegExp(LAN_HOST, 'u') }).check();
		await message.getByRole('button', { name: 'Another network…' }).click();
		await page.getByRole('radio', { name: /Café Guest/u }).check();
		await page.getByRole('button', { name: /^Join/u }).click();
		await expect(message).toContainText('It has joined Café Guest');
		await message.getByRole('button', { name: 'Another network…' }).click();
		await joinPracticeNetwork(page);
		await message.getByRole('radio', { name: new RegExp(LAN_HOST, 'u') }).check();
		await nameAndGiveBroker(page, 'At last');
		await expect(message).toContainText('At last is live', { timeout: 30_000 });

		await page.getByRole('button', { name: 'Flash again' }).first().click();
		await expect(step(page, 'Plan')).toContainText('settings (nvs)');
	} finally {
		await closed.stop();
	}
});

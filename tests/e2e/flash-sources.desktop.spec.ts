import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { startFirmwareHost } from './firmware-host';
import { expect, firstPage, SERVER_GONE, test } from './fixtures';
import { alert, choosePort, getPracticeBoard, plugIn, step, writeParts } from './practice-bench';
import { offlineReady } from './screens';

/** The practice firmware as ESP-IDF leaves a build: practice boards say that they are an ESP32-C3. */
async function buildFiles(): Promise<Record<string, Uint8Array>> {
	const part = (name: string) => readFile(`static/firmware/practice/${name}`);
	const args = {
		flash_files: { '0x0': 'bootloader/bootloader.bin', '0x8000': 'partitions.bin', '0x10000': 'app.bin' },
		flash_settings: {},
		extra_esptool_args: { chip: 'esp32c3' }
	};
	return {
		'flasher_args.json': new TextEncoder().encode(JSON.stringify(args)),
		'bootloader/bootloader.bin': await part('bootloader.bin'),
		'partitions.bin': await part('partitions.bin'),
		'app.bin': await part('app.bin')
	};
}

/** Looked at by the machine: nothing that keeps anybody out, and nothing wider than the screen. */
async function look(page: Page, name: string): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag22aa']).analyze();
	expect(
		violations.map(({ id }) => id),
		name
	).toEqual([]);
	expect(
		await page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
		name
	).toBeLessThanOrEqual(0);
	await page.screenshot({ path: test.info().outputPath(`${name}.png`), fullPage: true });
}

test('a build folder, and one from which a file is gone', async ({ page, context, profile }) => {
	await plugIn(context);
	await page.goto('/flash');
	await choosePort(page);
	const firmware = step(page, 'Firmware');
	await firmware.getByText('Files of your own build').press('Enter');
	const folder = join(profile, 'my-build');
	await mkdir(join(folder, 'bootloader'), { recursive: true });
	const { 'app.bin': app, ...others } = await buildFiles();
	for (const [name, bytes] of Object.entries(others)) await writeFile(join(folder, name), bytes);
	await page.getByLabel('Build folder').setInputFiles(folder);
	await expect(alert(page).filter({ hasText: 'app.bin' })).toContainText(
		/names .*app\.bin.*not there\. Build it to the end/u
	);
	await look(page, 'a file is missing');

	await writeFile(join(folder, 'app.bin'), app!);
	await page.getByLabel('Build folder').setInputFiles(folder);
	await expect(firmware.getByRole('textbox', { name: 'Offset of app.bin' })).toHaveValue('0x10000');
	await expect(firmware).not.toContainText('not there');
	await look(page, 'a build folder');
	await firmware.getByRole('button', { name: /^Use/u }).press('Enter');
	await expect(step(page, 'Plan').getByRole('button', { name: 'Write 3 parts' })).toBeEnabled();
});

test('each failure of an address has words of its own', async ({ page, context, guard }) => {
	guard.expect(/404|CORS policy|ERR_FAILED|ERR_CONTENT_LENGTH_MISMATCH|ERR_CONNECTION_REFUSED/u);
	const { flash } = await plugIn(context);
	const manifest = (part: string) => ({
		body: JSON.stringify({
			name: 'Node',
			builds: [{ chipFamily: 'ESP32-C3', parts: [{ path: part, offset: 0x10000 }] }]
		})
	});
	const app = (await buildFiles())['app.bin']!;
	const host = await startFirmwareHost({
		'/page.json': { body: '<!doctype html><title>Sign in</title>' },
		'/closed.json': { ...manifest('app.bin'), cors: false },
		'/gone.json': manifest('gone.bin'),
		'/html.json': manifest('html.bin'),
		'/html.bin': { body: '<html>not found</html>' },
		'/cut.json': manifest('cut.bin'),
		'/cut.bin': { body: app.subarray(0, 3000), announcedBytes: app.length },
		'/short.json': manifest('short.bin'),
		'/short.bin': { body: app.subarray(0, 5000) },
		'/flipped.json': manifest('flipped.bin'),
		'/flipped.bin': { body: app.map((byte, i) => (i === 4000 ? byte ^ 1 : byte)) },
		'/other.json': {
			body: JSON.stringify({
				name: 'Node',
				builds: [{ chipFamily: 'ESP32-S3', parts: [{ path: 'app.bin', offset: 0 }] }]
			})
		}
	});
	try {
		await page.goto('/flash');
		await choosePort(page);
		const firmware = step(page, 'Firmware');
		await firmware.getByText('From an address').press('Enter');
		const address = firmware.getByLabel('Address of a manifest');
		for (const [path, words] of [
			['/nowhere.json', /answered 404 for nowhere\.json\. It is not there/u],
			['/page.json', /page\.json is a web page, not what was asked for/u],
			['/closed.json', /was not reached\. .*does not let other pages read it \(CORS\)/u],
			['/gone.json', /answered 404 for gone\.bin/u],
			['/html.json', /html\.bin came, and nothing was taken: It is a web page, not firmware/u],
			['/cut.json', /cut\.bin came with .* where its host had announced|cut\.bin broke off after/u],
			['/short.json', /short\.bin came, and nothing was taken: It is cut short/u],
			['/flipped.json', /flipped\.bin came, and nothing was taken: It is damaged/u],
			['/other.json', /ESP32-S3/u]
		] as const) {
			await address.fill(`${host.url}${path}`);
			await address.press('Enter');
			await expect(address, path).toHaveAccessibleDescription(words);
		}
		await look(page, 'an address that failed');
		expect(flash.read(0, 1 << 20).every((byte) => byte === 0xff)).toBe(true);
	} finally {
		await host.close();
	}
});

test('what was used here before is flashed again with the server gone', async ({
	openBrowser,
	bench,
	guard
}) => {
	test.setTimeout(120_000);
	guard.expect(SERVER_GONE);
	const first = await openBrowser();
	const page = firstPage(first);
	await page.goto('/flash');
	await offlineReady(page);
	await getPracticeBoard(page);
	await step(page, 'Firmware').getByText('Files of your own build').press('Enter');
	const zip = Buffer.from(zipSync(await buildFiles()));
	await page
		.getByLabel('Firmware files')
		.setInputFiles({ name: 'build.zip', mimeType: 'application/zip', buffer: zip });
	await step(page, 'Firmware').getByRole('button', { name: /^Use/u }).press('Enter');
	await step(page, 'Plan').getByRole('button', { name: 'Another firmware…' }).press('Enter');
	await expect(step(page, 'Firmware')).toContainText('Used here before');
	await look(page, 'used here before');
	await first.close();
	await bench.stopPage();

	const again = firstPage(await openBrowser());
	await again.goto('/flash');
	await getPracticeBoard(again);
	const kept = step(again, 'Firmware').getByRole('listitem').filter({ hasText: 'bootloader.bin' });
	await kept.getByRole('button', { name: /^Take it/u }).press('Enter');
	await writeParts(again);
	await expect(step(again, 'Write')).toContainText('Written and checked', { timeout: 30_000 });
});

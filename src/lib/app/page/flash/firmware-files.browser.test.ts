import { zipSync } from 'fflate';
import { beforeEach, describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { ok } from '$lib/base';
import { ConsoleLog } from '$lib/console';
import { buildAppImage, buildNvs, buildPartitionTable } from '$lib/formats';
import { FAKE_BOARD, fakeWorks } from './fake-works';
import { FlashSession } from './flash-session.svelte';
import FlashScreen from './FlashScreen.svelte';

const image = (bytes: number) =>
	buildAppImage({
		chipId: 5,
		entry: 0,
		segments: [{ address: 0x3fc80000, bytes: new Uint8Array(bytes) }]
	});
const row = { type: 1, subtype: 0x82, size: 0x4000, encrypted: false, readOnly: false };
const table = buildPartitionTable([
	{ ...row, label: 'app', type: 0, subtype: 0, offset: 0x10000, size: 0x20000 },
	{ ...row, label: 'storage', offset: 0x90000 }
]);
if (!table.ok) throw new Error(table.error.kind);
const littlefs = new Uint8Array(0x4000).fill(0xff);
littlefs.set(new TextEncoder().encode('littlefs'), 8);
const argsFor = (chip: string) =>
	new TextEncoder().encode(
		JSON.stringify({
			flash_files: { '0x0': 'bootloader/bootloader.bin', '0x20000': 'node.bin' },
			flash_settings: { flash_mode: 'dio', flash_size: '4MB', flash_freq: '80m' },
			extra_esptool_args: { chip }
		})
	);
const buildZip = (chip: string) =>
	new File(
		[
			zipSync({
				'flasher_args.json': argsFor(chip),
				'bootloader/bootloader.bin': image(4),
				'node.bin': image(0x11000)
			})
		],
		'build.zip'
	);

async function choosing() {
	const session = new FlashSession(
		fakeWorks({ answer: ok(FAKE_BOARD), problems: [], states: [] }),
		new ConsoleLog()
	);
	session.follow(new AbortController().signal);
	await render(FlashScreen, { session });
	await page.getByRole('button', { name: 'Get a practice board' }).click();
	await page.getByText('Files of your own build').click();
	return session;
}
const choose = (...files: File[]) => userEvent.upload(page.getByLabelText('Firmware files'), files);
const offset = (name: string) => page.getByRole('textbox', { name: `Offset of ${name}` });

beforeEach(
	() =>
		new Promise<unknown>((resolve) => {
			const request = indexedDB.deleteDatabase('fieldbench-firmware');
			request.onsuccess = request.onerror = resolve;
		})
);

describe('files of an own build', () => {
	it('of a zip go where its flasher_args.json says, and take the place of what was chosen', async () => {
		const session = await choosing();
		await choose(new File([image(4)], 'other.bin'));
		await choose(buildZip('esp32c3'));
		await expect.element(offset('bootloader.bin')).toHaveValue('0x0');
		await expect.element(offset('node.bin')).toHaveValue('0x20000');
		await expect.element(offset('other.bin')).not.toBeInTheDocument();
		await page.getByRole('button', { name: 'Use these 2 files' }).click();
		expect(session.run?.firmware.builtFor).toEqual({ mode: 'dio', frequency: '80m', size: '4MB' });
	});

	it('for another chip are not taken, and it says which would be', async () => {
		await choosing();
		await choose(buildZip('esp32s3'));
		await expect
			.element(page.getByRole('alert'))
			.toHaveTextContent('for ESP32-S3, and this board has an ESP32-C3');
		await expect.element(offset('node.bin')).not.toBeInTheDocument();
	});

	it('follow the partition table, but not over what a person typed', async () => {
		await choosing();
		await choose(new File([littlefs], 'data.bin'), new File([image(0x11000)], 'app.bin'));
		await expect.element(offset('data.bin')).toHaveValue('');
		await expect.element(offset('data.bin')).toBeInvalid();
		await offset('app.bin').fill('0x30000');
		await choose(new File([table.value], 'partitions.bin'));
		await expect.element(offset('data.bin')).toHaveValue('0x90000');
		await expect.element(offset('app.bin')).toHaveValue('0x30000');
	});

	it('that are no firmware say so and cannot be used', async () => {
		await choosing();
		await choose(new File(['<!doctype html>'], 'app.bin'));
		await expect.element(offset('app.bin')).toHaveAccessibleDescription(/web page, not firmware/);
		await offset('app.bin').fill('0x10000');
		await expect.element(page.getByRole('button', { name: 'Use this file' })).toBeDisabled();
	});
});

describe('files opened with the app', () => {
	it('wait for a board, and are then chosen', async () => {
		const script = { answer: ok(FAKE_BOARD), problems: [], states: [] };
		const session = new FlashSession(fakeWorks(script), new ConsoleLog());
		session.follow(new AbortController().signal);
		await render(FlashScreen, { session });
		session.openFiles([{ path: 'build.zip', file: buildZip('esp32c3') }]);
		await expect.element(page.getByText('build.zip: opened')).toBeVisible();
		await page.getByRole('button', { name: 'Get a practice board' }).click();
		await expect.element(offset('node.bin')).toHaveValue('0x20000');
	});
});

describe('firmware that was used here', () => {
	it('leaves out a whole flash with settings in it, and says so', async () => {
		const wifi = { namespace: 'wifi', key: 'password', type: 'string', value: 'open-sesame' } as const;
		const nvs = buildNvs([wifi], 0x5000);
		if (!nvs.ok) throw new Error(nvs.error.kind);
		const dump = new Uint8Array(0x40000).fill(0xff);
		dump.set(image(0x100));
		dump.set(table.value, 0x8000);
		dump.set(image(0x11000), 0x10000);
		const clean = dump.slice();
		dump.set(nvs.value, 0x9000);
		const session = await choosing();
		await choose(new File([dump], 'backup.bin'));
		await offset('backup.bin').fill('0x0');
		const note = page.getByText(/backup\.bin: settings lie in it/);
		await expect.element(note).toBeVisible();
		await page.getByRole('button', { name: 'Use this file' }).click();
		expect(session.run?.firmware.parts[0]?.bytes).toEqual(dump);
		await page.getByRole('button', { name: 'Another firmware…' }).click();
		await page.getByRole('button', { name: 'Leave backup.bin out' }).click();
		await choose(new File([clean], 'factory.bin'));
		await offset('factory.bin').fill('0x0');
		await expect.element(note).not.toBeInTheDocument();
		await page.getByRole('button', { name: 'Use this file' }).click();
		await expect.poll(() => session.choice?.recent.map(({ from }) => from)).toEqual(['factory.bin']);
	});

	it('can be taken again with no file and no network, and be removed', async () => {
		const session = await choosing();
		await choose(buildZip('esp32c3'));
		await page.getByRole('button', { name: 'Use these 2 files' }).click();
		await expect.poll(() => session.choice?.recent.length).toBe(1);
		const change = page.getByRole('button', { name: 'Another firmware…' });
		await change.click();
		await expect.element(page.getByText('bootloader.bin, node.bin')).toBeVisible();
		await page.getByRole('button', { name: /^Take it.*2 files of your own/ }).click();
		await expect
			.poll(() => session.run?.firmware.parts.map(({ offset }) => offset))
			.toStrictEqual([0, 0x20000]);
		await change.click();
		await page.getByRole('button', { name: /^Remove 2 files of your own/ }).click();
		await expect.element(page.getByText('Used here before')).not.toBeInTheDocument();
	});
});

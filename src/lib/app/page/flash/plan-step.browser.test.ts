import { describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { ok } from '$lib/base';
import { ConsoleLog } from '$lib/console';
import { type FirmwareSource, type PlanWishes, planWrite, type PresentFlash } from '$lib/flash';
import { buildAppDescriptor, buildAppImage, CHIP_IDS, type Partition } from '$lib/formats';
import { FAKE_BOARD, fakeWorks } from './fake-works';
import { FlashSession } from './flash-session.svelte';
import FlashScreen from './FlashScreen.svelte';

const BOARD = { ...FAKE_BOARD, practice: false };
const described = (project: string) => ({
	...{ project, version: '2.1', secureVersion: 0, time: '12:00:00', date: 'Nov 21 2026', idfVersion: 'v5.5' },
	elfSha256: '00'.repeat(32)
});
const imageFor = (family: 'ESP32-C3' | 'ESP32-S3', bytes: Uint8Array) =>
	buildAppImage({
		...{ chipId: CHIP_IDS[family], entry: 0x40380000 },
		segments: [{ address: 0x3c000020, bytes }]
	});
const part = (name: string, offset: number, bytes: Uint8Array<ArrayBuffer>) => ({
	name,
	offset,
	bytes,
	from: ''
});
const firmware = (family: 'ESP32-C3' | 'ESP32-S3'): FirmwareSource => ({
	...{ name: 'greenhouse', version: '2.1', eraseFirst: 'ask' },
	parts: [
		part('bootloader.bin', 0, imageFor(family, new Uint8Array(64))),
		part('app.bin', 0x10000, imageFor(family, buildAppDescriptor(described('greenhouse'))))
	]
});
const row = (label: string, type: number, subtype: number, offset: number, size: number): Partition => ({
	...{ label, type, subtype, offset, size, encrypted: false, readOnly: false }
});
const present: PresentFlash = {
	table: {
		partitions: [row('nvs', 1, 2, 0x9000, 0x5000), row('factory', 0, 0, 0x10000, 0x100000)],
		md5: 'ok'
	},
	tableOffset: 0x8000,
	apps: new Map([[0x10000, described('blinky')]])
};

/** The Flash page with a board that plans as real ones do. */
async function planned(source: FirmwareSource, wishes: PlanWishes = {}) {
	const works = fakeWorks({ answer: ok(BOARD), problems: [], states: [{ kind: 'erasing' }] });
	const session = new FlashSession(
		{
			...works,
			boardOn: (port) => ({
				...works.boardOn(port),
				plan: (chosen, wished) => planWrite(BOARD, chosen, { ...wished, present })
			})
		},
		new ConsoleLog()
	);
	session.follow(new AbortController().signal);
	await render(FlashScreen, { session });
	await page.getByRole('button', { name: 'Get a practice board' }).click();
	await expect.poll(() => session.choice).toBeDefined();
	session.use(source);
	session.run?.wish(wishes);
	await expect.element(step).toHaveTextContent('app.bin');
	return session;
}

const step = page.getByRole('region', { name: /Step 3: Plan/ });
const write = page.getByRole('button', { name: /^Write 2 parts/ });

describe('the plan', () => {
	it('shows what images say of themselves and what they are written over', async () => {
		await planned(firmware('ESP32-C3'));
		for (const said of [
			'greenhouse 2.1',
			'Nov 21 2026 12:00:00',
			'v5.5',
			'ESP32-C3, any revision',
			'SHA-256 is right'
		])
			await expect.element(page.getByRole('list', { name: 'What is written' })).toHaveTextContent(said);
		await expect.element(step).toHaveTextContent('Written over blinky 2.1 (factory)');
	});

	it('asks what is erased where the maker does, and writes nothing before', async () => {
		const session = await planned(firmware('ESP32-C3'));
		await expect.element(step).toHaveTextContent('Shall it begin like new?');
		await expect.element(write).toBeDisabled();
		await session.write();
		expect(session.run?.write).toBeUndefined();
		await page.getByRole('radio', { name: /Keep the settings/ }).click();
		await expect.element(write).toBeEnabled();
		await expect.element(step).not.toHaveTextContent('loses its settings');
		await page.getByRole('radio', { name: /Erase everything/ }).click();
		await expect.element(step).toHaveTextContent('This board loses its settings');
	});

	it('lets a wrong chip pass only where its name is typed, and asks anew the next time', async () => {
		const session = await planned(firmware('ESP32-S3'), { erase: 'nothing' });
		await expect.element(write).toBeDisabled();
		await page.getByText('I know better').click();
		const field = page.getByRole('textbox', { name: /name of the board’s chip/ });
		await field.fill('ESP32-S3');
		await userEvent.keyboard('{Enter}');
		await expect.element(field).toHaveAccessibleDescription(/type ESP32-C3/);
		await expect.element(write).toBeDisabled();
		await field.fill('esp32-c3');
		await userEvent.keyboard('{Enter}');
		await expect.element(write).toBeEnabled();
		await expect.element(step).toHaveTextContent('You said that you know better');
		await write.click();
		expect(session.run?.log()).toContain('OVERRIDDEN by the person: images for ESP32-S3');
		session.run?.cancel();
		await page.getByRole('button', { name: 'Flash again' }).click();
		await expect.element(write).toBeDisabled();
	});

	it('shows the flash header before and after', async () => {
		await planned(firmware('ESP32-C3'), { erase: 'nothing' });
		await page.getByText(/Flash mode, clock and size/).click();
		await page.getByRole('combobox', { name: 'Clock' }).selectOptions('80 MHz');
		await expect
			.element(page.getByText('Built with DIO · 40 MHz · 4 MB; written with DIO · 80 MHz · 4 MB.'))
			.toBeVisible();
	});
});

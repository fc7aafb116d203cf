import { describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { ok } from '$lib/base';
import { ConsoleLog } from '$lib/console';
import { type FirmwareSource, planWrite, type PresentFlash } from '$lib/flash';
import {
	buildAppDescriptor,
	buildAppImage,
	buildPartitionTable,
	CHIP_IDS,
	parsePartitionCsv,
	parsePartitionTable
} from '$lib/formats';
import { EMPTY_SETTINGS, settingsImage } from '$lib/provision';
import { FAKE_BOARD, fakeWorks, type FakeBoardScript } from './fake-works';
import { FlashSession } from './flash-session.svelte';
import FlashScreen from './FlashScreen.svelte';
import type { FlashWorks } from './works';

const NVS = { offset: 0x9000, size: 0x6000 };

function ourFirmware(): FirmwareSource {
	const rows = parsePartitionCsv('nvs,data,nvs,0x9000,0x6000\nfactory,app,factory,0x10000,0x100000');
	const table = rows.ok ? buildPartitionTable(rows.value) : rows;
	if (!table.ok) throw new Error(table.error.kind);
	const app = buildAppImage({
		...{ chipId: CHIP_IDS['ESP32-C3'], entry: 0x40380000 },
		segments: [
			{
				address: 0x3c000020,
				bytes: buildAppDescriptor({
					...{ project: 'fieldbench-node', version: '1', secureVersion: 0, time: '', date: '' },
					...{ idfVersion: 'v5.5', elfSha256: '00'.repeat(32) }
				})
			}
		]
	});
	const part = (name: string, offset: number, bytes: Uint8Array<ArrayBuffer>) => ({
		...{ name, offset, bytes, from: '' }
	});
	return {
		...{ name: 'node', version: '1', eraseFirst: 'ask' },
		parts: [part('table.bin', 0x8000, table.value), part('app.bin', 0x10000, app)]
	};
}

/** The Flash page with a board that plans as real ones do. @param flash what lies on it */
async function begun(
	states: FakeBoardScript['states'],
	keepSecret: FlashWorks['keepSecret'],
	flash?: Uint8Array<ArrayBuffer>
) {
	const works = fakeWorks({ answer: ok(FAKE_BOARD), problems: [], states, ...(flash && { flash }) });
	const table = flash && parsePartitionTable(flash.subarray(0x8000, 0x9000));
	const present: PresentFlash | undefined = table?.ok
		? { table: table.value, tableOffset: 0x8000, apps: new Map() }
		: undefined;
	const session = new FlashSession(
		{
			...works,
			keepSecret,
			boardOn: (port) => ({
				...works.boardOn(port),
				table: present?.table,
				plan: (chosen, wished) => planWrite(FAKE_BOARD, chosen, { ...wished, ...(present && { present }) })
			})
		},
		new ConsoleLog()
	);
	session.follow(new AbortController().signal);
	await render(FlashScreen, { session });
	await page.getByRole('button', { name: 'Get a practice board' }).click();
	await expect.poll(() => session.choice).toBeDefined();
	return session;
}

it('keeps a board’s new secret in this browser once it is written, and not before it was copied', async () => {
	const kept: [string, string][] = [];
	const session = await begun(
		[
			{
				...{ kind: 'done', durationMs: 1, totalBytes: 1, unchangedBytes: 0, retries: 0, baud: 921_600 },
				...{ digests: [], board: FAKE_BOARD }
			}
		],
		async (device, secret) => void kept.push([device, secret])
	);
	session.use(ourFirmware());
	await page.getByText('Give it Wi-Fi and a broker now').click();
	await page.getByRole('button', { name: 'Make a secret' }).click();
	const secret = session.run!.settings.form.secret;
	await page.getByRole('button', { name: 'Put them in the plan' }).click();
	const copied = page.getByRole('checkbox', { name: 'I have copied it' });
	await expect.element(copied).toHaveAccessibleDescription(/Copy the secret first/);
	await expect.element(copied).toHaveFocus();
	await copied.click();
	await page.getByRole('button', { name: 'Put them in the plan' }).click();
	await expect.element(page.getByText(/Secret: new/)).toBeVisible();
	expect(kept).toEqual([]);
	await session.run!.start();
	expect(kept).toEqual([['sim-fab012345678', secret]]);
});

describe('settings that the board has changed since they were planned', () => {
	const settings = (ssid: string) => {
		const made = settingsImage({ ...EMPTY_SETTINGS, ssid }, [], { practice: true }, NVS.size);
		if (!made.ok) throw new Error(made.error.kind);
		return made.value.bytes;
	};
	const boardWith = (ssid: string) => {
		const flash = new Uint8Array(4 << 20).fill(0xff);
		for (const { offset, bytes } of ourFirmware().parts) flash.set(bytes, offset);
		flash.set(settings(ssid), NVS.offset);
		return flash;
	};
	const newer = page.getByRole('dialog', { name: 'The board’s settings have changed' });
	const never = () => Promise.reject(new Error('no secret was made'));

	it('are read anew into the form, which opens and says so', async () => {
		const flash = boardWith('Attic');
		const session = await begun([], never, flash);
		session.use({ ...ourFirmware(), eraseFirst: 'never' });
		await page.getByText('Give it Wi-Fi and a broker now').click();
		const name = page.getByRole('textbox', { name: 'Name', exact: true });
		await name.fill('Kettle');
		await page.getByRole('button', { name: 'Put them in the plan' }).click();
		flash.set(settings('Cellar'), NVS.offset);
		await page.getByRole('button', { name: /^Write \d+ parts/ }).click();
		await expect.element(newer.getByRole('button', { name: 'Read them anew' })).toHaveFocus();
		await userEvent.keyboard('{Enter}');
		await expect.element(page.getByRole('textbox', { name: 'Network', exact: true })).toHaveValue('Cellar');
		await expect.element(name).toHaveValue('');
		const note = page.getByText(/Read again, as the board has them now/);
		await expect.element(note).toBeVisible();
		await name.fill('Kettle');
		await page.getByRole('button', { name: 'Put them in the plan' }).click();
		await expect.element(note).not.toBeInTheDocument();
	});

	it('are shown where they were edited, where the plan is nothing else', async () => {
		const flash = boardWith('Attic');
		const session = await begun([], never, flash);
		session.use({
			...{ name: 'Edited settings', version: '', eraseFirst: 'never' },
			parts: [
				{
					...{ name: 'nvs', offset: NVS.offset, bytes: settings('Shed'), from: '' },
					madeFrom: settings('Attic')
				}
			]
		});
		flash.set(settings('Cellar'), NVS.offset);
		await page.getByRole('button', { name: /^Write 1 part/ }).click();
		await newer.getByRole('button', { name: 'Read them anew' }).click();
		await expect.poll(() => session.inspector.open).toBe(true);
		expect(session.run).toBeUndefined();
		expect(session.inspector.inspection?.place).toBe('settings');
		await expect.poll(() => session.inspector.inspection?.desk?.entries.length).toBeGreaterThan(0);
	});
});

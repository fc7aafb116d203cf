import { expect, it } from 'vitest';
import { page } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { ok } from '$lib/base';
import { ConsoleLog } from '$lib/console';
import { type FirmwareSource, planWrite } from '$lib/flash';
import {
	buildAppDescriptor,
	buildAppImage,
	buildPartitionTable,
	CHIP_IDS,
	parsePartitionCsv
} from '$lib/formats';
import { FAKE_BOARD, fakeWorks } from './fake-works';
import { FlashSession } from './flash-session.svelte';
import FlashScreen from './FlashScreen.svelte';

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

it('keeps a board’s new secret in this browser once it is written, and not before it was copied', async () => {
	const kept: [string, string][] = [];
	const works = fakeWorks({
		...{ answer: ok(FAKE_BOARD), problems: [] },
		states: [
			{
				...{ kind: 'done', durationMs: 1, totalBytes: 1, unchangedBytes: 0, retries: 0, baud: 921_600 },
				...{ digests: [], board: FAKE_BOARD }
			}
		]
	});
	const session = new FlashSession(
		{
			...works,
			keepSecret: async (device, secret) => void kept.push([device, secret]),
			boardOn: (port) => ({
				...works.boardOn(port),
				plan: (chosen, wished) => planWrite(FAKE_BOARD, chosen, wished)
			})
		},
		new ConsoleLog()
	);
	session.follow(new AbortController().signal);
	await render(FlashScreen, { session });
	await page.getByRole('button', { name: 'Get a practice board' }).click();
	await expect.poll(() => session.choice).toBeDefined();
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

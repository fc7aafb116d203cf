import AxeBuilder from '@axe-core/playwright';
import { type Page } from '@playwright/test';
import mqtt from 'mqtt';
import { expect, test } from './fixtures';
import { card, connectLocal, openDevice } from './screens';

/** Somebody else at the broker, with what was said last of each kind. */
async function listen(url: string) {
	const client = await mqtt.connectAsync(url);
	const newest = new Map<string, string>();
	let id = '';
	client.on('message', (topic, payload) => {
		const [, device = '', kind = ''] = /^iot\/node\/(sim-[^/]+)\/(.+)$/u.exec(topic) ?? [];
		id ||= device;
		newest.set(kind, payload.toString());
	});
	await client.subscribeAsync('iot/#');
	return {
		heard: (kind: string) => newest.get(kind) ?? '',
		forget: () => newest.clear(),
		command: (params: object) =>
			client.publishAsync(
				`iot/node/${id}/command`,
				JSON.stringify({ jsonrpc: '2.0', id: 'theirs', method: 'components.execute', params }),
				{ qos: 1 }
			),
		end: () => client.endAsync(true)
	};
}

/** The dialog, from the first screen. */
async function choose(page: Page) {
	await page.goto('/');
	await page.getByRole('button', { name: 'Choose its parts…' }).click();
	const dialog = page.getByRole('dialog', { name: 'Add a virtual device' });
	await expect(dialog).toBeVisible();
	return dialog;
}

test('a device is made of the parts and the world that were picked, and is so again after a reload', async ({
	page
}) => {
	const dialog = await choose(page);
	await dialog.getByRole('radio', { name: /Everything/u }).check();
	await dialog.getByRole('checkbox', { name: /Solar inverter/u }).uncheck();
	await expect(dialog.getByRole('radio', { checked: true })).toHaveCount(0);
	await dialog.getByText('World', { exact: true }).click();
	await dialog.getByLabel('Room', { exact: true }).fill('60');
	await dialog.getByLabel('Day and night').fill('0');
	await expect(dialog).toContainText('The room is at 60 °C, day and night');
	await dialog.getByLabel('Name', { exact: true }).fill('Sauna');
	await expect(dialog).toContainText('It will be called “Sauna”.');
	await dialog.getByRole('button', { name: 'Add the device' }).click();

	await expect(page.getByText('Sauna runs in this browser.')).toBeVisible();
	for (const time of ['at first', 'after a reload']) {
		const shown = card(page, 'Sauna');
		await expect(shown, time).toContainText('Simulated');
		await expect(shown, time).toContainText(/(?:5[6-9]|6[0-4])\.\d\s*°C/u);
		await page.reload();
	}
	await openDevice(page, 'Sauna');
	const main = page.getByRole('main');
	for (const metric of ['Temperature', 'Pressure', 'Irradiance']) await expect(main).toContainText(metric);
	await expect(main).not.toContainText('Voltage');
});

test('a device that may also speak over the broker is seen and commanded from there, whichever tab runs it', async ({
	page,
	bench,
	context
}) => {
	await connectLocal(page, bench);
	const second = await context.newPage();
	await second.goto('/');
	const dialog = await choose(page);
	const also = dialog.getByRole('checkbox', { name: /Also over the broker/u });
	await expect(also).not.toBeChecked();
	await also.check();
	await dialog.getByLabel('Name', { exact: true }).fill('Shown');
	await expect(dialog).toContainText(`On ${bench.brokerName}.`);
	await dialog.getByRole('button', { name: 'Add the device' }).click();
	await expect(card(page, 'Shown')).toContainText('°C');

	const there = await listen(bench.tcpUrl);
	try {
		await expect.poll(() => there.heard('status')).toContain('"state":"online"');
		await expect.poll(() => there.heard('telemetry')).toContain('"sim":true');
		await there.command({ id: 'led', input: { on: true, brightness: 35 } });
		await expect.poll(() => there.heard('response')).toContain('"code":0');
		await expect.poll(() => there.heard('shadow/reported')).toContain('"brightness":35');
		for (const tab of [page, second]) await expect(card(tab, 'Shown')).toHaveCount(1);

		await page.close();
		there.forget();
		await expect.poll(() => there.heard('telemetry')).toContain('"sim":true');
		await expect.poll(() => there.heard('status')).toContain('"state":"online"');
		await expect(card(second, 'Shown')).toContainText('Simulated');
		await second.getByRole('link', { name: 'Settings', exact: true }).click();
		const panel = second.getByRole('region', { name: 'Virtual devices' });
		await expect(panel.getByRole('listitem')).toContainText('also over the broker');
		await panel.getByRole('button', { name: 'Remove Shown' }).click();
		await expect.poll(() => there.heard('status')).toContain('"state":"offline"');
	} finally {
		await there.end();
	}
});

test('a class of devices is numbered, and one press takes it back', async ({ page }) => {
	const dialog = await choose(page);
	await dialog.getByRole('radio', { name: /Room with people/u }).check();
	await expect(dialog.getByLabel('Name', { exact: true })).toHaveValue('Room');
	await dialog.getByLabel('How many').fill('12');
	await expect(dialog).toContainText('They will be called “Room 1”, “Room 2” … “Room 12”.');
	await dialog.getByRole('button', { name: 'Add 12 devices' }).click();
	await expect(page.getByText('12 devices run in this browser.')).toBeVisible();
	for (const name of ['Room 1', 'Room 12']) await expect(card(page, name)).toContainText('°C');

	await page.getByRole('button', { name: 'Undo' }).click();
	await expect(card(page, 'Room 12')).toContainText('Last known');
	await page.getByRole('link', { name: 'Settings', exact: true }).click();
	const panel = page.getByRole('region', { name: 'Virtual devices' });
	await expect(panel.getByRole('listitem')).toHaveCount(0);
});

test('what cannot be made is said in words, and not made', async ({ page }) => {
	const dialog = await choose(page);
	await dialog.getByRole('checkbox', { name: /DHT22/u }).check();
	await expect(dialog).toContainText('BME280 on I²C and DHT22 on one wire both measure temperature');
	await dialog.getByRole('button', { name: 'Add the device' }).click();
	await expect(dialog).toBeVisible();
	await expect(dialog.getByRole('checkbox').first()).toBeFocused();
	await dialog.getByRole('checkbox', { name: /BME280/u }).uncheck();
	await expect(dialog).not.toContainText('both measure');

	await dialog.getByLabel('Name', { exact: true }).fill(' ');
	await dialog.getByLabel('How many').fill('21');
	await expect(dialog).toContainText('Give it a name');
	await expect(dialog).toContainText('A whole number from 1 to 20.');
	await page.keyboard.press('Enter');
	await expect(dialog.getByLabel('Name', { exact: true })).toBeFocused();
	await page.keyboard.press('Escape');
	await expect(dialog).toBeHidden();
	await expect(page.getByRole('button', { name: 'Choose its parts…' })).toBeFocused();
});

test('by keyboard each control can be seen as it has the focus, and focus goes back where it came from', async ({
	page
}) => {
	await page.goto('/');
	const opener = page.getByRole('button', { name: 'Choose its parts…' });
	await opener.focus();
	await page.keyboard.press('Enter');
	const dialog = page.getByRole('dialog', { name: 'Add a virtual device' });
	await expect(dialog.getByRole('radio').first()).toBeFocused();
	await dialog.getByText('World', { exact: true }).click();
	await dialog.getByRole('radio').first().focus();
	const last = dialog.getByRole('button', { name: 'Add the device' });
	for (let presses = 0; !(await last.evaluate((node) => node === document.activeElement)); presses++) {
		expect(presses).toBeLessThan(40);
		await page.keyboard.press('Tab');
		const hidden = await page.evaluate(() => {
			const node = document.activeElement;
			const box = node?.getBoundingClientRect();
			if (!node || !box) return 'nothing has the focus';
			const corners = [box.top + 1, box.bottom - 1].map((y) =>
				document.elementFromPoint(box.left + box.width / 2, y)
			);
			return corners.every((at) => at !== null && (node.contains(at) || at.contains(node)))
				? ''
				: node.outerHTML;
		});
		expect(hidden, 'something lies over what has the focus').toBe('');
	}
	await expect(dialog.getByRole('heading', { name: 'Add a virtual device' })).toBeInViewport();
	await page.keyboard.press('Escape');
	await expect(opener).toBeFocused();
});

for (const colorScheme of ['light', 'dark'] as const)
	test.describe(colorScheme, () => {
		test.use({ colorScheme });

		test('the dialog can be read and used by everyone', async ({ page }) => {
			const dialog = await choose(page);
			await dialog.getByText('World', { exact: true }).click();
			await dialog.getByRole('checkbox', { name: /DHT22/u }).check();
			await dialog.getByLabel('How many').fill('0');
			const { violations } = await new AxeBuilder({ page })
				.include('dialog')
				.withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
				.analyze();
			expect(
				violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)
			).toEqual([]);
			const wide = await dialog.evaluate((node) => node.scrollWidth - node.clientWidth);
			expect(wide, 'the dialog is wider than its screen by').toBeLessThanOrEqual(0);
		});
	});

import AxeBuilder from '@axe-core/playwright';
import type { Page } from '@playwright/test';
import { LAN_HOST } from './bench';
import { expect, firstPage, SERVER_GONE, test } from './fixtures';
import {
	choosePort,
	getPracticeBoard,
	joinPracticeNetwork,
	nameAndGiveBroker,
	planPractice,
	plugIn,
	step,
	writeParts
} from './practice-bench';
import { card, offlineReady, openDevice, session, view } from './screens';

/** The board of the story: on a desk by the browser's own picker, on a phone, which has none, the page's practice board. */
test('from a bare board on a cable to its history with no network at all', async ({
	openBrowser,
	bench,
	guard,
	isMobile
}) => {
	test.setTimeout(120_000);
	guard.expect(SERVER_GONE);
	const first = await openBrowser();
	const board = isMobile ? undefined : await plugIn(first);
	const page = firstPage(first);
	await page.goto('/');
	await page.getByRole('link', { name: 'Flash', exact: true }).first().click();

	await test.step('the board says who it is', async () => {
		if (board) await choosePort(page);
		else await getPracticeBoard(page);
		const facts = step(page, 'Board');
		await expect(facts).toContainText('ESP32-C3');
		await expect(facts).toContainText('4 MB');
		await expect(facts).toContainText(/fa:b0(:[0-9a-f]{2}){4}/u);
		await expect(facts).toContainText('Practice board');
		await accessible(page);
	});

	await test.step('the plan says what is written where', async () => {
		await planPractice(page);
		await step(page, 'Plan').getByText('As a table').click();
		for (const file of ['bootloader.bin', 'partitions.bin', 'app.bin'])
			await expect(step(page, 'Plan').getByRole('table')).toContainText(file);
		await accessible(page);
	});

	await test.step('it is written, verified, and its log is heard from the start', async () => {
		await writeParts(page);
		await expect(step(page, 'Write')).toContainText('Written and checked');
		if (isMobile) await page.getByRole('button', { name: /^Console/u }).click();
		const log = page.getByRole('log');
		await expect(log).toContainText('ESP-ROM:');
		await expect(log).toContainText('Loaded app from partition at offset 0x10000');
		if (isMobile) await page.getByRole('button', { name: /^Console/u }).click();
	});

	await test.step('it gets Wi-Fi, a broker it can reach, and a name', async () => {
		await accessible(page);
		await joinPracticeNetwork(page);
		const message = step(page, 'First message');
		await expect(message).toContainText(LAN_HOST);
		await expect(message).not.toContainText(/localhost|127\.0\.0\.1/u);
		await accessible(page);
		await nameAndGiveBroker(page, 'Greenhouse');
		await expect(message).toContainText('Greenhouse is live');
		await accessible(page);
	});

	await test.step('its card is live over MQTT, and marked', async () => {
		await expect(card(page, 'Greenhouse')).toContainText('MQTT');
		await page.getByRole('link', { name: 'Devices', exact: true }).first().click();
		await expect(session(page)).toContainText(`Live on ${bench.brokerName}`);
		const live = card(page, 'Greenhouse');
		for (const text of ['Live', 'Simulated', 'MQTT', '°C', 'dBm']) await expect(live).toContainText(text);
		await openDevice(page, 'Greenhouse');
		await view(page, 'Control');
		const lamp = page.getByRole('region', { name: 'LED' });
		await lamp.getByRole('button', { name: 'Turn on' }).click();
		await expect(lamp.locator('.outcome')).toContainText('Acknowledged');
		await view(page, 'History');
		await expect(page.getByRole('figure', { name: /Temperature/u })).toBeVisible();
	});

	await offlineReady(page);
	await first.close();
	board?.board.unplug();
	await bench.stopBroker();
	await bench.stopPage();

	const again = firstPage(await openBrowser());
	await again.goto('/');
	await expect(card(again, 'Greenhouse')).toContainText(/ago|just now/u);
	await expect(card(again, 'Greenhouse')).toContainText('Simulated');
	await openDevice(again, 'Greenhouse');
	await view(again, 'History');
	const temperature = again.getByRole('figure', { name: /Temperature/u });
	await temperature.getByRole('button', { name: /table/iu }).click();
	await expect(temperature.getByRole('row').nth(1), 'a value under the heading').toBeVisible();
});

/** No fault that axe finds, on what is on the screen now. */
async function accessible(page: Page): Promise<void> {
	const { violations } = await new AxeBuilder({ page }).analyze();
	expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([]);
}

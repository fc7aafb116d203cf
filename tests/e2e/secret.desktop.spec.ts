import AxeBuilder from '@axe-core/playwright';
import { createHmac } from 'node:crypto';
import mqtt from 'mqtt';
import { expect, test } from './fixtures';
import { card, connectLocal, openDevice, view } from './screens';

const TOPIC = 'ecowatt/devices/roof/power';

/** A message of an inverter as its own firmware seals it. */
function sealed(secret: string, nonce: number, power: number): string {
	const payload = Buffer.from(JSON.stringify({ power }));
	const number = Buffer.alloc(4);
	number.writeUInt32BE(nonce);
	const mac = createHmac('sha256', secret).update(number).update(payload).digest('hex');
	return JSON.stringify({
		...{ device_id: 'roof', nonce, mac, compressed: false },
		payload: payload.toString('base64')
	});
}

test('a secret that is typed in parts an inverter’s own messages from others', async ({ page, bench }) => {
	await connectLocal(page, bench);
	const peer = await mqtt.connectAsync(bench.tcpUrl);
	const say = (message: string) => peer.publishAsync(TOPIC, message, { qos: 1 });
	try {
		await expect(async () => {
			await say('{"power":1500}');
			await expect(card(page, 'roof')).toContainText('1,500', { timeout: 500 });
		}).toPass();
		await expect(card(page, 'roof')).toContainText('Inverter');
		await openDevice(page, 'roof');
		await view(page, 'About');
		await page.getByRole('button', { name: 'Type in a secret you have…' }).click();
		const dialog = page.getByRole('dialog');
		await dialog.getByText('Hex', { exact: true }).click();
		await dialog.getByLabel('Secret', { exact: true }).fill('xyz');
		await dialog.getByRole('button', { name: 'Keep the secret' }).click();
		await expect(dialog).toContainText('This is not hex');
		const { violations } = await new AxeBuilder({ page }).include('dialog').analyze();
		expect(violations).toEqual([]);
		await dialog.getByText('Text', { exact: true }).click();
		await dialog.getByLabel('Secret', { exact: true }).fill('pass phrase');
		await page.keyboard.press('Enter');
		await expect(dialog).toBeHidden();
		await expect(page.getByText('This browser keeps the device’s secret.')).toBeVisible();

		await say(sealed('pass phrase', 1, 1600));
		await say(sealed('pass phrase', 1, 1600));
		await say(sealed('guessed', 2, 9999));
		await say('{"power":9999}');
		const figure = (name: RegExp) =>
			page.locator('dl > div', { has: page.locator('dt').filter({ hasText: name }) }).locator('dd');
		await expect(figure(/^Signed$/u)).toHaveText('1');
		await expect(figure(/number was taken before/u)).toHaveText('1');
		await expect(figure(/a batch whose seal does not fit/u)).toHaveText('1');
		await expect(figure(/without a seal, of a device that has a secret/u)).toHaveText('1');
		await page.getByRole('link', { name: 'Devices', exact: true }).first().click();
		await expect(card(page, 'roof')).toContainText('1,600');
	} finally {
		await peer.endAsync(true);
	}
});

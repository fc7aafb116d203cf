import { expect, test } from './fixtures';
import { card, connectLocal, openDevice, session, view } from './screens';

for (const broker of ['mosquitto', 'embedded'] as const)
	test.describe(`with ${broker}`, () => {
		test.use({ broker });

		test('one click connects, and nodes appear by themselves with live values', async ({ page, bench }) => {
			await bench.addNode('sim-bench-1', 'Bench 1');
			await bench.addNode('sim-bench-2', 'Bench 2');
			await connectLocal(page, bench);
			for (const name of ['Bench 1', 'Bench 2']) {
				const shown = card(page, name);
				await expect(shown).toContainText('Simulated');
				await expect(shown).toContainText('Live');
				await expect(shown).toContainText('°C');
				await expect(shown).toContainText('dBm');
				await expect(shown).toContainText('v0.2.0');
				await expect(shown).toContainText(/up \d/u);
			}
			await expect(session(page)).toContainText('2 devices');
		});

		test('a lamp is lit, and the screen says what became of the command', async ({ page, bench }) => {
			const { node } = await bench.addNode('sim-bench-1', 'Bench 1');
			await connectLocal(page, bench);
			await openDevice(page, 'Bench 1');
			await view(page, 'Control');
			const panel = page.getByRole('region', { name: 'LED' });
			await panel.getByRole('button', { name: 'Turn on' }).click();
			await expect(panel.locator('.outcome')).toContainText('Acknowledged');
			await expect(panel).toContainText('The device reports on');

			await panel.getByRole('slider', { name: /Brightness/u }).fill('40');
			await expect(panel).toContainText('on, 40 %');
			expect(node.connected).toBe(true);
			await expect(page.getByRole('table', { name: /Commands sent/u }).getByRole('row')).toHaveCount(3);
		});

		test('a node whose power is cut is shown offline, with its last values', async ({ page, bench }) => {
			const node = await bench.addNode('sim-bench-1', 'Bench 1');
			await connectLocal(page, bench);
			await expect(card(page, 'Bench 1')).toContainText('°C');
			node.cut();
			await expect(card(page, 'Bench 1')).toContainText('Offline');
			await expect(card(page, 'Bench 1')).toContainText('°C');
		});
	});

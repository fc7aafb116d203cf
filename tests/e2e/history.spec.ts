import { expect, test } from './fixtures';
import { connectLocal, openDevice, session, view } from './screens';

test('charts of every metric share one range, move by keys, and are tables too', async ({ page, bench }) => {
	await bench.addNode('sim-bench-1', 'Bench 1', 200);
	await connectLocal(page, bench);
	await openDevice(page, 'Bench 1');
	await view(page, 'History');
	const temperature = page.getByRole('figure', { name: /Temperature/u });
	const humidity = page.getByRole('figure', { name: /Humidity/u });
	await expect(temperature).toContainText('Simulated');
	await expect(humidity).toBeVisible();

	// Offered only where the window does not follow the present.
	const backToNow = page.getByRole('button', { name: 'Back to now' });
	const range = page.getByLabel('Time range');
	for (const label of ['month', 'minute']) {
		await range.selectOption({ label });
		await expect(backToNow).toBeHidden();
	}

	await temperature.getByRole('button', { name: /show as a table/u }).click();
	const rows = temperature.getByRole('row');
	await expect.poll(() => rows.count()).toBeGreaterThan(3);
	const before = await rows.count();
	await expect
		.poll(() => rows.count(), { message: 'the table grows as values come in' })
		.toBeGreaterThan(before);

	const chart = humidity.locator('.plot');
	await chart.focus();
	await page.keyboard.press('ArrowLeft');
	await expect(backToNow).toBeVisible();
	await page.keyboard.press('End');
	await expect(backToNow).toBeHidden();
	await page.keyboard.press('+');
	await expect(range).toHaveValue('own');
});

test('a virtual device needs no broker, obeys, and is marked as simulated', async ({ page, bench }) => {
	await page.goto(bench.url);
	await expect(session(page)).toContainText('No broker');
	await page.getByRole('button', { name: 'Add a virtual device' }).click();
	const device = page.getByRole('article').filter({ has: page.getByText('Live', { exact: true }) });
	await expect(device).toHaveCount(1);
	await expect(device).toContainText('Simulated');
	await expect(device).toContainText('°C');
	await device.getByRole('link').click();
	await view(page, 'Control');
	const panel = page.getByRole('region', { name: 'LED' });
	await panel.getByRole('button', { name: 'Turn on' }).click();
	await expect(panel.locator('.outcome')).toContainText('Acknowledged');
	await view(page, 'Events');
	await expect(page.getByRole('table')).toContainText(/First seen/iu);
});

import { expect, firstPage, SERVER_GONE, test } from './fixtures';
import { card, connectLocal, offlineReady, openDevice, session, storedSamples, view } from './screens';

test('with server and broker gone, a new browser shows devices, last values, their age and charts', async ({
	openBrowser,
	bench,
	guard
}) => {
	guard.expect(SERVER_GONE);
	await bench.addNode('sim-bench-1', 'Bench 1', 200);
	const first = await openBrowser();
	const page = firstPage(first);
	await connectLocal(page, bench);
	await expect(card(page, 'Bench 1')).toContainText('°C');
	await openDevice(page, 'Bench 1');
	await view(page, 'History');
	await expect(page.getByRole('figure').first()).toBeVisible();
	await offlineReady(page);
	await first.close();
	await bench.stopBroker();
	await bench.stopPage();

	const again = firstPage(await openBrowser());
	await again.goto('/');
	const shown = card(again, 'Bench 1');
	await expect(shown).toContainText('°C');
	await expect(shown).toContainText(/ago|just now/u);
	await expect(shown).toContainText('Simulated');
	await expect(session(again)).toContainText(/Nobody answers.* · reconnecting to /u);
	await expect(shown).toContainText('Last known');
	await openDevice(again, 'Bench 1');
	await view(again, 'History');
	const temperature = again.getByRole('figure', { name: /Temperature/u });
	await temperature.getByRole('button', { name: /table/iu }).click();
	await expect(temperature.getByRole('row')).not.toHaveCount(1);
});

test('a route it was never on opens offline', async ({ openBrowser, bench, guard }) => {
	guard.expect(SERVER_GONE, /Not found: \/no\/such\/place/u);
	const first = await openBrowser();
	const page = firstPage(first);
	await page.goto('/');
	await offlineReady(page);
	await first.close();
	await bench.stopPage();
	const again = firstPage(await openBrowser());
	for (const [path, heading] of [
		['/settings', 'Settings'],
		['/broker', 'Broker'],
		['/flash', 'Flash']
	] as const) {
		await again.goto(path);
		await expect(again.getByRole('heading', { level: 1 })).toContainText(heading);
	}
	await again.goto('/no/such/place');
	await expect(again.getByRole('heading', { level: 1 })).toBeVisible();
});

test('what was stored comes back with the broker, and collecting goes on', async ({ page, bench, guard }) => {
	guard.expect(SERVER_GONE);
	const device = { id: 'fb-000000000001', epoch: 7 };
	await connectLocal(page, bench);
	await bench.publishSamples(device, 0, 10);
	await expect.poll(() => storedSamples(page)).toBe(10);
	await bench.stopBroker();
	await expect(session(page)).not.toContainText('Live on');
	await bench.startBroker();
	await expect(session(page)).toContainText('Live on', { timeout: 20_000 });
	await bench.publishSamples(device, 10, 20);
	await expect.poll(() => storedSamples(page)).toBe(20);
});

test('it can be installed', async ({ page, context }) => {
	await page.goto('/');
	await offlineReady(page);
	const devtools = await context.newCDPSession(page);
	const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
	expect(installabilityErrors).toEqual([]);
});

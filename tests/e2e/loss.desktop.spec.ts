import { damages, telemetryFiles } from '../store/disk-damage';
import { expect, firstPage, test } from './fixtures';
import { connectLocal, session, storedSamples } from './screens';

const device = { id: 'fb-000000000001', epoch: 7 };

for (const kind of ['bytes flipped in the MANIFEST', 'the log cut to half'] as const)
	test(`${kind}: the app opens, says what was lost, knows its broker and stores again`, async ({
		openBrowser,
		profile,
		bench
	}) => {
		const first = await openBrowser();
		const page = firstPage(first);
		await connectLocal(page, bench);
		for (const from of [0, 10, 20, 30]) {
			await bench.publishSamples(device, from, from + 10);
			await expect.poll(() => storedSamples(page)).toBe(from + 10);
		}
		// What the page remembers of the store outside of it: the newest record, at most five seconds old.
		await expect
			.poll(() => page.evaluate(() => localStorage.getItem('fieldbench-sentinel')), { timeout: 15_000 })
			.not.toBeNull();
		await first.close();
		await damages[kind]?.apply(await telemetryFiles(profile));

		const again = firstPage(await openBrowser());
		await again.goto('/');
		await expect(again.getByText('Stored measurements were lost')).toBeVisible();
		await expect(again.getByText(/Brokers, settings and devices are kept apart/u)).toBeVisible();
		await expect(session(again)).toContainText('Live on', { timeout: 20_000 });
		const left = await storedSamples(again);
		expect(left).toBeLessThan(40);
		await bench.publishSamples(device, 40, 50);
		await expect.poll(() => storedSamples(again)).toBe(left + 10);
	});

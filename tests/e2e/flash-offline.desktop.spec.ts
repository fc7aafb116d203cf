import { expect, firstPage, SERVER_GONE, test } from './fixtures';
import { getPracticeBoard, planPractice, step, writeParts } from './practice-bench';
import { offlineReady } from './screens';

test('with the server gone, a new browser flashes a practice board from the catalogue', async ({
	openBrowser,
	bench,
	guard
}) => {
	guard.expect(SERVER_GONE);
	const first = await openBrowser();
	const page = firstPage(first);
	await page.goto('/'); // the Flash page is never visited before: nothing of it is here but what is kept for later
	await offlineReady(page);
	await first.close();
	await bench.stopPage();

	const again = firstPage(await openBrowser());
	await again.goto('/flash');
	await getPracticeBoard(again);
	await planPractice(again);
	await writeParts(again);
	await expect(step(again, 'Write')).toContainText('Written and checked', { timeout: 30_000 });
});

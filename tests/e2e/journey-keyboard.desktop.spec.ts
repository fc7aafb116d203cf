import { expect, test } from './fixtures';
import { press } from './keyboard';
import { step } from './practice-bench';

test('the way to a live card by keyboard alone', async ({ page, bench }) => {
	test.setTimeout(120_000);
	await page.goto('/flash');
	await press(page, 'button', /Get a practice board/u, 'Enter');
	await expect(step(page, 'Board')).toContainText('4 MB');
	await press(page, 'button', /^Take it.*Practice firmware/u, 'Enter');
	await press(page, 'button', /^Write \d parts/u, 'Enter');
	await expect(step(page, 'First message')).toContainText('Fieldbench Practice', { timeout: 20_000 });
	await press(page, 'radio', /Fieldbench Practice/u, 'Space');
	await press(page, 'textbox', /Password of Fieldbench Practice/u);
	await page.keyboard.type('practice-wifi');
	await page.keyboard.press('Enter');
	await expect(step(page, 'First message')).toContainText('It has joined', { timeout: 20_000 });
	await press(page, 'button', 'Give it to the board', 'Space');
	await expect(step(page, 'First message')).toContainText('is live', { timeout: 20_000 });
	await press(page, 'link', 'Open its page', 'Enter');
	await expect(page).toHaveURL(new RegExp(`^${bench.url}/devices/sim-`, 'u'));
});

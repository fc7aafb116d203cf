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

	await test.step('through its history, and back', async () => {
		const range = page.getByLabel('Time range');
		await press(page, 'link', 'History', 'Enter');
		await expect(page.locator('.plot').first()).toBeVisible();
		await press(page, 'combobox', 'Time range');
		await page.keyboard.type('6 h');
		await expect(range).toHaveValue(String(6 * 3_600_000));
		await press(page, { selector: '.plot' }, '');
		await page.keyboard.press('ArrowLeft');
		await expect(range).toHaveValue('own');
		await page.keyboard.press('n');
		await expect(page.getByLabel('Note', { exact: true })).toBeFocused();
		await page.keyboard.press('Escape');
		await expect(page.locator('.plot').first()).toBeFocused();
		await page.keyboard.press('End');
		await press(page, 'button', /: show as a table$/u, 'Enter');
		await expect(page.getByRole('button', { name: /: show the chart$/u })).toBeFocused();
		await press(page, 'button', 'Save this view', 'Enter');
		await page.keyboard.press('Enter');
		await expect(page.getByRole('button', { name: 'Save this view' })).toBeFocused();
		await press(page, 'link', /last 6 hours/u, 'Enter');
		await expect(range).toBeFocused();
		await press(page, 'button', /^Delete the view/u, 'Enter');
		await expect(page.getByRole('region', { name: 'Saved views' }).locator(':focus')).toHaveCount(1);
	});
});

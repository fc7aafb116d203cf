import type { Page } from '@playwright/test';
import { expect, test } from './fixtures';
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

/** Reaches a control by Tab alone, as whoever has no pointer must, and presses `key` on it. */
async function press(
	page: Page,
	role: 'button' | 'radio' | 'textbox' | 'link',
	name: string | RegExp,
	key?: string
): Promise<void> {
	const control = page.getByRole(role, { name }).first();
	await expect(control).toBeVisible({ timeout: 20_000 });
	for (let tabs = 0; tabs < 60; tabs++) {
		if (await control.evaluate((element) => element === document.activeElement)) {
			if (key !== undefined) await page.keyboard.press(key);
			return;
		}
		await page.keyboard.press(role === 'radio' && (await onRadio(page)) ? 'ArrowDown' : 'Tab');
	}
	throw new Error(`no way by Tab to ${role} ${String(name)}`);
}

/** Radios of a group are one stop of Tab: arrows go on inside. */
const onRadio = (page: Page): Promise<boolean> =>
	page.evaluate(
		() => document.activeElement instanceof HTMLInputElement && document.activeElement.type === 'radio'
	);

import { expect, type Locator, type Page } from '@playwright/test';

/** Reaches a control by Tab alone, as whoever has no pointer must, and presses `key` on it. */
export async function press(
	page: Page,
	role: 'button' | 'radio' | 'textbox' | 'link' | 'combobox' | { selector: string },
	name: string | RegExp,
	key?: string
): Promise<void> {
	const control = (
		typeof role === 'object' ? page.locator(role.selector, { hasText: name }) : page.getByRole(role, { name })
	).first();
	await expect(control).toBeVisible({ timeout: 20_000 });
	for (let tabs = 0; tabs < 60; tabs++) {
		if (await control.evaluate((element) => element === document.activeElement)) {
			if (key !== undefined) await page.keyboard.press(key);
			return;
		}
		await page.keyboard.press((await isBeside(control)) ? 'ArrowDown' : 'Tab');
	}
	throw new Error(`no way by Tab to ${JSON.stringify(role)} ${String(name)}`);
}

/** Radios of a group are one stop of Tab: arrows go on inside. */
const isBeside = (control: Locator): Promise<boolean> =>
	control.evaluate((radio) => {
		const now = document.activeElement;
		return (
			now instanceof HTMLInputElement &&
			radio instanceof HTMLInputElement &&
			now.type === 'radio' &&
			now.name === radio.name
		);
	});

import { expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { ok } from '$lib/base';
import { ConsoleLog } from '$lib/console';
import { FAKE_BOARD, fakeWorks } from './fake-works';
import { FlashSession } from './flash-session.svelte';
import FlashScreen from './FlashScreen.svelte';

async function corner() {
	const session = new FlashSession(
		fakeWorks({ answer: ok(FAKE_BOARD), problems: [], states: [] }),
		new ConsoleLog()
	);
	session.follow(new AbortController().signal);
	await render(FlashScreen, { session });
	return session;
}
const chip = () => page.getByLabelText('Chip', { exact: true });
const cable = () => page.getByLabelText('Cable', { exact: true });
const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

it('makes the board that was chosen; an ESP32 has no USB of its own', async () => {
	const session = await corner();
	await cable().selectOptions('native');
	await chip().selectOptions('ESP32, 8 MB');
	await expect.element(cable()).toHaveValue('bridge');
	expect(cable().element().querySelectorAll('option')).toHaveLength(1);
	await chip().selectOptions('ESP32-S3, 16 MB');
	await press('Get a practice board');
	await expect
		.poll(() => session.boards[0]?.make)
		.toEqual({
			...{ chip: 'ESP32-S3', usb: 'native', flashBytes: 16 << 20 }
		});
	await expect
		.element(page.getByRole('region', { name: /^Practice board/ }))
		.toHaveTextContent('ESP32-S3, 16 MB, its own USB');
});

it('is made to misbehave by the keyboard, says so in its closed list, and is mended', async () => {
	const session = await corner();
	await press('Get a practice board');
	const summary = page.getByText('Make it misbehave');
	summary.element().closest('summary')?.focus();
	await userEvent.keyboard('{Enter}');
	await page.getByRole('checkbox', { name: /^Weak supply/ }).click();
	await page.getByRole('checkbox', { name: /^Loses bytes/ }).click();
	await expect.poll(() => session.boards[0]?.faults).toEqual(['drops', 'brown-out']);
	await expect.element(summary).toHaveTextContent('Make it misbehave: loses bytes, weak supply');
	await press('Mend all of it');
	await expect.poll(() => session.boards[0]?.faults).toEqual([]);
});

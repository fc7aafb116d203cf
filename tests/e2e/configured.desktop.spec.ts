import AxeBuilder from '@axe-core/playwright';
import { PRACTICE_NETWORK } from '../../src/lib/lab';
import { expect, test } from './fixtures';
import { card } from './screens';
import { getPracticeBoard, planPractice, step, writeParts } from './practice-bench';

test('a board that is flashed with its settings is live without a second step', async ({ page }) => {
	test.setTimeout(120_000);
	await page.goto('/flash');
	await getPracticeBoard(page);
	await planPractice(page);
	const plan = step(page, 'Plan');
	await plan.getByText('Give it Wi-Fi and a broker now').click();

	// What the board would not take is said at the field, and the plan stays as it was.
	await plan.getByRole('textbox', { name: 'Network', exact: true }).fill(PRACTICE_NETWORK.ssid);
	await plan.getByLabel('Password of the network', { exact: true }).fill('short');
	await plan.getByRole('button', { name: 'Put them in the plan' }).click();
	await expect(plan).toContainText('no password below 8 characters');
	await expect(page.getByRole('button', { name: /^Write 3 parts/u })).toBeVisible();

	await plan.getByLabel('Password of the network', { exact: true }).fill(PRACTICE_NETWORK.password);
	await plan.getByRole('button', { name: /on your network/u }).click();
	await plan.getByRole('textbox', { name: 'Name', exact: true }).fill('Configured in one go');
	await plan.getByRole('textbox', { name: 'Device id' }).fill('sim-one-go');
	await plan.getByRole('combobox', { name: 'Time zone' }).selectOption('Europe/Berlin');
	await expect(plan).toContainText('CET-1CEST,M3.5.0,M10.5.0/3');
	const found = await new AxeBuilder({ page }).include('main').analyze();
	expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);

	// Nothing is written that was not seen in the plan: the first press puts it there.
	await writeParts(page);
	await expect(plan).toContainText('Changes 4, keeps 0');
	await page.getByRole('button', { name: /^Write 4 parts/u }).click();
	await expect(step(page, 'First message')).toContainText('is live', { timeout: 60_000 });
	await page.getByRole('link', { name: 'Open its page' }).click();
	await expect(page).toHaveURL(/\/devices\/sim-one-go/u);
	await page.goto('/');
	await expect(card(page, 'Configured in one go')).toBeVisible();
});

test('a board that has settings is asked for what shall change', async ({ page }) => {
	test.setTimeout(120_000);
	await page.goto('/flash');
	await getPracticeBoard(page);
	await planPractice(page);
	const plan = step(page, 'Plan');
	await plan.getByText('Give it Wi-Fi and a broker now').click();
	await plan.getByRole('textbox', { name: 'Network', exact: true }).fill('Café Guest');
	await plan.getByRole('button', { name: 'Put them in the plan' }).click();
	await page.getByRole('button', { name: /^Write 4 parts/u }).click();
	await expect(step(page, 'First message')).toContainText('It has joined Café Guest', { timeout: 60_000 });

	await step(page, 'Write').getByRole('button', { name: 'Flash again' }).click();
	await plan.getByText('Give it Wi-Fi and a broker now').click();
	await expect(plan.getByRole('radio', { name: /Start from them/u })).toBeChecked();
	await expect(plan.getByRole('textbox', { name: 'Network', exact: true })).toHaveValue('Café Guest');
	await plan.getByRole('textbox', { name: 'Name', exact: true }).fill('Named later');
	await plan.getByRole('button', { name: 'Put them in the plan' }).click();
	await expect(plan).toContainText(/Changes 1, keeps \d+: Name: new/u);
	await plan.getByRole('radio', { name: /Begin anew/u }).check();
	await expect(plan.getByRole('textbox', { name: 'Network', exact: true })).toHaveValue('');
});

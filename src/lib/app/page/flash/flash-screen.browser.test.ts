import { describe, expect, it } from 'vitest';
import { page, userEvent } from 'vitest/browser';
import { render } from 'vitest-browser-svelte';
import { err, ok } from '$lib/base';
import { ConsoleLog } from '$lib/console';
import type { FlashState } from '$lib/flash';
import { FAKE_BOARD, type FakeBoardScript, fakeWorks } from './fake-works';
import { FlashSession } from './flash-session.svelte';
import FlashScreen from './FlashScreen.svelte';

const WRITING: FlashState = {
	kind: 'writing',
	region: 2,
	reachedBytes: 100 * 1024,
	writtenBytes: 100 * 1024,
	unchangedBytes: 0,
	totalBytes: 312 * 1024,
	bytesPerSecond: 64 * 1024,
	secondsLeft: 4,
	retries: 1
};

async function screen(over: Partial<FakeBoardScript> = {}) {
	const script = { answer: ok(FAKE_BOARD), problems: [], states: [WRITING], ...over };
	const session = new FlashSession(fakeWorks(script), new ConsoleLog());
	session.follow(new AbortController().signal);
	await render(FlashScreen, { session });
	return session;
}

const step = (title: string) => page.getByRole('region', { name: new RegExp(`Step \\d: ${title}`) });
const press = (name: string | RegExp) => page.getByRole('button', { name }).click();

async function planned(over: Partial<FakeBoardScript> = {}) {
	const session = await screen(over);
	await press('Get a practice board');
	await press(/^Take it/);
	return session;
}

describe('the Flash page', () => {
	it('says why there is no port to choose, and offers the practice board', async () => {
		await screen();
		await expect.element(step('Board')).toHaveTextContent('This browser has no Web Serial');
		await expect.element(page.getByRole('button', { name: 'Get a practice board' })).toBeEnabled();
	});

	it('shows the chip’s facts, marks a practice board, and opens the next step with focus on it', async () => {
		await screen();
		await press('Get a practice board');
		for (const text of ['ESP32-C3', '4 MB', 'fa:b0:12:34:56:78', 'Practice board'])
			await expect.element(step('Board')).toHaveTextContent(text);
		await expect.element(page.getByRole('heading', { name: /Firmware/ })).toHaveFocus();
	});

	it('draws the BOOT button where the chip does not listen', async () => {
		await screen({ answer: err({ kind: 'no-answer', heard: 'boot-log' }) });
		await press('Get a practice board');
		await expect.element(page.getByRole('alert')).toHaveTextContent('runs its program instead of listening');
		await expect.element(page.getByRole('list', { name: /download mode by hand/ })).toBeVisible();
		await expect.element(page.getByRole('button', { name: 'Try again' })).toBeEnabled();
	});

	it('draws the hand for the board that a person has, chosen by the keyboard', async () => {
		await screen({ answer: err({ kind: 'no-answer', heard: 'flash-boot' }) });
		await press('Get a practice board');
		const steps = page.getByRole('list', { name: /download mode by hand/ });
		await expect.element(steps).toHaveTextContent('Hold BOOT down');
		page.getByRole('radio', { name: 'BOOT, EN' }).element().focus();
		await userEvent.keyboard('{ArrowRight}');
		await expect.element(page.getByRole('radio', { name: 'CAM' })).toBeChecked();
		await expect.element(steps).toHaveTextContent('Join IO0 and GND');
		await userEvent.keyboard('{ArrowLeft}{ArrowLeft}');
		await expect.element(steps).toHaveTextContent('Take the wire off');
	});

	it('has the rule for the port at hand where Linux may keep it', async () => {
		await screen({ answer: err({ kind: 'port-busy', cause: 'Failed to open serial port.' }) });
		await press('Get a practice board');
		const alert = page.getByRole('alert');
		await expect.element(alert).toHaveTextContent('The port cannot be opened');
		await page.getByText('On Linux: let your account use the port').click();
		await expect.element(alert).toHaveTextContent('ATTRS{idVendor}=="10c4"');
	});

	it('offers what suits and says why the rest does not', async () => {
		await screen();
		await press('Get a practice board');
		await expect
			.element(page.getByRole('button', { name: /^Take it.*Fieldbench practice node/ }))
			.toBeEnabled();
		await page.getByText('1 more that cannot be taken').click();
		await expect
			.element(step('Firmware'))
			.toHaveTextContent('It is real machine code; this is a practice board.');
	});

	it('says at the field what is wrong with an address', async () => {
		await screen();
		await press('Get a practice board');
		await page.getByText('From an address').click();
		const field = page.getByRole('textbox', { name: 'Address of a manifest' });
		await field.fill('https://example.org/');
		await press('Fetch it');
		await expect.element(field).toHaveAccessibleDescription(/web page, not with a manifest/);
	});

	it('tells what dies and what stays, and what the button does', async () => {
		await planned();
		await expect.element(page.getByRole('button', { name: 'Write 3 parts · 312 KB' })).toBeEnabled();
		await page.getByText('As a table').click();
		await expect.element(page.getByRole('row', { name: /Kept settings/ })).toBeVisible();
		await page.getByRole('radio', { name: /Erase everything/ }).click();
		await expect.element(page.getByRole('row', { name: /Erased settings/ })).toBeVisible();
	});

	it('passes on what the firmware’s maker says', async () => {
		await planned();
		await expect.element(step('Plan')).toHaveTextContent('The same program is on the board');
		await expect
			.element(page.getByRole('link', { name: 'Support its makers' }))
			.toHaveAttribute('href', 'https://example.org/support');
		await expect
			.element(page.getByRole('link', { name: /Home Assistant/ }))
			.toHaveAttribute('href', expect.stringContaining('domain=esphome'));
	});

	it('does not write what must not be written', async () => {
		const problem = {
			...({ kind: 'wrong-chip', blocking: true, overridable: false } as const),
			...({ labels: ['app.bin'], found: 'ESP32', wanted: 'ESP32-C3' } as const)
		};
		const session = await planned({ problems: [problem] });
		await expect.element(step('Plan')).toHaveTextContent('This firmware is for another chip');
		await expect.element(page.getByRole('button', { name: /^Write 3 parts/ })).toBeDisabled();
		await session.write();
		expect(session.run?.write).toBeUndefined();
	});

	it('shows bytes, speed, time left and what happens, and stops only when told twice', async () => {
		const session = await planned();
		await press(/^Write 3 parts/);
		for (const text of ['Writing fieldbench-node, part 3 of 3.', '100', 'of 312 KB', '64.0', '4 s'])
			await expect.element(step('Write')).toHaveTextContent(text);
		expect(session.writing).toBe(true);
		await press('Stop writing…');
		await userEvent.keyboard('{Enter}');
		expect(session.writing).toBe(true); // the safe choice has the focus
		await press('Stop writing…');
		await page.getByRole('dialog').getByRole('button', { name: 'Stop writing', exact: true }).click();
		await expect.element(step('Write')).toHaveTextContent('the board may not start a program as it is');
		await press('Flash again');
		await expect.element(page.getByRole('button', { name: /^Write 3 parts/ })).toBeEnabled();
	});

	it('never calls a write done whose flash is wrong', async () => {
		const error = { kind: 'verify-failed', offsetBytes: 0x10000 } as const;
		await planned({ states: [WRITING, { kind: 'failed', error, wroteAnything: true }] });
		await press(/^Write 3 parts/);
		await expect
			.element(page.getByRole('alert'))
			.toHaveTextContent('The flash did not keep what was written');
		await expect.element(step('First message')).not.toHaveTextContent('Asking');
	});
});

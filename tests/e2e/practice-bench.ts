import { expect, type BrowserContext, type Locator, type Page } from '@playwright/test';
import WebSocket from 'ws';
import { systemClock } from '../../src/lib/base';
import {
	INSTANT_TIMING,
	MemorySparseFlash,
	PRACTICE_AIR,
	PRACTICE_NETWORK,
	PracticeBoard,
	type BoardTiming
} from '../../src/lib/lab';
import { mqttJsConnector } from '../../src/lib/link';
import { givePracticeSerial, type PracticeSerial } from '../fixtures/practice-serial/practice-serial';
import { LAN_HOST } from './bench';

/** A practice board in this process, at the other end of the `navigator.serial` of every page of `context`. */
export async function plugIn(
	context: BrowserContext,
	{ mac = 'fab0c0ffee01', timing = INSTANT_TIMING }: { mac?: string; timing?: BoardTiming } = {}
): Promise<{ board: PracticeBoard; serial: PracticeSerial; flash: MemorySparseFlash }> {
	const flash = new MemorySparseFlash(4 << 20);
	const board = new PracticeBoard({
		...{ mac, name: 'Practice board', flash, timing, clock: systemClock, random: Math.random },
		world: {
			air: PRACTICE_AIR,
			radio: { scanMs: 100, joinMs: 100 },
			connector: mqttJsConnector((url, protocols) => new WebSocket(url, protocols)),
			// What a name server of that network would do.
			dial: (uri) => ({ kind: 'url', url: uri.replace(LAN_HOST, '127.0.0.1') })
		},
		onChange: () => undefined
	});
	board.plug();
	return { board, flash, serial: await givePracticeSerial(context, board) };
}

/** Steps of the Flash page, by the names on the screen. */

export const step = (page: Page, title: string): Locator =>
	page.getByRole('region', { name: new RegExp(`^Step \\d: ${title}`, 'u') });

export const alert = (page: Page): Locator => page.getByRole('alert');

/** The browser's picker, and the port that is in it. */
export async function choosePort(page: Page): Promise<void> {
	await page.getByRole('button', { name: /^Choose (a|another) port/u }).click();
}

/** A practice board of this browser, whose line and flash take no time. */
export async function getPracticeBoard(page: Page): Promise<void> {
	await page.getByRole('button', { name: 'Get a practice board' }).click();
	const panel = page.getByRole('region', { name: /^Practice board/u });
	await expect(step(page, 'Board')).toContainText('ESP32-C3');
	await expect(panel).toContainText('PRACTICE');
}

/** From a board that answered to a plan of the practice firmware. */
export async function planPractice(page: Page): Promise<void> {
	await page.getByRole('button', { name: /^Take it.*Practice firmware/u }).click();
	await expect(step(page, 'Plan')).toContainText('is written');
}

export async function writeParts(page: Page): Promise<void> {
	await page.getByRole('button', { name: /^Write \d+ parts?/u }).click();
}

/** Chooses the network that people practise with, and waits until the board has joined it. */
export async function joinPracticeNetwork(page: Page): Promise<void> {
	await page.getByRole('radio', { name: new RegExp(PRACTICE_NETWORK.ssid, 'u') }).check();
	await page
		.getByLabel(`Password of ${PRACTICE_NETWORK.ssid}`, { exact: true })
		.fill(PRACTICE_NETWORK.password);
	await page.getByRole('button', { name: /^Join/u }).click();
	await expect(step(page, 'First message')).toContainText('It has joined');
}

export async function nameAndGiveBroker(page: Page, name: string): Promise<void> {
	await page.getByRole('textbox', { name: 'Name of the board' }).fill(name);
	await page.getByRole('button', { name: 'Give it to the board' }).click();
}

export async function connected(page: Page): Promise<void> {
	await page.goto('/flash');
	await choosePort(page);
	await expect(step(page, 'Board')).toContainText('ESP32-C3');
}

// Where the browser for tests and benches is: vitest, Playwright and bench/ all ask here, so all use the same one.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright';

/** Names under which a Chromium is installed, the plainest first. */
const COMMANDS = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'microsoft-edge'];

/** Where installers put it without a place on PATH. */
const PLACES = [
	'/usr/bin/chromium', // Debian's package
	'/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
	'/Applications/Chromium.app/Contents/MacOS/Chromium',
	'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe'
];

/**
 * The browser's executable: `CHROMIUM` if set, then one that is installed, then the one Playwright downloaded.
 * @returns {string | undefined} undefined where there is none
 */
export function findChromium() {
	const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
	const candidates = [
		process.env.CHROMIUM,
		...COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command))),
		...PLACES,
		downloaded()
	];
	return candidates.find((path) => path !== undefined && path !== '' && executable(path));
}

/** Flags for an unattended run: no calls home, and no sandbox where root (a container) cannot have one. */
export const chromiumFlags = [
	...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
	'--disable-dev-shm-usage',
	'--disable-gpu',
	'--disable-quic',
	'--no-first-run',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync'
];

/** What to tell a person who has none. */
export const chromiumAdvice =
	'install Chromium or Chrome (Debian: apt-get install chromium), or run: npx playwright install chromium';

function downloaded() {
	try {
		return chromium.executablePath();
	} catch {
		return undefined; // Playwright has no browser for this system
	}
}

/** @param {string} path */
function executable(path) {
	try {
		accessSync(path, constants.X_OK);
		return true;
	} catch {
		return false;
	}
}

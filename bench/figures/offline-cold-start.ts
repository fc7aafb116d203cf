import type { Page } from 'playwright';
import type { Figure } from '../figure';
import { CARD_NUMBER, connectApp } from '../harness/app-page';
import { startBenchBroker } from '../harness/broker';
import { newProfile, type Profile } from '../harness/browser';
import { withCleanUp } from '../harness/clean-up';
import { newEpoch, startPublisher } from '../harness/publisher';
import { serveApp } from '../harness/serve';
import { median } from '../harness/statistics';

const TARGET_MS = 1000;
const DEVICES = 10;
const USED_FOR_MS = 10_000;

declare global {
	/** ms from the navigation until numbers stood in the cards, set once. */
	var benchShownMs: number | undefined;
}

export const offlineColdStart: Figure = {
	name: 'offline-cold-start-ms',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const profile = await newProfile();
			atEnd(() => profile.remove());
			const used = await useTheApp(profile, signal);
			const runs: number[] = [];
			for (let run = 0; run < (quick ? 2 : 7); run++) {
				signal.throwIfAborted();
				const { shownMs, numbers } = await coldStart(profile, used.url);
				if (numbers.join() !== used.numbers.join())
					throw new Error(`shows ${numbers.join(' ')}, and it was ${used.numbers.join(' ')}`);
				runs.push(shownMs);
				say(`run ${run + 1}: ${Math.round(shownMs)} ms`);
			}
			return [
				{
					name: 'offline-cold-start-ms',
					value: median(runs),
					unit: 'ms',
					peers: {},
					target: { kind: 'at-most', value: TARGET_MS },
					runs,
					notes: [
						`web server and broker stopped, a browser process of its own each time; ${DEVICES} devices, and the numbers are checked`,
						'the disk cache of the system is warm; starting the browser itself is not counted'
					]
				}
			];
		})
};

/** A visit that leaves devices, values and a service worker behind; after it broker and server are gone. */
function useTheApp(
	profile: Profile,
	signal: AbortSignal
): Promise<{ url: string; numbers: readonly string[] }> {
	return withCleanUp(async (atEnd) => {
		const broker = await startBenchBroker();
		atEnd(() => broker.stop());
		const app = await serveApp(signal, broker.wsUrl);
		atEnd(() => app.close());
		const publisher = await startPublisher(broker.tcpPort);
		atEnd(() => publisher.close());
		const context = await profile.open();
		atEnd(() => context.close());
		const page = await connectApp(context, app.url);
		await publisher.offer({
			...{ devices: DEVICES, idPrefix: 'fb-bench-', epoch: newEpoch(), values: 'walk', stamps: false },
			...{ ratePerS: DEVICES, durationMs: USED_FOR_MS }
		});
		await page.evaluate(() => navigator.serviceWorker.ready);
		await page.reload(); // the first visit is not the service worker's
		await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
		await page
			.locator(CARD_NUMBER)
			.nth(DEVICES - 1)
			.waitFor();
		return { url: app.url, numbers: await numbersOn(page) };
	});
}

async function coldStart(
	profile: Profile,
	url: string
): Promise<{ shownMs: number; numbers: readonly string[] }> {
	const context = await profile.open();
	try {
		const page = await context.newPage();
		await page.addInitScript(noteFirstNumbers, { selector: CARD_NUMBER, count: DEVICES });
		await page.goto(url, { waitUntil: 'commit' });
		const shown = await page.waitForFunction(() => globalThis.benchShownMs);
		const shownMs = await shown.jsonValue();
		if (shownMs === undefined) throw new Error('nothing was shown');
		return { shownMs, numbers: await numbersOn(page) };
	} finally {
		await context.close();
	}
}

/** Runs in the page before anything of it: the time of the frame that first holds a number in each card. */
function noteFirstNumbers({ selector, count }: { selector: string; count: number }): void {
	const all = () => {
		const places = [...document.querySelectorAll(selector)];
		return places.length === count && places.every((place) => /\d/u.test(place.textContent ?? ''));
	};
	const observer = new MutationObserver(() => {
		if (!all()) return;
		observer.disconnect();
		requestAnimationFrame(() => {
			const painted = new MessageChannel();
			painted.port1.onmessage = () => (globalThis.benchShownMs = performance.now());
			painted.port2.postMessage(null);
		});
	});
	observer.observe(document, { subtree: true, childList: true, characterData: true });
}

const numbersOn = (page: Page): Promise<readonly string[]> => page.locator(CARD_NUMBER).allTextContents();

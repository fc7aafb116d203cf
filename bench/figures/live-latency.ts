import type { BrowserContext, Page } from 'playwright';
import type { Figure } from '../figure';
import { CARD_NUMBER, untilLive } from '../harness/app-page';
import { withCleanUp } from '../harness/clean-up';
import { inTurn, startContest } from '../harness/contest';
import { FIRST_COUNT_TENTHS } from '../harness/node-message';
import { clockDifference } from '../harness/page-clock';
import { paintsOf, watchPaints, type Paint } from '../harness/paints';
import { newEpoch, startPublisher, type Publisher } from '../harness/publisher';
import { median, percentile } from '../harness/statistics';

const RATE_PER_S = 50;
const WARM_UP_MS = 2000;
const TARGET_MS = 60;
const PEER = 'mqtt.js in a worker, one text';

interface Run {
	readonly p99Ms: number;
	readonly medianMs: number;
	readonly clockBoundMs: number;
}

export const liveLatency: Figure = {
	name: 'live-latency-ms-p99',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const { broker, context, appUrl, pagesUrl } = await startContest(signal, atEnd);
			const publisher = await startPublisher(broker.tcpPort);
			atEnd(() => publisher.close());
			const open = {
				ours: () => openApp(context, appUrl),
				peer: () => openPeer(context, pagesUrl, broker.wsUrl)
			};
			const number = { ours: CARD_NUMBER, peer: '#value' };
			const runs = await inTurn(quick ? 1 : 5, signal, open, async (page, who, run) => {
				const result = await latency(page, number[who], publisher, quick ? 5000 : 15_000);
				say(`run ${run}: ${who} p99 ${result.p99Ms.toFixed(1)} ms, median ${result.medianMs.toFixed(1)} ms`);
				return result;
			});
			const p99 = (all: readonly Run[]) => all.map(({ p99Ms }) => p99Ms);
			const medians = (all: readonly Run[]) => median(all.map(({ medianMs }) => medianMs)).toFixed(1);
			return [
				{
					name: 'live-latency-ms-p99',
					value: median(p99(runs.ours)),
					unit: 'ms',
					peers: { [PEER]: median(p99(runs.peer)) },
					target: { kind: 'at-most', value: TARGET_MS },
					runs: p99(runs.ours),
					notes: [
						`medians of the messages: ours ${medians(runs.ours)} ms, peer ${medians(runs.peer)} ms`,
						`the clocks of node and page agree within ${Math.max(...runs.ours.map((r) => r.clockBoundMs)).toFixed(2)} ms`,
						'a message whose number was overtaken within a frame counts until the newer one is painted'
					]
				}
			];
		})
};

async function openApp(context: BrowserContext, url: string): Promise<Page> {
	const page = await context.newPage();
	await page.goto(url);
	await untilLive(page);
	return page;
}

async function openPeer(context: BrowserContext, url: string, brokerUrl: string): Promise<Page> {
	const page = await context.newPage();
	await page.goto(`${url}/peer.html`);
	await page.evaluate((to) => peerBench.connect(to), brokerUrl);
	await page.evaluate(() => peerBench.show());
	return page;
}

async function latency(page: Page, number: string, publisher: Publisher, durationMs: number): Promise<Run> {
	const node = {
		devices: 1,
		idPrefix: 'fb-bench-',
		values: 'count',
		ratePerS: RATE_PER_S,
		stamps: true
	} as const;
	await publisher.offer({ ...node, epoch: newEpoch(), durationMs: WARM_UP_MS });
	await page.locator(number).first().waitFor();
	const before = await clockDifference(page);
	await watchPaints(page, number);
	const { sent, sentMs } = await publisher.offer({ ...node, epoch: newEpoch(), durationMs });
	const last = (FIRST_COUNT_TENTHS + sent - 1) / 10;
	await page.waitForFunction((value) => globalThis.benchPaints.some((paint) => paint.value === value), last);
	const paints = await paintsOf(page);
	const after = await clockDifference(page);
	const offsetMs = (before.offsetMs + after.offsetMs) / 2;
	const driftMs = Math.abs(after.offsetMs - before.offsetMs) / 2;
	const delays = delaysOf(sentMs, paints).map((ms) => ms - offsetMs);
	return {
		p99Ms: percentile(delays, 0.99),
		medianMs: median(delays),
		clockBoundMs: Math.max(before.boundMs, after.boundMs) + driftMs
	};
}

/** For each message, the time until its number, or a newer one's, was painted. */
function delaysOf(sentMs: readonly number[], paints: readonly Paint[]): number[] {
	let next = 0;
	return sentMs.map((ms, index) => {
		const value = (FIRST_COUNT_TENTHS + index) / 10;
		while (next < paints.length && paints[next]!.value < value) next++;
		const paint = paints[next];
		if (!paint) throw new Error(`${value} was never painted`);
		return paint.atMs - ms;
	});
}

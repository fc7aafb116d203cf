import type { BrowserContext, Page } from 'playwright';
import type { Figure, Row } from '../figure';
import { startBenchBroker } from '../harness/broker';
import { newProfile } from '../harness/browser';
import { withCleanUp } from '../harness/clean-up';
import { newEpoch, startPublisher, type Publisher } from '../harness/publisher';
import { RateSearch } from '../harness/highest-rate';
import { servePages } from '../harness/serve';
import { median } from '../harness/statistics';
import '../pages/api';

const DEVICES = 20;
const OFFER_MS = 4000;
/** Whoever keeps up has the last message this soon after it was sent: two flushes of the store. */
const SETTLE_MS = 500;
const ASK_EVERY_MS = 25;
const FIRST_RATE = 8000;
const PEER = 'mqtt.js that only counts';

/** One that takes messages in: ours, or the peer. */
interface Taker {
	/** Messages taken in and done with so far. */
	done(page: Page): Promise<number>;
	/** Makes sure that `done` holds for good; throws where anything was lost. */
	settle(page: Page): Promise<void>;
	open(context: BrowserContext): Promise<Page>;
}

export const messagesPerSecond: Figure = {
	name: 'messages-per-second',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const broker = await startBenchBroker();
			atEnd(() => broker.stop());
			const pages = await servePages();
			atEnd(() => pages.close());
			const publisher = await startPublisher(broker.tcpPort);
			atEnd(() => publisher.close());
			const profile = await newProfile();
			atEnd(() => profile.remove());
			const context = await profile.open();
			atEnd(() => context.close());

			const takers = { ours: fieldWorker(pages.url, broker.wsUrl), peer: bareMqtt(pages.url, broker.wsUrl) };
			const found = { ours: [] as number[], peer: [] as number[] };
			for (let run = 0; run < (quick ? 1 : 7); run++) {
				const searches = {
					ours: new RateSearch(found.ours.at(-1) ?? FIRST_RATE),
					peer: new RateSearch(found.peer.at(-1) ?? FIRST_RATE)
				};
				while (searches.ours.found === undefined || searches.peer.found === undefined)
					for (const who of ['ours', 'peer'] as const) {
						signal.throwIfAborted();
						const search = searches[who];
						if (search.found !== undefined) continue;
						const page = await takers[who].open(context);
						const held = await keepsUp(takers[who], page, publisher, search.rate);
						await page.close();
						say(
							`run ${run + 1}: ${who} ${held ? 'kept' : 'did not keep'} up with ${Math.round(search.rate)}/s`
						);
						search.tell(held);
					}
				found.ours.push(searches.ours.found);
				found.peer.push(searches.peer.found);
			}
			return [rowOf(found.ours, found.peer)];
		})
};

function rowOf(ours: readonly number[], peer: readonly number[]): Row {
	return {
		name: 'messages-per-second',
		value: median(ours),
		unit: '1/s',
		peers: { [PEER]: median(peer) },
		target: { kind: 'share-of-peer', peer: PEER, share: 0.8 },
		runs: ours,
		notes: [
			`${Math.round((100 * median(ours)) / median(peer))} % of the peer, whose runs were ${peer.map(Math.round).join(' ')}`,
			`highest rate offered for ${OFFER_MS / 1000} s of which every message was committed within ${SETTLE_MS} ms of the last one's publish`,
			'mosquitto with max_queued_messages 0, max_inflight_bytes 0, set_tcp_nodelay; QoS 0; 20 nodes; broker, nodes and browser on one machine'
		]
	};
}

/** Offers a rate, and sees whether every message was done with in time. */
async function keepsUp(taker: Taker, page: Page, publisher: Publisher, ratePerS: number): Promise<boolean> {
	const before = await taker.done(page);
	const { sent, tookMs } = await publisher.offer({
		...{ devices: DEVICES, idPrefix: 'fb-bench-', epoch: newEpoch(), values: 'walk', stamps: false },
		...{ ratePerS, durationMs: OFFER_MS }
	});
	const endMs = performance.now();
	let arrived = 0;
	let inTime = false;
	// Waits for all of it even where it is late, so that the next offer begins with nothing left over.
	for (let asked = 0; arrived < sent; asked++) {
		arrived = (await taker.done(page)) - before;
		if (arrived === sent) {
			await taker.settle(page);
			inTime = performance.now() - endMs <= SETTLE_MS;
		} else if (performance.now() - endMs > 10 * OFFER_MS)
			throw new Error(`${sent - arrived} of ${sent} never came`);
		else await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
	}
	// A publisher that was held up has not offered what it was asked to.
	return inTime && tookMs < OFFER_MS * 1.05;
}

const fieldWorker = (url: string, brokerUrl: string): Taker => ({
	open: async (context) => {
		const page = await context.newPage();
		await page.goto(`${url}/intake.html`);
		await page.evaluate((to) => intakeBench.connect(to), brokerUrl);
		return page;
	},
	done: async (page) => (await page.evaluate(() => intakeBench.state())).samples,
	settle: async (page) => {
		await page.evaluate(() => intakeBench.commit());
		const { lost, notices } = await page.evaluate(() => intakeBench.state());
		if (lost > 0 || notices.length > 0) throw new Error(`${lost} lost; ${notices.join(', ')}`);
	}
});

const bareMqtt = (url: string, brokerUrl: string): Taker => ({
	open: async (context) => {
		const page = await context.newPage();
		await page.goto(`${url}/peer.html`);
		await page.evaluate((to) => peerBench.connect(to), brokerUrl);
		return page;
	},
	done: (page) => page.evaluate(() => peerBench.counted()),
	settle: () => Promise.resolve()
});

import type { BrowserContext, Page } from 'playwright';
import type { Figure } from '../figure';
import { connectApp, untilLive } from '../harness/app-page';
import { startBenchBroker } from '../harness/broker';
import { newProfile } from '../harness/browser';
import { withCleanUp } from '../harness/clean-up';
import { EIGHT, EIGHT_ID, startEightMetrics } from '../harness/eight-metrics';
import { workPerFrame } from '../harness/main-thread-trace';
import { serveApp, servePages } from '../harness/serve';
import { median, percentile } from '../harness/statistics';

const TARGET_MS = 8;
const RATE_PER_S = 100;
const SLOWED = 4;
/** All eight charts are on the screen at once. */
const SCREEN = { width: 1280, height: 3200 };
const SPAN_MS = 60_000;
/** So that the window is full of samples before anything is counted. */
const SETTLE_MS = SPAN_MS;
const PEER = 'plain Chart.js, a point a sample';

interface Run {
	readonly p95Ms: number;
	readonly medianMs: number;
	readonly framesPerS: number;
}

export const chartWork: Figure = {
	name: 'chart-work-ms-p95',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const broker = await startBenchBroker();
			atEnd(() => broker.stop());
			const app = await serveApp(signal, broker.wsUrl);
			atEnd(() => app.close());
			const pages = await servePages();
			atEnd(() => pages.close());
			const node = await startEightMetrics(broker.wsUrl);
			const stop = new AbortController();
			const published = node.publish(RATE_PER_S, stop.signal);
			atEnd(async () => {
				stop.abort();
				await published;
				await node.close();
			});
			const profile = await newProfile();
			atEnd(() => profile.remove());
			const context = await profile.open();
			atEnd(() => context.close());
			await (await connectApp(context, app.url)).close();

			const open = {
				ours: () => openApp(context, app.url),
				peer: () => openPeer(context, pages.url, broker.wsUrl)
			};
			const runs = { ours: [] as Run[], peer: [] as Run[] };
			for (let run = 0; run < (quick ? 1 : 3); run++)
				for (const who of ['ours', 'peer'] as const) {
					signal.throwIfAborted();
					const page = await open[who]();
					await page.waitForTimeout(quick ? 10_000 : SETTLE_MS);
					const result = await frames(page, quick ? 5000 : 15_000);
					await page.close();
					runs[who].push(result);
					say(
						`run ${run + 1}: ${who} p95 ${result.p95Ms.toFixed(1)} ms, median ${result.medianMs.toFixed(1)} ms, ${result.framesPerS.toFixed(0)} frames/s`
					);
				}
			const p95 = (all: readonly Run[]) => all.map(({ p95Ms }) => p95Ms);
			const words = (all: readonly Run[]) =>
				`median ${median(all.map((r) => r.medianMs)).toFixed(1)} ms, ${median(all.map((r) => r.framesPerS)).toFixed(0)} frames/s`;
			return [
				{
					name: 'chart-work-ms-p95',
					value: median(p95(runs.ours)),
					unit: 'ms',
					peers: { [PEER]: median(p95(runs.peer)) },
					target: { kind: 'at-most', value: TARGET_MS },
					runs: p95(runs.ours),
					notes: [
						`of the frames: ours ${words(runs.ours)}; peer ${words(runs.peer)}`,
						'the thread’s own time at a quarter of its speed; one device of eight metrics, the last minute, all eight charts on the screen',
						'ours also keeps the device’s header live and shows the envelope; with little time it draws fewer of its charts in a frame'
					]
				}
			];
		})
};

async function openApp(context: BrowserContext, url: string): Promise<Page> {
	const page = await context.newPage();
	await page.setViewportSize(SCREEN);
	await page.goto(`${url}/devices/${EIGHT_ID}?view=history`);
	await untilLive(page);
	await page.getByLabel('Time range').selectOption({ label: 'minute' });
	await page.waitForFunction((count) => document.querySelectorAll('main .plot').length === count, EIGHT);
	return page;
}

async function openPeer(context: BrowserContext, url: string, brokerUrl: string): Promise<Page> {
	const page = await context.newPage();
	await page.setViewportSize(SCREEN);
	await page.goto(`${url}/line-charts.html`);
	await page.evaluate(([to, count, spanMs]) => lineChartsBench.follow(to, count, spanMs), [
		brokerUrl,
		EIGHT,
		SPAN_MS
	] as const);
	return page;
}

async function frames(page: Page, durationMs: number): Promise<Run> {
	const session = await page.context().newCDPSession(page);
	await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWED });
	const work = await workPerFrame(page, () => page.waitForTimeout(durationMs));
	await session.detach();
	if (work.length === 0) throw new Error('the page made no frame');
	return {
		p95Ms: percentile(work, 0.95),
		medianMs: median(work),
		framesPerS: (work.length * 1000) / durationMs
	};
}

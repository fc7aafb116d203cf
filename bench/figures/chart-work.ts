import type { BrowserContext, Page } from 'playwright';
import type { Figure } from '../figure';
import { untilLive } from '../harness/app-page';
import { withCleanUp } from '../harness/clean-up';
import { inTurn, startContest } from '../harness/contest';
import { EIGHT, EIGHT_ID, startEightMetrics } from '../harness/eight-metrics';
import { workPerFrame } from '../harness/main-thread-trace';
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
	/** Of the frames that the page's thread made itself, with all that it did on the way there: the figure. */
	readonly ownP95Ms: number;
	readonly ownMedianMs: number;
	readonly ownPerS: number;
	/** Of the same frames, without what the thread had done with before it was on the way to them. */
	readonly runUpP95Ms: number;
	/** Of the frames that the screen showed, whoever drew them. */
	readonly shownP95Ms: number;
	readonly shownPerS: number;
	/** How much of a second the thread worked. */
	readonly busyMs: number;
}

export const chartWork: Figure = {
	name: 'chart-work-ms-p95',
	measure: ({ quick, signal, say }) =>
		withCleanUp(async (atEnd) => {
			const { broker, context, appUrl, pagesUrl } = await startContest(signal, atEnd);
			const node = await startEightMetrics(broker.wsUrl);
			const stop = new AbortController();
			const published = node.publish(RATE_PER_S, stop.signal);
			atEnd(async () => {
				stop.abort();
				await published;
				await node.close();
			});
			const open = {
				ours: () => openApp(context, appUrl),
				peer: () => openPeer(context, pagesUrl, broker.wsUrl)
			};
			const runs = await inTurn(quick ? 1 : 3, signal, open, async (page, who, run) => {
				await page.waitForTimeout(quick ? 10_000 : SETTLE_MS);
				const result = await frames(page, quick ? 5000 : 15_000);
				say(`run ${run}: ${who} p95 ${result.ownP95Ms.toFixed(1)} ms, ${wordsOf([result])}`);
				return result;
			});
			const p95 = (all: readonly Run[]) => all.map(({ ownP95Ms }) => ownP95Ms);
			return [
				{
					name: 'chart-work-ms-p95',
					value: median(p95(runs.ours)),
					unit: 'ms',
					peers: { [PEER]: median(p95(runs.peer)) },
					target: { kind: 'at-most', value: TARGET_MS },
					runs: p95(runs.ours),
					notes: [
						`ours ${wordsOf(runs.ours)}; peer ${wordsOf(runs.peer)}`,
						'the thread’s own time at a quarter of its speed; one device of eight metrics, the last minute, all eight charts on the screen',
						'a frame is one that the page’s thread makes, with all it ran since the one before; frames that only a worker drew are not counted'
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
	const { shown, own, runUp } = await workPerFrame(page, () => page.waitForTimeout(durationMs));
	await session.detach();
	if (shown.length === 0 || own.length === 0) throw new Error('the page made no frame');
	const perS = 1000 / durationMs;
	return {
		ownP95Ms: percentile(own, 0.95),
		ownMedianMs: median(own),
		ownPerS: own.length * perS,
		runUpP95Ms: percentile(runUp, 0.95),
		shownP95Ms: percentile(shown, 0.95),
		shownPerS: shown.length * perS,
		busyMs: shown.reduce((a, b) => a + b, 0) * perS
	};
}

function wordsOf(runs: readonly Run[]): string {
	const of = (what: keyof Run, digits = 0) => median(runs.map((run) => run[what])).toFixed(digits);
	return (
		`median ${of('ownMedianMs', 1)} ms of ${of('ownPerS')} frames/s, p95 ${of('runUpP95Ms', 1)} ms without what was done long before; the thread works ${of('busyMs')} ms of a second; ` +
		`of ${of('shownPerS')} frames/s that the screen shows p95 ${of('shownP95Ms', 1)} ms`
	);
}

import type { BrowserContext, Page } from 'playwright';
import type { Mosquitto } from '../../tests/integration/mosquitto';
import { connectApp } from './app-page';
import { startBenchBroker } from './broker';
import { newProfile } from './browser';
import { serveApp, servePages } from './serve';

/** One broker and one browser, in which the app and a peer's page are measured in turn. */
export interface Contest {
	readonly broker: Mosquitto;
	readonly context: BrowserContext;
	/** The app, connected to the broker before. */
	readonly appUrl: string;
	/** The pages of bench/pages. */
	readonly pagesUrl: string;
}

export async function startContest(
	signal: AbortSignal,
	atEnd: (fn: () => Promise<unknown>) => void
): Promise<Contest> {
	const broker = await startBenchBroker();
	atEnd(() => broker.stop());
	const app = await serveApp(signal, broker.wsUrl);
	atEnd(() => app.close());
	const pages = await servePages();
	atEnd(() => pages.close());
	const profile = await newProfile();
	atEnd(() => profile.remove());
	const context = await profile.open();
	atEnd(() => context.close());
	await (await connectApp(context, app.url)).close();
	return { broker, context, appUrl: app.url, pagesUrl: pages.url };
}

export type Who = 'ours' | 'peer';

/** Opens and measures ours and the peer's page in turn, so many times. @returns the runs of each */
export async function inTurn<Run>(
	times: number,
	signal: AbortSignal,
	open: Readonly<Record<Who, () => Promise<Page>>>,
	measure: (page: Page, who: Who, run: number) => Promise<Run>
): Promise<Readonly<Record<Who, readonly Run[]>>> {
	const runs: Record<Who, Run[]> = { ours: [], peer: [] };
	for (let run = 1; run <= times; run++)
		for (const who of ['ours', 'peer'] as const) {
			signal.throwIfAborted();
			const page = await open[who]();
			runs[who].push(await measure(page, who, run));
			await page.close();
		}
	return runs;
}

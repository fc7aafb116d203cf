import type { Page } from 'playwright';
import type { ContestActs, Who } from '../pages/contest/messages';
import { newProfile } from './browser';
import { servePages } from './serve';

/** One contender in a worker of a page of its own. */
export interface ContestPage {
	readonly openMs: number;
	readonly page: Page;
	ask<A extends keyof ContestActs>(
		act: A,
		argument: Parameters<ContestActs[A]>[0]
	): ReturnType<ContestActs[A]>;
}

export interface Contest {
	/** Where the browser keeps it. */
	readonly folder: string;
	/** A new browser process on the same profile, with the contender's store opened. */
	enter(who: Who): Promise<ContestPage>;
}

/** A profile for one contender. @param atEnd is given what undoes it */
export async function newContest(atEnd: (act: () => Promise<void>) => void, url: string): Promise<Contest> {
	const profile = await newProfile();
	atEnd(() => profile.remove());
	let leave: (() => Promise<void>) | undefined;
	atEnd(async () => leave?.());
	return {
		folder: profile.folder,
		async enter(who) {
			await leave?.();
			const context = await profile.open();
			leave = () => context.close();
			const page = context.pages()[0] ?? (await context.newPage());
			await page.goto(`${url}/contest.html`);
			const ask = ((act: keyof ContestActs, argument: unknown) =>
				page.evaluate(([what, of]) => contestBench.ask(what, of), [
					act,
					argument
				] as const)) as ContestPage['ask'];
			return { page, ask, openMs: await ask('open', who) };
		}
	};
}

/** The pages, served until the end. */
export async function serveContest(atEnd: (act: () => Promise<void>) => void): Promise<string> {
	const pages = await servePages();
	atEnd(() => pages.close());
	return pages.url;
}

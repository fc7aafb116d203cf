import { expect, test } from '@playwright/test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveHarness, type HarnessSite } from './harness-site';
import { startBrowser, type KillableBrowser } from './killable-browser';

let site: HarnessSite;
let profile: string;
let browser: KillableBrowser;
test.beforeAll(async () => {
	site = await serveHarness();
});
test.afterAll(() => site.close());
test.beforeEach(async () => {
	profile = await mkdtemp(join(tmpdir(), 'fieldbench-leader-'));
	browser = await startBrowser(profile, site.url);
});
test.afterEach(async () => {
	await browser.kill();
	await rm(profile, { recursive: true, force: true });
});

test('a worker whose place was taken writes no more, and its successor has all it wrote', async () => {
	await browser.ask('open', { sentinel: null }, 'old');
	expect(await browser.ask('append', { from: 0, count: 10 }, 'old')).toBe('stored 10, duplicates 0');
	const { losses } = await browser.ask('open', { sentinel: null }, 'young');
	expect(losses).toStrictEqual([]);
	expect(await browser.ask('append', { from: 10, count: 5 }, 'old')).toBe('fenced');
	expect(await browser.ask('append', { from: 5, count: 10 }, 'young')).toBe('stored 5, duplicates 5');
	expect(await browser.ask('check', { device: 0, below: 15 }, 'young')).toStrictEqual({
		missing: [],
		doubled: 0
	});
});

test('telemetry has a bucket of its own', async () => {
	expect(await browser.ask('open', { sentinel: null })).toMatchObject({
		bucketsApart: true,
		health: 'durable'
	});
});

test('without storage buckets it keeps its history in the default one, and says so', async () => {
	const opened = await browser.ask('open', { sentinel: null, withoutBuckets: true });
	expect(opened).toMatchObject({ bucketsApart: false, health: 'durable', losses: [] });
	await browser.ask('append', { from: 0, count: 10 });
	await browser.ask('close');
	await browser.ask('open', {
		sentinel: await browser.page.evaluate(() => window.sentinel()),
		withoutBuckets: true
	});
	expect(await browser.ask('check', { device: 0, below: 10 })).toStrictEqual({ missing: [], doubled: 0 });
});

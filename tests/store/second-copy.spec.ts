import { expect, test } from '@playwright/test';
import { mkdtemp, rm, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { telemetryFiles } from './disk-damage';
import { serveHarness, type HarnessSite } from './harness-site';
import { startBrowser } from './killable-browser';

const SEALED = 1500;

let site: HarnessSite;
test.beforeAll(async () => {
	site = await serveHarness();
});
test.afterAll(() => site.close());

test('all that was sealed comes back from the second copy when the database is gone', async () => {
	const profile = await mkdtemp(join(tmpdir(), 'fieldbench-copy-'));
	try {
		const before = await startBrowser(profile, site.url);
		await before.ask('open', { sentinel: null });
		await before.ask('fill', { count: SEALED / 2, perFlush: 250 });
		await before.ask('seal');
		await before.ask('keepCopy');
		expect(await before.ask('append', { from: SEALED / 2, count: SEALED / 2 })).toContain(
			`stored ${SEALED / 2}`
		);
		await before.ask('seal');
		await before.ask('append', { from: SEALED, count: 10 }); // never sealed: for backfill
		await before.ask('close');
		await before.close();

		for (const { path } of await telemetryFiles(profile)) await unlink(path);

		const after = await startBrowser(profile, site.url);
		const sentinel = await after.page.evaluate(() => window.sentinel());
		const { losses, health } = await after.ask('open', { sentinel });
		expect(health).toBe('durable');
		expect(losses).toMatchObject([
			{ cause: 'discarded-by-browser', refilled: { samples: SEALED, damagedFiles: 0 } }
		]);
		const { missing, doubled } = await after.ask('check', { device: 0, below: SEALED + 10 });
		expect(missing, 'what was not sealed, and no more').toEqual(
			Array.from({ length: 10 }, (_, i) => SEALED + i)
		);
		expect(doubled).toBe(0);
		expect(await after.ask('append', { from: SEALED - 5, count: 15 })).toBe('stored 10, duplicates 5');
		await after.kill();
	} finally {
		await rm(profile, { recursive: true, force: true });
	}
});

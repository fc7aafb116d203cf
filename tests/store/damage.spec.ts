import { expect, test } from '@playwright/test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { damages, telemetryFiles } from './disk-damage';
import { serveHarness, type HarnessSite } from './harness-site';
import { startBrowser } from './killable-browser';

/** LevelDB writes a table when its log has grown to 4 MB: 160 × 20 KB written ahead, and again when sealed. */
const NOISE_FLUSHES = 160;
const SAMPLES = 2000;

let site: HarnessSite;
test.beforeAll(async () => {
	site = await serveHarness();
});
test.afterAll(() => site.close());

for (const [name, damage] of Object.entries(damages)) {
	test(`${name}: the app opens, settings and brokers are there, the loss is told`, async () => {
		test.setTimeout(120_000);
		const profile = await mkdtemp(join(tmpdir(), 'fieldbench-damage-'));
		try {
			const before = await startBrowser(profile, site.url);
			await before.ask('open', { sentinel: null });
			await before.ask('putKeepRows');
			await before.ask('fillNoise', { flushes: NOISE_FLUSHES });
			for (let at = 0; at < SAMPLES; at += 50)
				expect(await before.ask('append', { from: at, count: 50 })).toBe('stored 50, duplicates 0');
			await before.ask('close');
			// Chromium may end before it has written what a page keeps, some seconds later.
			const sentinel = await before.page.evaluate(() => window.sentinel());
			expect(sentinel, 'the page remembers what it had').toMatch(/^fb1:/u);
			await before.close();

			await damage.apply(await telemetryFiles(profile));

			const after = await startBrowser(profile, site.url);
			const opened = await after.ask('open', { sentinel });
			expect(await after.ask('keepRows')).toStrictEqual({
				setting: 'dark',
				broker: 'wss://broker.example',
				secret: 'correct horse'
			});
			const { missing } = await after.ask('check', { device: 0, below: SAMPLES });
			test.info().annotations.push({
				type: 'outcome',
				description: `${opened.health}, ${missing.length} of ${SAMPLES} gone, told: ${opened.losses.map((l) => l.cause).join(', ')}`
			});
			if (missing.length > 0) expect(opened.losses).not.toHaveLength(0);
			if (damage.loses) expect(missing).not.toHaveLength(0);
			expect(opened.health).toBe('durable');
			expect(await after.ask('append', { from: 100_000, count: 3 })).toBe('stored 3, duplicates 0');
			// Backfill brings again what is gone, and only that.
			const again = missing.slice(0, 50);
			for (const seq of again)
				expect(await after.ask('append', { from: seq, count: 1 })).toBe('stored 1, duplicates 0');
			await after.kill();
		} finally {
			await rm(profile, { recursive: true, force: true });
		}
	});
}

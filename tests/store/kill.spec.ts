import { expect, test } from '@playwright/test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveHarness, type HarnessSite } from './harness-site';
import { runKillLoop } from './kill-loop';

let site: HarnessSite;
let profile: string;
test.beforeAll(async () => {
	site = await serveHarness();
	profile = await mkdtemp(join(tmpdir(), 'fieldbench-kill-'));
});
test.afterAll(async () => {
	await site.close();
	await rm(profile, { recursive: true, force: true });
});

test('what append acknowledged is there once after each of 10 kills', async () => {
	test.setTimeout(240_000);
	const rounds = await runKillLoop({ url: site.url, profile, kills: 10 });
	for (const round of rounds) {
		const { losses, missing, doubled } = round;
		expect({ losses, missing: missing.length, doubled }, `after kill ${round.kill}`).toStrictEqual({
			losses: [],
			missing: 0,
			doubled: 0
		});
	}
	const last = rounds.at(-1);
	expect(last?.acknowledged).toBeGreaterThan(1000);
	expect(last?.seals).toBeGreaterThan(20);
	// Without folds there were two blocks a seal.
	expect(last?.blocks).toBeLessThan(last?.seals ?? 0);
});

import { expect, test } from '@playwright/test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveHarness } from '../store/harness-site';
import { FAULTS, runFaultLoop } from './fault-loop';

test('after ten faults under load each history is what its device measured, sample for sample', async () => {
	test.setTimeout(240_000);
	const site = await serveHarness('field');
	const profile = await mkdtemp(join(tmpdir(), 'fieldbench-faults-'));
	try {
		const compared = await runFaultLoop({
			...{ url: site.url, profile, seed: 6 },
			faults: [...FAULTS, ...FAULTS],
			say: (line) => test.info().annotations.push({ type: 'fault', description: line })
		});
		for (const { measured, ...differences } of compared) {
			expect(differences).toMatchObject({ doubled: 0, missing: 0, wrong: 0 });
			expect(measured).toBeGreaterThan(50);
		}
	} finally {
		await site.close();
		await rm(profile, { recursive: true, force: true });
	}
});

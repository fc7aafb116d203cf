import { expect, test } from '@playwright/test';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveHarness } from './harness-site';
import { startBrowser } from './killable-browser';

/**
 * A record of LevelDB's log whose writing was cut short, as a kill between its two writes leaves it: CRC, length 300, FULL,
 * and the first 100 bytes. https://github.com/google/leveldb/blob/main/doc/log_format.md
 */
const halfARecord = Buffer.alloc(107, 1);
halfARecord.writeUInt16LE(300, 4);

/** The logs of all IndexedDB databases of a profile. */
async function logsOf(profile: string): Promise<string[]> {
	const entries = await readdir(profile, { recursive: true, withFileTypes: true });
	return entries
		.filter(({ name, parentPath }) => name.endsWith('.log') && parentPath.endsWith('indexeddb.leveldb'))
		.map(({ name, parentPath }) => join(parentPath, name));
}

test('half a record at the end of the logs costs nothing, however often', async () => {
	test.setTimeout(120_000);
	const site = await serveHarness();
	const profile = await mkdtemp(join(tmpdir(), 'fieldbench-torn-'));
	try {
		for (let round = 0; round < 4; round++) {
			const browser = await startBrowser(profile, site.url);
			const sentinel = await browser.page.evaluate(() => window.sentinel());
			const { losses, keepDiscarded } = await browser.ask('open', { sentinel });
			expect({ losses, keepDiscarded }).toStrictEqual({ losses: [], keepDiscarded: false });
			if (round === 0) await browser.ask('putKeepRows');
			expect(await browser.ask('keepRows')).toMatchObject({ setting: 'dark', secret: 'correct horse' });
			const below = round * 50;
			expect(await browser.ask('check', { device: 0, below })).toStrictEqual({ missing: [], doubled: 0 });
			expect(await browser.ask('append', { from: below, count: 50 })).toBe('stored 50, duplicates 0');
			await browser.kill();
			const logs = await logsOf(profile);
			expect(logs.length).toBeGreaterThanOrEqual(2);
			await Promise.all(logs.map((log) => appendFile(log, halfARecord)));
		}
	} finally {
		await site.close();
		await rm(profile, { recursive: true, force: true });
	}
});

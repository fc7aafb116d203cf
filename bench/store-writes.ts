import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { serveHarness } from '../tests/store/harness-site';
import { startBrowser } from '../tests/store/killable-browser';

/** 20 messages/s of five metrics from four devices: 100 points/s, flushed each 250 ms. */
const DEVICES = 4;
const METRICS = 5;
const EVERY_MS = 200;

export interface StoreWrites {
	/** Bytes that Chromium's storage process wrote for each point: log, tables and their compaction. */
	readonly bytesPerPoint: number;
	readonly points: number;
	readonly writtenBytes: number;
	readonly seconds: number;
}

/**
 * Ingests 100 points/s for `seconds` in a real browser and reads what its storage process wrote from /proc/<pid>/io (`wchar`).
 * Linux only: throws elsewhere, and where the process cannot be found.
 */
export async function measureBytesPerPoint(options: { seconds?: number } = {}): Promise<StoreWrites> {
	const seconds = options.seconds ?? 60;
	const site = await serveHarness();
	const profile = await mkdtemp(join(tmpdir(), 'fieldbench-writes-'));
	const browser = await startBrowser(profile, site.url);
	try {
		await browser.ask('open', { sentinel: null });
		const storage = await storageProcess(profile);
		const before = await writtenBytes(storage);
		await browser.ask('ingest', { from: 0, devices: DEVICES, perBatch: 1, everyMs: EVERY_MS });
		await wait(seconds * 1000);
		const messages = await browser.ask('stop');
		const written = (await writtenBytes(storage)) - before;
		const points = messages * DEVICES * METRICS;
		return { bytesPerPoint: written / points, points, writtenBytes: written, seconds };
	} finally {
		await browser.kill();
		await site.close();
		await rm(profile, { recursive: true, force: true });
	}
}

/** Chromium runs IndexedDB in a utility process of its own, which names its duty and profile on its command line. */
async function storageProcess(profile: string): Promise<number> {
	for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/u.test(name))) {
		const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''); // it may have ended
		if (command.includes('storage.mojom.StorageService') && command.includes(profile)) return Number(pid);
	}
	throw new Error('the browser has no storage process');
}

async function writtenBytes(pid: number): Promise<number> {
	const found = /^wchar: (\d+)$/mu.exec(await readFile(`/proc/${pid}/io`, 'utf8'))?.[1];
	if (found === undefined) throw new Error('/proc says nothing of what was written');
	return Number(found);
}

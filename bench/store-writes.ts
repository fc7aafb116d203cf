import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { serveHarness } from '../tests/store/harness-site';
import { startBrowser } from '../tests/store/killable-browser';

/** 20 messages/s of five metrics from four devices in turn: 100 points/s. */
const DEVICES = 4;
const METRICS = 5;
const EVERY_MS = 50;
/** How often files are looked at: LevelDB keeps a table far longer than that. */
const LOOK_MS = 250;

export interface StoreWrites {
	/** All that IndexedDB wrote to its files for each point: logs, tables, compaction, and the keep's sentinel. */
	readonly bytesPerPoint: number;
	readonly points: number;
	readonly writtenBytes: number;
	readonly seconds: number;
}

/**
 * Ingests 100 points/s for `seconds` in a real browser and adds up what IndexedDB wrote. LevelDB's files only grow, so the
 * largest size seen of every file that ever was is what was written to it. (/proc/<pid>/io of the storage service says
 * nothing: Chromium 156 writes IndexedDB from the browser process, among much else.)
 */
export async function measureBytesPerPoint(options: { seconds?: number } = {}): Promise<StoreWrites> {
	const seconds = options.seconds ?? 60;
	const site = await serveHarness();
	const profile = await mkdtemp(join(tmpdir(), 'fieldbench-writes-'));
	const browser = await startBrowser(profile, site.url);
	try {
		await browser.ask('open', { sentinel: null });
		const sizes = new Map<string, number>();
		await lookAt(profile, sizes);
		const before = total(sizes);
		await browser.ask('stream', { devices: DEVICES, everyMs: EVERY_MS });
		const endMs = performance.now() + seconds * 1000;
		while (performance.now() < endMs) {
			await wait(LOOK_MS);
			await lookAt(profile, sizes);
		}
		const messages = await browser.ask('stop');
		// Sealing is part of the price: without it a short run would only count the log.
		await browser.ask('seal');
		await lookAt(profile, sizes);
		const writtenBytes = total(sizes) - before;
		const points = messages * METRICS;
		return { bytesPerPoint: writtenBytes / points, points, writtenBytes, seconds };
	} finally {
		await browser.kill();
		await site.close();
		await rm(profile, { recursive: true, force: true });
	}
}

/** Notes the largest size seen of each file of every IndexedDB in a profile. */
export async function lookAt(profile: string, sizes: Map<string, number>): Promise<void> {
	for (const entry of await readdir(profile, { recursive: true, withFileTypes: true })) {
		if (!entry.isFile() || !entry.parentPath.endsWith('indexeddb.leveldb')) continue;
		const path = join(entry.parentPath, entry.name);
		const size = await stat(path).then(
			(found) => found.size,
			() => 0 // compacted away since it was listed
		);
		sizes.set(path, Math.max(sizes.get(path) ?? 0, size));
	}
}

/** Bytes in all files that were looked at. */
export const total = (sizes: ReadonlyMap<string, number>): number =>
	[...sizes.values()].reduce((sum, n) => sum + n, 0);

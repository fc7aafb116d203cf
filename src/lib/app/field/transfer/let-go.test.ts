import { IDBFactory } from 'fake-indexeddb';
import { expect, it } from 'vitest';
import { KEEP_ALL, type LetGo } from '$lib/telemetry';
import type { FieldStorage } from '../storage';
import {
	backUp,
	clock,
	fill,
	open,
	restore,
	series,
	START_MS,
	troubles
} from '../../../../../tests/fixtures/workspaces';

const DAY_MS = 86_400_000;

/** Seals so many samples, each day's in blocks of their own, and lets go of all that is older than a day. */
async function letGo(storage: FieldStorage, seqs: readonly number[]): Promise<readonly LetGo[]> {
	await fill(storage, seqs);
	const sealed = await storage.telemetry.snapshot();
	if (sealed.ok) sealed.value.release();
	clock.advance(3 * DAY_MS);
	storage.telemetry.retain({ ...KEEP_ALL, samplesMs: { measurement: DAY_MS, diagnostic: DAY_MS } });
	for (let i = 0; i < 4; i++) await storage.telemetry.flush();
	return (await storage.telemetry.stats()).letGo;
}

it('still tells what was let go of after a restart and a restore, and nothing of a device that is forgotten', async () => {
	const factory = new IDBFactory();
	const first = await open(factory);
	await letGo(first, [0, 1]);
	const told = await letGo(first, [2, 3, 4]);
	expect(told).toMatchObject([
		{ ...series, what: 'samples', why: 'age', samples: 2, atMs: START_MS + 3 * DAY_MS },
		{ samples: 3, atMs: START_MS + 6 * DAY_MS, fromMs: START_MS + 2000.25, toMs: START_MS + 4000.25 }
	]);
	const file = await backUp(first, '');
	await first.close();

	const again = await open(factory);
	expect((await again.telemetry.stats()).letGo).toEqual(told);
	await again.telemetry.forget(series.device);
	await again.close();
	const forgotten = await open(factory);
	expect((await forgotten.telemetry.stats()).letGo).toEqual([]);
	await forgotten.close();

	const elsewhere = new IDBFactory();
	const there = await open(elsewhere);
	expect(await restore(there, file)).toEqual({ kind: 'restored' });
	await there.close();
	const after = await open(elsewhere);
	expect((await after.telemetry.stats()).letGo).toEqual(told);
	expect(troubles).toEqual([]);
	await after.close();
});

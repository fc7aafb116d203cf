import 'fake-indexeddb/auto';
import { IDBFactory, IDBObjectStore as FDBObjectStore } from 'fake-indexeddb';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '$lib/base';
import { parseDeviceId, type DeviceId, type Sample } from '$lib/model';
import { openTelemetryStore, type OpenOptions, type StoreTrouble } from './index';

const START_MS = 1_763_690_000_000;
const never = new AbortController().signal;

function device(id: string): DeviceId {
	const parsed = parseDeviceId(id);
	if (!parsed.ok) throw new Error(id);
	return parsed.value;
}

const bench = device('fb-bench');
const sample = (seq: number, more: Partial<Sample> = {}): Sample => ({
	device: bench,
	provenance: 'real',
	identity: { epoch: 77, seq },
	timeMs: START_MS + seq * 1000,
	clock: 'synchronised',
	values: { temperature: 20 + seq / 100, wifi_rssi: -60 },
	...more
});

let factory: IDBFactory;
let clock: ManualClock;
let sentinels: string[];
let troubles: StoreTrouble[];
beforeEach(() => {
	factory = new IDBFactory();
	clock = new ManualClock(START_MS);
	sentinels = [];
	troubles = [];
});

const open = (options: Partial<OpenOptions> = {}) =>
	openTelemetryStore({
		fence: 1,
		known: [sentinels.at(-1) ?? null],
		onSentinel: (text) => sentinels.push(text),
		onTrouble: (trouble) => troubles.push(trouble),
		clock,
		indexedDB: factory,
		...options
	});

/** Appends and lets the flush fall due. */
async function put(store: Awaited<ReturnType<typeof open>>['store'], samples: readonly Sample[]) {
	const outcome = store.append(samples);
	await store.flush();
	return outcome;
}

const all = (metric = 'temperature', buckets = 10_000) => ({
	device: bench,
	provenance: 'real' as const,
	metric,
	fromMs: 0,
	toMs: 2e12,
	buckets
});

async function seqsOf(store: Awaited<ReturnType<typeof open>>['store']): Promise<number[]> {
	const { timeMs } = await store.range(all(), never);
	return [...timeMs].map((t) => (t - START_MS) / 1000);
}

/** Looks into the database beside the store. */
async function table<T>(name: string, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
	const wait = <R>(request: IDBRequest<R>) =>
		new Promise<R>((resolve, reject) => {
			request.onsuccess = () => resolve(request.result);
			request.onerror = () => reject(request.error ?? new Error('the database gave no reason'));
		});
	const db = await wait(factory.open('fieldbench-telemetry'));
	const result = await wait(act(db.transaction(name, 'readwrite').objectStore(name)));
	db.close();
	return result;
}

describe('telemetry store', () => {
	it('gives each sample of one batch the best time that the batch tells of it', async () => {
		const { store } = await open();
		const told = (seq: number, clock: Sample['clock'], lateMs = 0) =>
			sample(seq, { clock, timeMs: START_MS + seq * 1000 + lateMs });
		await put(store, [
			told(1, 'unsynchronised'),
			told(1, 'corrected', 400),
			told(2, 'corrected'),
			told(2, 'synchronised', -5000)
		]);
		const { timeMs } = await store.range(all(), never);
		expect([...timeMs]).toEqual([START_MS - 3000, START_MS + 1400]);
		await store.close();
	});

	it('writes at once where much waits, and does not wait for its time', async () => {
		const { store } = await open();
		const appended = store.append(Array.from({ length: 3000 }, (_, seq) => sample(seq)));
		expect((await store.stats()).flushes).toBe(0);
		const more = store.append(Array.from({ length: 1096 }, (_, seq) => sample(3000 + seq)));
		expect(await Promise.all([appended, more])).toMatchObject([{ ok: true }, { ok: true }]);
		expect((await store.stats()).flushes).toBe(1);
	});

	it('shows a sample at once, and acknowledges it when its record is committed 250 ms later', async () => {
		const { store } = await open();
		let acknowledged = false;
		const appended = store.append([sample(0)]).then((outcome) => {
			acknowledged = true;
			return outcome;
		});
		expect(await seqsOf(store)).toStrictEqual([0]);
		clock.advance(249);
		expect(await table('wal', (wal) => wal.count(IDBKeyRange.lowerBound(1)))).toBe(0);
		expect(acknowledged).toBe(false);
		clock.advance(1);
		expect(await appended).toStrictEqual({ ok: true, value: { stored: 1, duplicates: 0 } });
		expect(await table('wal', (wal) => wal.count(IDBKeyRange.lowerBound(1)))).toBe(1);
	});

	it('writes one record for all devices of a flush', async () => {
		const { store } = await open();
		await put(store, [
			sample(0),
			sample(0, { device: device('other') }),
			sample(0, { provenance: 'simulated' })
		]);
		expect(await table('wal', (wal) => wal.count(IDBKeyRange.lowerBound(1)))).toBe(1);
	});

	it('has everything again after a restart, from log and blocks alike', async () => {
		const first = await open({ limits: { sealRecords: 3 } });
		for (let seq = 0; seq < 7; seq++) await put(first.store, [sample(seq)]);
		await first.store.close();
		const { store, losses } = await open();
		expect(losses).toStrictEqual([]);
		expect(await seqsOf(store)).toStrictEqual([0, 1, 2, 3, 4, 5, 6]);
		expect(await table('wal', (wal) => wal.count(IDBKeyRange.lowerBound(1)))).toBe(1);
		expect(await store.latest()).toStrictEqual([
			{
				device: bench,
				provenance: 'real',
				values: {
					temperature: { value: 20.06, timeMs: START_MS + 6000 },
					wifi_rssi: { value: -60, timeMs: START_MS + 6000 }
				}
			}
		]);
	});

	it('drops duplicates within a batch, from the log and from sealed history, and keeps foreign samples always', async () => {
		const first = await open({ limits: { sealRecords: 2 } });
		const batch = await put(first.store, [sample(0), sample(0), sample(2)]);
		expect(batch).toStrictEqual({ ok: true, value: { stored: 2, duplicates: 1 } });
		await put(first.store, [sample(5)]);
		await put(first.store, [sample(6)]);
		await first.store.close();
		const { store } = await open();
		const again = await put(store, [sample(0), sample(5), sample(6), sample(1)]);
		expect(again).toStrictEqual({ ok: true, value: { stored: 1, duplicates: 3 } });
		const foreign = sample(9, { identity: undefined });
		expect(await put(store, [foreign, foreign])).toStrictEqual({
			ok: true,
			value: { stored: 2, duplicates: 0 }
		});
		expect(await seqsOf(store)).toStrictEqual([0, 1, 2, 5, 6, 9, 9]);
	});

	it('keeps simulated and real data of one id apart', async () => {
		const { store } = await open();
		await put(store, [sample(0), sample(0, { provenance: 'simulated', values: { temperature: 99 } })]);
		expect([...(await store.range(all(), never)).avg]).toStrictEqual([20]);
		expect([...(await store.range({ ...all(), provenance: 'simulated' }, never)).avg]).toStrictEqual([99]);
	});

	it('reduces a range to buckets that agree with the samples, wherever these lie', async () => {
		const { store } = await open({ limits: { sealRecords: 4, foldFan: 2 } });
		for (let at = 0; at < 200; at += 10)
			await put(
				store,
				Array.from({ length: 10 }, (_, i) => sample(at + i))
			);
		for (const buckets of [1, 3, 7, 50, 199]) {
			const query = { ...all(), fromMs: START_MS + 5000, toMs: START_MS + 195_000, buckets };
			const got = await store.range(query, never);
			const expected = new Map<number, number[]>();
			for (let seq = 5; seq < 195; seq++) {
				const bucket = Math.floor(((seq - 5) * buckets) / 190);
				expected.set(bucket, [...(expected.get(bucket) ?? []), 20 + seq / 100]);
			}
			if (buckets < 190) {
				expect([...got.count]).toStrictEqual([...expected.values()].map((v) => v.length));
				expect([...got.min]).toStrictEqual([...expected.values()].map((v) => Math.min(...v)));
				expect([...got.max]).toStrictEqual([...expected.values()].map((v) => Math.max(...v)));
				const mean = (v: number[]) => v.reduce((sum, x) => sum + x, 0) / v.length;
				[...expected.values()].forEach((v, i) => expect(got.avg[i]).toBeCloseTo(mean(v), 9));
			} else expect([...got.count]).toStrictEqual(Array.from({ length: 190 }, () => 1));
		}
	});

	it('folds neighbours of a level into larger blocks without losing a row', async () => {
		const { store } = await open({ limits: { sealRecords: 1, foldFan: 4 } });
		for (let seq = 0; seq < 64; seq++) await put(store, [sample(seq)]);
		await store.flush();
		expect(await table('heads', (heads) => heads.count())).toBeLessThan(12);
		expect(await table('blocks', (blocks) => blocks.count())).toBe((await store.stats()).blocks);
		expect(await seqsOf(store)).toStrictEqual(Array.from({ length: 64 }, (_, i) => i));
	});

	it('seals no claim to a sample that still waits, so that it may come again after a crash', async () => {
		const { store } = await open({ limits: { sealRecords: 1 } });
		const first = store.append([sample(0)]);
		clock.advance(250);
		await Promise.resolve(); // the write takes what waits
		void store.append([sample(1)]); // arrives while the first is written, and is never written itself
		await first;
		await vi.waitFor(async () => expect((await store.stats()).blocks).toBe(1));

		const { store: next } = await open({ fence: 2 });
		expect(await put(next, [sample(0), sample(1)])).toMatchObject({ value: { stored: 1, duplicates: 1 } });
		expect(await seqsOf(next)).toStrictEqual([0, 1]);
	});

	it.each([1, 100])(
		'remembers over a start what a device disowned and gave up, sealed each %i',
		async (sealRecords) => {
			const bound = { device: bench, provenance: 'real' as const };
			const { store } = await open({ limits: { sealRecords } });
			await put(store, [sample(0), sample(5), sample(4_000_000_000, { timeMs: START_MS + 6000 })]);
			await store.flush();
			store.giveUp(bound, { epoch: 77, from: 2, to: 3 });
			expect(store.disown(bound, { epoch: 77, from: 6, to: 2 ** 32 - 1 })).toBe(1);
			await store.flush(); // its turn is behind the seal's
			const { store: next } = await open({ fence: 2 });
			expect(next.missing(bound, 77)).toStrictEqual([
				[1, 1],
				[4, 4]
			]);
			expect(await seqsOf(next), 'each by its time').toStrictEqual([0, 5, 6]);
		}
	);

	it('refuses the writes of a leader that has a successor', async () => {
		const old = await open({ fence: 5 });
		const young = await open({ fence: 6 });
		expect(await put(old.store, [sample(0)])).toStrictEqual({ ok: false, error: { kind: 'fenced', by: 6 } });
		expect((await put(young.store, [sample(1)])).ok).toBe(true);
		expect(await table('wal', (wal) => wal.count(IDBKeyRange.lowerBound(1)))).toBe(1);
	});

	it('forgets a device, and what lay in its log too', async () => {
		const { store } = await open({ limits: { sealRecords: 2 } });
		for (let seq = 0; seq < 3; seq++)
			await put(store, [sample(seq), sample(seq, { device: device('other') })]);
		expect(await store.forget(bench)).toStrictEqual({ ok: true, value: undefined });
		expect(await seqsOf(store)).toStrictEqual([]);
		await store.close();
		const again = await open();
		expect((await again.store.latest()).map((l) => l.device)).toStrictEqual(['other']);
		expect(await put(again.store, [sample(0)])).toStrictEqual({
			ok: true,
			value: { stored: 1, duplicates: 0 }
		});
	});

	it('forgets a device where there is no room to write, and stores again in the room that makes', async () => {
		const { store } = await open({ limits: { sealRecords: 1, foldFan: 100 } });
		const other = device('other');
		await put(store, [sample(0), sample(0, { device: other })]);
		await store.flush();
		const put_ = vi.spyOn(FDBObjectStore.prototype, 'put').mockImplementation(() => {
			throw new DOMException('no room', 'QuotaExceededError');
		});
		const stuck = vi.spyOn(FDBObjectStore.prototype, 'delete').mockImplementation(() => {
			throw new DOMException('no room for that either', 'QuotaExceededError');
		});
		expect(await put(store, [sample(1), sample(1, { device: other })])).toMatchObject({ ok: false });
		stuck.mockRestore();
		const freeing = vi.spyOn(FDBObjectStore.prototype, 'delete').mockImplementation(function (
			this: IDBObjectStore,
			...args
		) {
			put_.mockRestore();
			freeing.mockRestore();
			return this.delete(...args);
		});
		freeing.mockClear();
		expect(await store.forget(bench)).toStrictEqual({ ok: true, value: undefined });
		await vi.waitFor(() => expect(troubles.at(-1)).toStrictEqual({ kind: 'recovered' }));
		expect(await seqsOf(store)).toStrictEqual([]);
		await store.close();
		const again = await open();
		expect(again.losses).toStrictEqual([]);
		expect((await again.store.latest()).map((l) => l.device)).toStrictEqual(['other']);
		expect((await again.store.stats()).samples).toBe(2);
	});

	it('says what it could not forget, and has it still', async () => {
		const { store } = await open({ limits: { sealRecords: 1, foldFan: 100 } });
		await put(store, [sample(0)]);
		await store.flush();
		const writing = vi.spyOn(FDBObjectStore.prototype, 'put').mockImplementation(() => {
			throw new DOMException('gone', 'UnknownError');
		});
		const deleting = vi.spyOn(FDBObjectStore.prototype, 'delete').mockImplementation(() => {
			throw new DOMException('gone', 'UnknownError');
		});
		expect(await store.forget(bench)).toMatchObject({ ok: false, error: { kind: 'unavailable' } });
		writing.mockRestore();
		deleting.mockRestore();
		expect(await seqsOf(store)).toStrictEqual([0]);
	});

	it('says what no sentinel can miss: a store that is gone, a shorter log, a damaged record', async () => {
		const first = await open();
		for (let seq = 0; seq < 5; seq++) await put(first.store, [sample(seq)]);
		await first.store.close();

		await table('wal', (wal) => wal.delete(5));
		const shorter = await open();
		expect(shorter.losses).toMatchObject([{ cause: 'tail-missing', knownWal: 5, foundWal: 4 }]);
		expect((await put(shorter.store, [sample(4)])).ok).toBe(true);
		await shorter.store.close();

		const bytes = await table('wal', (wal) => wal.get(2) as IDBRequest<Uint8Array>);
		bytes[9]! ^= 16;
		await table('wal', (wal) => wal.put(bytes, 2));
		const damaged = await open();
		expect(damaged.losses).toMatchObject([{ cause: 'corrupt-record' }]);
		expect(await seqsOf(damaged.store)).toStrictEqual([0, 2, 3, 4]);
		expect(await put(damaged.store, [sample(1)])).toStrictEqual({
			ok: true,
			value: { stored: 1, duplicates: 0 }
		});
		await damaged.store.close();
		const quiet = await open();
		expect(quiet.losses).toStrictEqual([]);
		await quiet.store.close();

		factory = new IDBFactory();
		expect((await open()).losses).toMatchObject([{ cause: 'discarded-by-browser' }]);
	});

	it('says that it must be opened anew where the browser ends its connection', async () => {
		const opening = vi.spyOn(factory, 'open');
		const { store } = await open();
		const request = opening.mock.results[0]!.value as IDBOpenDBRequest;
		request.result.onclose?.(new Event('close'));
		expect(troubles).toStrictEqual([{ kind: 'ended' }]);
		await store.close();
	});

	it('asks again for what was in blocks that are gone, though the ledger had it', async () => {
		const first = await open({ limits: { sealRecords: 1, foldFan: 100 } });
		for (let seq = 0; seq < 3; seq++) await put(first.store, [sample(seq)]);
		await first.store.close();
		await table('heads', (heads) => heads.delete([1, 2]));
		await table('blocks', (blocks) => blocks.delete([1, 2])); // nothing tells of it
		await table('blocks', (blocks) => blocks.delete([1, 3]));
		const { store } = await open();
		clock.advance(5000); // it counts now, and finds fewer
		await put(store, [sample(3)]); // meanwhile
		expect(troubles).toMatchObject([{ kind: 'lost', loss: { cause: 'corrupt-record' } }]);
		expect(await seqsOf(store)).toStrictEqual([0, 3]);
		expect(store.missing({ device: bench, provenance: 'real' }, 77)).toStrictEqual([[1, 2]]);
		const again = await put(store, [sample(0), sample(1), sample(2)]);
		expect(again).toStrictEqual({ ok: true, value: { stored: 2, duplicates: 1 } });
		await store.close();
		const quiet = await open();
		clock.advance(5000);
		expect(await seqsOf(quiet.store)).toStrictEqual([0, 1, 2, 3]);
		await quiet.store.close();
		expect(quiet.losses).toStrictEqual([]);
		expect(troubles).toHaveLength(1);
	});

	it("never gives a lost metric name's id to another metric", async () => {
		const first = await open({ limits: { sealRecords: 1, foldFan: 100 } });
		await put(first.store, [sample(0)]);
		await first.store.close();
		await table('names', (names) => names.delete(2));
		await table('names', (names) => names.delete(3));
		await table('names', (names) => names.put('not a row', 4));
		const { store } = await open();
		await put(store, [sample(1, { values: { pressure: 1013 } })]);
		expect([...(await store.range(all('pressure'), never)).avg]).toStrictEqual([1013]);
	});

	it('leaves a damaged block out, says so once, and serves the rest', async () => {
		const first = await open({ limits: { sealRecords: 1, foldFan: 100 } });
		for (let seq = 0; seq < 3; seq++) await put(first.store, [sample(seq)]);
		await first.store.close();
		const key = [1, 2];
		const bytes = await table('blocks', (blocks) => blocks.get(key) as IDBRequest<Uint8Array>);
		bytes[3]! ^= 1;
		await table('blocks', (blocks) => blocks.put(bytes, key));
		const { store } = await open();
		expect(await seqsOf(store)).toStrictEqual([0, 2]);
		expect(await seqsOf(store)).toStrictEqual([0, 2]);
		expect(troubles).toMatchObject([{ kind: 'lost', loss: { cause: 'unreadable', block: 2 } }]);
		await store.flush(); // waits its turn after the mending
		expect(await put(store, [sample(0), sample(1), sample(2)])).toStrictEqual({
			ok: true,
			value: { stored: 1, duplicates: 2 }
		});
		expect(await seqsOf(store)).toStrictEqual([0, 1, 2]);
		await store.close();
		const mended = await open();
		expect(mended.losses).toStrictEqual([]);
		expect(await seqsOf(mended.store)).toStrictEqual([0, 1, 2]);
		expect(troubles).toHaveLength(1);
	});

	it('makes a damaged row of newest values anew from the blocks', async () => {
		const first = await open({ limits: { sealRecords: 1 } });
		await put(first.store, [sample(0)]);
		await put(first.store, [sample(1, { values: { temperature: 21 } })]);
		await first.store.close();
		await table('latest', (latest) => latest.put('damaged', 1));
		const expected = [
			{
				device: bench,
				provenance: 'real',
				values: {
					temperature: { value: 21, timeMs: START_MS + 1000 },
					wifi_rssi: { value: -60, timeMs: START_MS }
				}
			}
		];
		const { store, losses } = await open();
		expect(losses).toMatchObject([{ cause: 'corrupt-record' }]);
		expect(await store.latest()).toStrictEqual(expected);
		await store.close();
		const quiet = await open();
		expect(quiet.losses).toStrictEqual([]);
		expect(await quiet.store.latest()).toStrictEqual(expected);
	});

	it('acknowledges no sample that it dropped, nor a repeat of one, and takes it when it comes again', async () => {
		const { store } = await open({ limits: { heldSamples: 10 } });
		const first = store.append(Array.from({ length: 6 }, (_, seq) => sample(seq)));
		const repeat = store.append([sample(0)]);
		const second = store.append(Array.from({ length: 6 }, (_, i) => sample(6 + i)));
		await store.flush();
		expect(await first).toStrictEqual({ ok: false, error: { kind: 'dropped', count: 3 } });
		expect(await repeat).toMatchObject({ ok: false, error: { kind: 'dropped' } });
		expect(await second).toStrictEqual({ ok: true, value: { stored: 6, duplicates: 0 } });
		expect(await put(store, [sample(0), sample(3)])).toStrictEqual({
			ok: true,
			value: { stored: 1, duplicates: 1 }
		});
	});

	it('while nothing can be written, tries every 5 s however much comes, says so once, and writes all in the end', async () => {
		const { store } = await open();
		let tries = 0;
		let full = true;
		const put = vi.spyOn(FDBObjectStore.prototype, 'put');
		put.mockImplementation(function (this: IDBObjectStore, ...args) {
			if (full) {
				tries++;
				throw new DOMException('no room', 'QuotaExceededError');
			}
			put.mockRestore();
			return this.put(...args);
		});
		const first = store.append([sample(0)]);
		clock.advance(250);
		expect(await first).toMatchObject({ ok: false, error: { kind: 'quota' } });
		for (let seq = 1; seq <= 16; seq++) {
			expect(await store.append([sample(seq)])).toMatchObject({ ok: false, error: { kind: 'quota' } });
			clock.advance(250);
			await new Promise((resolve) => setImmediate(resolve));
		}
		expect(tries).toBe(1);
		expect(troubles).toHaveLength(1);
		full = false;
		clock.advance(1000);
		await vi.waitFor(() => expect(troubles.at(-1)).toStrictEqual({ kind: 'recovered' }));
		expect(await store.append([sample(3)])).toStrictEqual({ ok: true, value: { stored: 0, duplicates: 1 } });
		await store.close();
		expect(await seqsOf((await open()).store)).toHaveLength(17);
	});

	it('takes a newer database for sound, and for none of its own', async () => {
		const newer = Object.assign(new IDBFactory(), {
			open() {
				throw new DOMException(
					'The requested version (3) is less than the existing version (4).',
					'VersionError'
				);
			}
		});
		const opening = open({ indexedDB: newer });
		for (let i = 0; i < 50; i++) {
			await Promise.resolve();
			clock.advance(1000);
		}
		expect((await opening).health).toMatchObject({ kind: 'newer' });
	});

	it('keeps a bounded part in memory where the database will not open, and counts the rest', async () => {
		const broken = Object.assign(new IDBFactory(), {
			open() {
				throw new DOMException('Internal error', 'UnknownError');
			}
		});
		const opening = open({ indexedDB: broken, limits: { heldSamples: 10 } });
		for (let i = 0; i < 50; i++) {
			await Promise.resolve();
			clock.advance(1000);
		}
		const { store, health } = await opening;
		expect(health).toMatchObject({ kind: 'memory' });
		for (let seq = 0; seq < 25; seq++) {
			const outcome = await put(store, [sample(seq)]);
			expect(outcome).toMatchObject({ ok: false, error: { kind: 'unavailable' } });
		}
		const kept = await seqsOf(store);
		expect(kept.length).toBeLessThanOrEqual(10);
		expect((await store.stats()).dropped).toBe(25 - kept.length);
		expect(kept.at(-1)).toBe(24);
		expect(troubles).toHaveLength(1);
	});
});

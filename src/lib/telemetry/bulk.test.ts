import 'fake-indexeddb/auto';
import { IDBFactory, IDBObjectStore as FDBObjectStore } from 'fake-indexeddb';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { ManualClock } from '$lib/base';
import { parseDeviceId, type Sample } from '$lib/model';
import { openTelemetryStore, sampleColumns, type OpenOptions, type TelemetryStore } from './index';

const START_MS = 1_763_690_000_000;
const never = new AbortController().signal;
const ids = ['fb-one', 'fb-two'].map((id) => {
	const parsed = parseDeviceId(id);
	if (!parsed.ok) throw new Error('impossible id');
	return parsed.value;
});

const open = async (factory: IDBFactory, options: Partial<OpenOptions> = {}) => {
	const clock = new ManualClock(START_MS);
	const common = { fence: 1, known: [null], onSentinel: () => undefined, clock, indexedDB: factory };
	return openTelemetryStore({ ...common, ...options });
};

const sampleOf = (seq: number, more: Partial<Sample> = {}): Sample => ({
	device: ids[0]!,
	provenance: 'real',
	identity: { epoch: 7, seq },
	timeMs: START_MS + seq * 1000,
	clock: 'synchronised',
	values: { temperature: seq / 100 },
	...more
});

/** Each point of a device's metric, by time and value. */
async function pointsOf(store: TelemetryStore, device: number, metric = 'temperature'): Promise<string[]> {
	const asked = { device: ids[device]!, provenance: 'real' as const, metric, fromMs: 0, toMs: 2e12 };
	const { timeMs, avg } = await store.range({ ...asked, buckets: 10_000 }, never);
	return [...timeMs].map((t, i) => `${t} ${avg[i]!}`).sort();
}

/** Every sample as it is kept, whatever the order of those of one time. */
async function rowsOf(store: TelemetryStore): Promise<string[]> {
	const rows: string[] = [];
	const range = { device: ids[0]!, provenance: 'real' as const, fromMs: 0, toMs: 2e12 };
	for await (const page of store.scan(range, never))
		for (const { timeMs, clock, identity, values, states } of page)
			rows.push(`${timeMs} ${JSON.stringify([clock, identity, Object.entries(values).sort(), states])}`);
	return rows.sort();
}

const batch = fc.record({
	how: fc.constantFrom('append' as const, 'bulk' as const),
	device: fc.constantFrom(0, 1),
	rows: fc.array(
		fc.record({
			seq: fc.integer({ min: 0, max: 60 }),
			epoch: fc.constantFrom(undefined, 7, 7, 7, 8),
			lateMs: fc.constantFrom(0, 0, 0, -9000, 400),
			clock: fc.constantFrom(
				'unsynchronised' as const,
				'unsynchronised' as const,
				'corrected' as const,
				'synchronised' as const
			),
			temperature: fc.constantFrom(undefined, 21.5, -0.01, 1e-9, -0, Infinity),
			humidity: fc.constantFrom(undefined, 40, 41),
			mode: fc.constantFrom(undefined, 'idle', 'on')
		}),
		{ maxLength: 40 }
	)
});

describe('a bulk of columns', () => {
	it('stores what the same samples would have left by append, and counts the same repeats', async () => {
		await fc.assert(
			fc.asyncProperty(fc.array(batch, { maxLength: 8 }), async (batches) => {
				const factories = [new IDBFactory(), new IDBFactory()];
				// Blocks of sixteen rows: a batch is cut, and joined with the rest of one before.
				const limits = { blockRows: 16, sealRecords: 2, foldFan: 2 };
				const [mixed, plain] = await Promise.all(factories.map((factory) => open(factory, { limits })));
				for (const { how, device, rows } of batches) {
					const samples = rows.map(({ seq, epoch, lateMs, clock, temperature, humidity, mode }): Sample => ({
						...{ device: ids[device]!, provenance: 'real', clock },
						identity: epoch === undefined ? undefined : { epoch, seq },
						timeMs: START_MS + seq * 1000 + lateMs,
						...(mode === undefined ? {} : { states: { mode } }),
						values: {
							...(temperature === undefined ? {} : { temperature }),
							...(humidity === undefined ? {} : { humidity })
						}
					}));
					const appended = plain!.store.append(samples);
					await plain!.store.flush();
					const taken =
						how === 'bulk' ? mixed!.store.bulk(sampleColumns(samples), never) : mixed!.store.append(samples);
					if (how === 'append') await mixed!.store.flush();
					expect(await taken).toEqual(await appended);
				}
				await Promise.all([mixed!.store.close(), plain!.store.close()]);
				const again = await Promise.all(factories.map((factory) => open(factory, { limits })));
				const seen = await Promise.all(
					again.map(async ({ store, losses }) => ({
						losses,
						latest: (await store.latest()).map(({ device, values }) => [
							device,
							new Map(Object.entries(values))
						]),
						points: await Promise.all([
							pointsOf(store, 0),
							pointsOf(store, 1),
							pointsOf(store, 0, 'humidity')
						]),
						rows: await rowsOf(store),
						missing: ids.map((device) => store.missing({ device, provenance: 'real' }, 7)),
						guessed: ids.map((device) => store.guessed({ device, provenance: 'real' }, 7)),
						samples: (await store.stats()).samples
					}))
				);
				await Promise.all(again.map(({ store }) => store.close()));
				expect(seen[0]).toEqual(seen[1]);
			}),
			{ numRuns: 15 }
		);
	});

	it('is begun anew where it ended early, and stores each sample once', async () => {
		const factory = new IDBFactory();
		const limits = { blockRows: 100 };
		const samples = Array.from({ length: 1000 }, (_, seq) => sampleOf(seq));
		const stop = new AbortController();
		const { store } = await open(factory, { limits });
		let asked = 0;
		function* columns() {
			for (let at = 0; at < samples.length; at += 50) {
				if (++asked > 9) stop.abort(new Error('stopped'));
				yield* sampleColumns(samples.slice(at, at + 50));
			}
		}
		await expect(store.bulk(columns(), stop.signal)).rejects.toThrow('stopped');
		const { samples: before } = await store.stats();
		expect(before).toBe(400);
		expect(asked).toBe(10); // no more was taken than was wanted
		await store.close();
		const again = (await open(factory, { limits })).store;
		expect(await again.bulk(sampleColumns(samples), never)).toEqual({
			ok: true,
			value: { stored: 600, duplicates: 400 }
		});
		expect(await pointsOf(again, 0)).toHaveLength(1000);
		expect(again.missing({ device: ids[0]!, provenance: 'real' }, 7)).toEqual([]);
	});

	it('claims no number that it could not write, even where a seal comes between', async () => {
		const factory = new IDBFactory();
		const { store } = await open(factory, { limits: { sealRecords: 1, blockRows: 10 } });
		const truePut = FDBObjectStore.prototype.put;
		const stored: unknown[] = [];
		const put = vi.spyOn(FDBObjectStore.prototype, 'put').mockImplementation(function (
			this: IDBObjectStore,
			...args
		) {
			if (this.name === 'blocks' && stored.push(args[1]) > 2)
				throw new DOMException('no room', 'QuotaExceededError');
			return truePut.apply(this, args);
		});
		const appended = store.append([sampleOf(500)]);
		void store.flush(); // its seal gets in between the first block of ten and the second
		const samples = Array.from({ length: 30 }, (_, seq) => sampleOf(seq));
		expect(await store.bulk(sampleColumns(samples), never)).toMatchObject({ error: { kind: 'quota' } });
		put.mockRestore();
		expect(await appended).toMatchObject({ ok: true });
		expect(stored).toEqual([
			[1, 1],
			[1, 2],
			[1, 3]
		]);
		await store.close();
		const again = (await open(factory)).store;
		expect(again.missing({ device: ids[0]!, provenance: 'real' }, 7)).toEqual([[10, 499]]);
		expect(await again.bulk(sampleColumns(samples), never)).toMatchObject({
			value: { stored: 20, duplicates: 10 }
		});
	});

	it('leaves no claim behind of what was prepared and not committed when its leader was replaced', async () => {
		const factory = new IDBFactory();
		const older = (await open(factory, { limits: { blockRows: 10 } })).store;
		const samples = Array.from({ length: 40 }, (_, seq) => sampleOf(seq));
		let newer: TelemetryStore | undefined;
		async function* columns() {
			for (let at = 0; at < 40; at += 10) {
				if (at === 30) newer = (await open(factory, { fence: 2 })).store;
				yield* sampleColumns(samples.slice(at, at + 10));
			}
		}
		expect(await older.bulk(columns(), never)).toMatchObject({ error: { kind: 'fenced' } });
		const there = await pointsOf(newer!, 0);
		expect(there.length % 10, 'whole blocks, or nothing of them').toBe(0);
		expect(there.length).toBeLessThan(40);
		expect(await newer!.bulk(sampleColumns(samples), never)).toEqual({
			ok: true,
			value: { stored: 40 - there.length, duplicates: there.length }
		});
		expect(await pointsOf(newer!, 0)).toHaveLength(40);
		await newer!.close();
		const again = (await open(factory, { fence: 3 })).store;
		expect(await pointsOf(again, 0)).toHaveLength(40);
		expect(again.missing({ device: ids[0]!, provenance: 'real' }, 7)).toEqual([]);
	});

	it('keeps better times that come while its blocks are being written, whether it ends well or is killed', async () => {
		const samples = Array.from({ length: 40 }, (_, seq) => sampleOf(seq, { clock: 'unsynchronised' }));
		const better = (seq: number) =>
			sampleOf(seq, { clock: 'corrected', timeMs: START_MS + 1e8 + seq, values: { temperature: -1 } });
		for (const isKilled of [false, true]) {
			const factory = new IDBFactory();
			const { store } = await open(factory, { limits: { blockRows: 10 } });
			const told: Promise<unknown>[] = [];
			function* columns() {
				for (let at = 0; at < 40; at += 10) {
					yield* sampleColumns(samples.slice(at, at + 10));
					// One that is being written, one of the block before, and one that has not come.
					told.push(store.append([better(at + 5), ...(at > 0 ? [better(at - 3)] : [])]));
					void store.flush();
				}
				if (isKilled) throw new Error('killed');
			}
			const bulk = store.bulk(columns(), never);
			if (isKilled) await expect(bulk).rejects.toThrow('killed');
			else expect(await bulk).toMatchObject({ value: { stored: 40 } });
			for (const outcome of await Promise.all(told)) expect(outcome).toMatchObject({ ok: true });
			const again = (await open(factory, { fence: 2 })).store;
			await again.flush();
			const rows = new Map<number, Sample>();
			for await (const page of again.scan({ ...sampleOf(0), fromMs: 0, toMs: 2e12 }, never))
				for (const row of page) rows.set(row.identity!.seq, row);
			const right = [5, 7, 15, 17, 25, 27, 35];
			expect(rows.size).toBe(40);
			for (const [seq, row] of rows) {
				const wanted = right.includes(seq) ? better(seq) : samples[seq]!;
				expect([row.timeMs, row.clock]).toEqual([wanted.timeMs, wanted.clock]);
				expect(row.values).toEqual(samples[seq]!.values);
			}
			expect(await pointsOf(again, 0)).toHaveLength(40);
			expect(again.guessed({ device: ids[0]!, provenance: 'real' }, 7).flat()).not.toContain(5);
			await again.close();
		}
	});

	it('takes a better time of what it then could not write for nothing', async () => {
		const factory = new IDBFactory();
		const { store } = await open(factory, { limits: { blockRows: 10 } });
		const truePut = FDBObjectStore.prototype.put;
		const put = vi.spyOn(FDBObjectStore.prototype, 'put').mockImplementation(function (
			this: IDBObjectStore,
			...args
		) {
			if (this.name === 'blocks') throw new DOMException('no room', 'QuotaExceededError');
			return truePut.apply(this, args);
		});
		function* columns() {
			const samples = Array.from({ length: 10 }, (_, seq) => sampleOf(seq, { clock: 'unsynchronised' }));
			yield* sampleColumns(samples);
			void store.append([sampleOf(5)]);
			void store.flush();
		}
		expect(await store.bulk(columns(), never)).toMatchObject({ error: { kind: 'quota' } });
		put.mockRestore();
		await store.flush();
		const again = (await open(factory, { fence: 2 })).store;
		expect(await rowsOf(again)).toEqual([]);
		expect(await again.bulk(sampleColumns([sampleOf(5)]), never)).toMatchObject({
			value: { stored: 1, duplicates: 0 }
		});
	});

	it('is refused where a newer leader writes', async () => {
		const factory = new IDBFactory();
		const older = (await open(factory)).store;
		const newer = (await open(factory, { fence: 2 })).store;
		expect(await older.bulk(sampleColumns([sampleOf(0), sampleOf(1)]), never)).toEqual({
			ok: false,
			error: { kind: 'fenced', by: 2 }
		});
		expect(await newer.bulk(sampleColumns([sampleOf(0)]), never)).toMatchObject({ value: { stored: 1 } });
	});
});

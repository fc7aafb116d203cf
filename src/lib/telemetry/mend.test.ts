import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock } from '$lib/base';
import { parseDeviceId, type Sample } from '$lib/model';
import {
	asideText,
	KEEP_ALL,
	openTelemetryStore,
	sampleColumns,
	type OpenOptions,
	type StoreTrouble
} from './index';

const START_MS = 1_763_690_400_000;
const HOUR = 3_600_000;
const never = new AbortController().signal;
const parsed = parseDeviceId('fb-bench');
if (!parsed.ok) throw new Error('impossible id');
const key = { device: parsed.value, provenance: 'real' as const };
const sampleOf = (seq: number): Sample => ({
	...{ ...key, identity: { epoch: 7, seq }, timeMs: START_MS + 4000 * seq },
	...{ clock: 'synchronised', values: { power: 1000 + (seq % 60) } }
});
const samples = (from: number, to: number) =>
	Array.from({ length: to - from + 1 }, (_, i) => sampleOf(from + i));

let factory: IDBFactory;
let clock: ManualClock;
let onTrouble: (trouble: StoreTrouble) => void;
beforeEach(() => {
	factory = new IDBFactory();
	clock = new ManualClock(START_MS);
	onTrouble = () => undefined;
});
const open = async () => {
	const options: OpenOptions = {
		...{
			fence: 1,
			known: [null],
			onSentinel: () => undefined,
			clock,
			indexedDB: factory,
			retention: KEEP_ALL
		},
		onTrouble: (trouble) => onTrouble(trouble),
		limits: { sealRecords: 1, foldFan: 100 }
	};
	return (await openTelemetryStore(options)).store;
};
type Store = Awaited<ReturnType<typeof open>>;
/** Open for so long that it has counted what is there. */
const openAndCount = async () => {
	const store = await open();
	clock.advance(5000);
	await settle(store);
	return store;
};

/** One block. */
async function put(store: Store, rows: readonly Sample[]) {
	const appended = store.append(rows);
	await store.flush();
	const report = await appended;
	await settle(store);
	return report;
}
async function settle(store: Store): Promise<void> {
	for (let i = 0; i < 8; i++) await store.flush();
}
const counts = async (store: Store) => {
	const span = { fromMs: START_MS, toMs: START_MS + HOUR, buckets: 4 };
	return [...(await store.range({ ...key, metric: 'power', ...span }, never)).count];
};

/** Flips a bit of a row, deletes it, or makes it another. @returns what it made of it */
function harm(
	table: string,
	at: IDBValidKey,
	how: 'rot' | 'delete' | { readonly put: unknown }
): Promise<Uint8Array> {
	return new Promise((resolve, reject) => {
		const request = factory.open('fieldbench-telemetry');
		request.onerror = () => reject(request.error ?? new Error('not opened'));
		request.onsuccess = () => {
			const tx = request.result.transaction([table], 'readwrite');
			const rows = tx.objectStore(table);
			let left = new Uint8Array(0);
			if (how === 'delete') rows.delete(at);
			else if (how !== 'rot') rows.put(how.put, at);
			else
				rows.get(at).onsuccess = (event) => {
					const bytes = (event.target as IDBRequest<Uint8Array>).result.slice();
					bytes[bytes.length - 3]! ^= 0x10;
					rows.put(bytes, at);
					left = bytes;
				};
			tx.oncomplete = () => {
				request.result.close();
				resolve(left);
			};
		};
	});
}
async function readAll(store: Store): Promise<void> {
	for await (const page of store.scan({ ...key, fromMs: -Infinity, toMs: Infinity }, never))
		expect(page.length).toBeGreaterThan(0);
}

/** Four blocks of a quarter of an hour; of the first two only their minutes are left. */
async function thinned(): Promise<Store> {
	const store = await open();
	for (let seq = 0; seq < 900; seq += 225) await put(store, samples(seq, seq + 224));
	clock.advance(HOUR);
	store.retain({ ...KEEP_ALL, samplesMs: { measurement: HOUR / 2, diagnostic: HOUR / 2 } });
	await settle(store);
	expect((await store.stats()).letGo).toMatchObject([{ samples: 450 }]);
	store.retain(KEEP_ALL);
	return store;
}

describe('mending', () => {
	it.each(['while it is open', 'after it opened'])(
		'asks for what a lost block had, and not for what retention let go of: %s',
		async (when) => {
			let store = await thinned();
			if (when === 'after it opened') {
				await store.close();
				await harm('blocks', [1, 4], 'delete');
				store = await openAndCount();
			} else {
				await harm('blocks', [1, 4], 'rot');
				await readAll(store);
				await settle(store);
			}
			expect(await counts(store)).toEqual([225, 225, 225]);
			// The highest number that is there is 674: what comes next tells of the rest.
			await put(store, [sampleOf(900)]);
			expect(store.missing(key, 7)).toEqual([[675, 899]]);
			expect(await put(store, samples(0, 899))).toMatchObject({ value: { stored: 225, duplicates: 675 } });
			expect(await counts(store)).toEqual([225, 225, 225, 225]);
			await store.close();
		}
	);

	it('carries over what retention let go of where a ledger is lost', async () => {
		let store = await thinned();
		await store.close();
		await harm('ledger', 1, 'rot');
		store = await open();
		expect(store.missing(key, 7)).toEqual([]);
		expect(await put(store, samples(0, 899))).toMatchObject({ value: { stored: 0, duplicates: 900 } });
		await store.close();
	});

	it('keeps what others hold between the numbers of a lost block, and what is on its way to the disk', async () => {
		const store = await open();
		await put(store, [...samples(0, 99), ...samples(200, 299), ...samples(400, 499)]);
		await put(store, samples(100, 149));
		await harm('blocks', [1, 1], 'rot');
		let go: () => void = () => undefined;
		const told = new Promise<void>((resolve) => (go = resolve));
		onTrouble = ({ kind }) => kind === 'lost' && go();
		const bulk = store.bulk(
			(async function* () {
				await told; // the mending has its turn before
				yield* sampleColumns(samples(300, 399));
			})(),
			never
		);
		await readAll(store);
		expect(await bulk).toMatchObject({ value: { stored: 100 } });
		await settle(store);
		await vi.waitFor(() =>
			expect(store.missing(key, 7)).toEqual([
				[0, 99],
				[150, 299]
			])
		);
		expect(await put(store, samples(0, 499))).toMatchObject({ value: { stored: 350, duplicates: 150 } });
		expect((await store.stats()).samples).toBe(500);
		await store.close();
	});
});

describe('what is damaged', () => {
	/** As the bytes lay on the disk. */
	const linesOf = async (store: Store) =>
		asideText(await store.aside())
			.trimEnd()
			.split('\n')
			.map((line) => JSON.parse(line) as { kind: string; bytes?: string; head?: { rows: number } });

	it('is set aside with its header, told with its range, and given out for a bug report', async () => {
		const told: StoreTrouble[] = [];
		onTrouble = (trouble) => told.push(trouble);
		let store = await open();
		await put(store, samples(0, 9));
		await put(store, samples(10, 19));
		const first = await harm('blocks', [1, 1], 'rot');
		await readAll(store);
		await settle(store);
		expect(told).toMatchObject([
			{
				loss: { cause: 'unreadable', of: { ...key, fromMs: START_MS, toMs: START_MS + 36_000, samples: 10 } }
			}
		]);
		await store.close();
		store = await open();
		expect((await store.stats()).quarantined).toEqual({ count: 1, bytes: first.length, letGo: 0 });
		expect(await linesOf(store)).toMatchObject([
			{
				...{ kind: 'block', ...key, block: 1, noticed: new Date(START_MS).toISOString() },
				...{ head: { rows: 10 }, bytes: Buffer.from(first).toString('base64') }
			}
		]);
		expect(await counts(store)).toEqual([10]);
		await store.forget(key.device);
		expect((await store.stats()).quarantined, 'nothing of a device that was forgotten stays').toEqual({
			...{ count: 0, bytes: 0, letGo: 1 }
		});
		await store.close();
	});

	it.each([
		['half of the row', { generation: 'abc', seal: 3, samples: 'many' }],
		['no row at all', 'rubbish']
	])('is set aside where it is the state row: %s', async (_, found) => {
		let sentinel = '';
		const options = { fence: 1, onSentinel: (text: string) => (sentinel = text), clock, indexedDB: factory };
		const limits = { sealRecords: 2, foldFan: 100 };
		const before = await openTelemetryStore({ ...options, known: [null], limits });
		for (let seq = 0; seq < 50; seq += 10) await put(before.store, samples(seq, seq + 9)); // the last is not sealed
		const samplesBefore = (await before.store.stats()).samples;
		await before.store.close();
		const [kind, , seal, wal] = sentinel.split(':');
		await harm('meta', 'state', { put: found });
		const known = [typeof found === 'string' ? null : [kind, 'abc', seal, wal].join(':')];
		const { store, losses } = await openTelemetryStore({ ...options, known, limits });
		expect(losses.map(({ cause }) => cause)).toEqual(['corrupt-record']);
		expect(await linesOf(store)).toMatchObject([{ kind: 'state', found }]);
		expect((await store.stats()).quarantined).toMatchObject({
			count: 1,
			bytes: JSON.stringify(found).length
		});
		expect((await store.stats()).samples).toBe(samplesBefore);
		expect(await put(store, samples(0, 59))).toMatchObject({ value: { stored: 10, duplicates: 50 } });
		await store.close();
		const again = await openTelemetryStore({ ...options, known: [sentinel], limits });
		expect(again.losses).toEqual([]);
		expect(await linesOf(again.store)).toMatchObject([{ kind: 'state' }]);
		await again.store.close();
	});

	it('is set aside after a store opened that lost rows: a block without a header, and one whose bytes changed', async () => {
		let store = await open();
		for (let seq = 0; seq < 40; seq += 10) await put(store, samples(seq, seq + 9));
		await store.close();
		await harm('heads', [1, 2], 'delete');
		await harm('blocks', [1, 3], 'rot');
		store = await openAndCount();
		expect((await linesOf(store)).map(({ kind, head }) => [kind, head?.rows])).toEqual([
			['block', undefined],
			['block', 10]
		]);
		expect(await put(store, samples(0, 39))).toMatchObject({ value: { stored: 20, duplicates: 20 } });
		await store.close();
	});
});

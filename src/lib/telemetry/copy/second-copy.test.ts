import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { beforeEach, expect, it, vi } from 'vitest';
import { ManualClock, textOf } from '$lib/base';
import { parseDeviceId, type DeviceId, type Sample } from '$lib/model';
import {
	KEEP_ALL,
	openTelemetryStore,
	SecondCopy,
	type CopyFolder,
	type CopyMemory,
	type OpenedStore,
	type StoreTrouble
} from '../index';
import { findRun } from './run';

const START_MS = 1_763_690_000_000;
const DAY_MS = 86_400_000;
const never = new AbortController().signal;
const device = (id: string): DeviceId => {
	const parsed = parseDeviceId(id);
	if (!parsed.ok) throw new Error(id);
	return parsed.value;
};
const [bench, other] = [device('fb-bench'), device('fb-other')];
const sample = (seq: number, of: DeviceId = bench): Sample => ({
	...{ device: of, provenance: 'real', identity: { epoch: 7, seq }, clock: 'synchronised' },
	timeMs: START_MS + seq * 1000,
	values: { temperature: seq / 3 }
});
const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

/** A folder in memory that counts what is asked of it. */
class FakeFolder implements CopyFolder {
	files: Map<string, Uint8Array<ArrayBuffer>> | undefined;
	refuse: Error | undefined;
	freeShare = 0.9;
	freeBytes = 1e9;
	closed = false;
	place = { kind: 'browser' } as const;
	standing = async () => (this.closed ? 'closed' : this.files ? 'open' : 'absent');
	create = async () => void (this.files ??= new Map());
	names = async () => [...this.files!.keys()];
	read = async (name: string) => new Blob([this.files!.get(name)!]);
	remove = async (name: string) => void this.files!.delete(name);
	leave = async () => void (this.files = undefined);
	room = async () => ({ freeShare: this.freeShare, freeBytes: this.freeBytes });
	async write(name: string, bytes: Uint8Array<ArrayBuffer>) {
		if (this.refuse) throw this.refuse;
		this.files!.set(name, bytes);
	}
	get bytes(): number {
		return [...this.files!.values()].reduce((sum, { length }) => sum + length, 0);
	}
}

let clock: ManualClock;
let folder: FakeFolder;
let sentinel: string | null;
let owed: Awaited<ReturnType<CopyMemory['owed']>>;
const memory: Pick<CopyMemory, 'owed' | 'keepOwed'> = {
	owed: async () => owed,
	keepOwed: async (now) => void (owed = now)
};
let fence: number;
beforeEach(() => {
	clock = new ManualClock(START_MS);
	folder = new FakeFolder();
	[sentinel, fence, owed] = [null, 0, undefined];
});

/** One leader's life; each seal is a flush. */
async function open(factory: IDBFactory, where: CopyFolder = folder, slackBytes = 1 << 20) {
	const copy = new SecondCopy({ own: where, memory, clock, fence: ++fence, slackBytes });
	const returned: StoreTrouble[] = [];
	const opened = await openTelemetryStore({
		...{ fence, known: [sentinel], clock, indexedDB: factory, copy },
		onSentinel: (text) => (sentinel = text),
		onTrouble: (trouble) => trouble.kind === 'returned' && returned.push(trouble),
		limits: { sealRecords: 1, foldFan: 4 }
	});
	const { store } = opened;
	return {
		...{ ...opened, copy, returned },
		async put(samples: readonly Sample[]) {
			const kept = store.append(samples);
			await store.flush();
			await kept;
		},
		current: () =>
			vi.waitFor(() => {
				clock.advance(2000);
				expect(copy.status.kind).toBe('current');
			}),
		async close() {
			await store.close();
			await copy.close();
		}
	};
}
async function seqsOf({ store }: Pick<OpenedStore, 'store'>, of: DeviceId = bench): Promise<number[]> {
	const seqs: number[] = [];
	const all = { device: of, provenance: 'real' as const, fromMs: -Infinity, toMs: Infinity };
	for await (const page of store.scan(all, never))
		for (const { identity, values } of page) {
			expect(values).toEqual(sample(identity!.seq).values);
			seqs.push(identity!.seq);
		}
	return seqs;
}
const refilledOf = ({ losses }: OpenedStore) =>
	losses.find(({ cause }) => cause === 'discarded-by-browser')?.refilled;

it('gives a lost store all that was sealed, folded and numbered, and says so', async () => {
	const first = await open(new IDBFactory());
	await first.put(range(0, 3).map((seq) => sample(seq)));
	expect(folder.files, 'off unless it is wanted').toBeUndefined();
	expect(first.copy.status.kind).toBe('off');
	await first.copy.turnOn();
	await first.current();
	for (const seq of [3, 4, 7, 8, 9, 10, 11]) await first.put([sample(seq), sample(seq, other)]);
	await first.close();

	const second = await open(new IDBFactory());
	expect(refilledOf(second)).toEqual({
		samples: 17,
		blocks: expect.any(Number),
		toMs: START_MS + 11_000,
		damagedFiles: 0
	});
	expect(await seqsOf(second)).toEqual([0, 1, 2, 3, 4, 7, 8, 9, 10, 11]);
	expect(await seqsOf(second, other)).toEqual([3, 4, 7, 8, 9, 10, 11]);
	expect(second.store.missing({ device: bench, provenance: 'real' }, 7), 'asks for the rest only').toEqual([
		[5, 6]
	]);
	expect((await second.store.latest()).find((row) => row.device === bench)?.values).toEqual({
		temperature: { value: 11 / 3, timeMs: START_MS + 11_000 }
	});
	await second.put([sample(11), sample(12)]);
	await second.current();
	await second.close();
	const third = await open(new IDBFactory());
	expect(await seqsOf(third), 'the copy follows the store that it filled').toEqual([
		0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12
	]);
	await third.close();
});

it('goes on with the copy it finds, and begins anew where the store went on without it', async () => {
	const factory = new IDBFactory();
	const first = await open(factory);
	await first.copy.turnOn();
	await first.put(range(0, 50).map((seq) => sample(seq)));
	await first.current();
	await first.close();
	const before = [...folder.files!.keys()];
	const same = await open(factory);
	await same.current();
	await same.close();
	expect([...folder.files!.keys()]).toEqual(before);

	const away = await open(factory, new FakeFolder());
	await away.put([sample(50)]);
	await away.close();
	const back = await open(factory);
	await back.current();
	await back.close();
	expect([...folder.files!.keys()].some((name) => before.includes(name))).toBe(false);
	expect(await seqsOf(await open(new IDBFactory()))).toEqual(range(0, 51));
});

it('loses the last file alone, wherever it is cut or changed', async () => {
	const first = await open(new IDBFactory());
	await first.copy.turnOn();
	await first.put([sample(0)]);
	await first.current();
	await first.put([sample(1)]);
	await first.close();
	const whole = new Map(folder.files);
	const [name, bytes] = [...whole].at(-1)!;
	expect(whole.size).toBe(2);
	const outcomes = new Set<number>();
	const tried = async (changed: Uint8Array<ArrayBuffer>) => {
		folder.files = new Map(whole).set(name, changed);
		outcomes.add((await findRun(folder)).run!.names.length);
	};
	for (let at = 0; at < bytes.length; at++) {
		await tried(bytes.slice(0, at));
		if (at % 16 > 0) continue;
		const flipped = bytes.slice();
		flipped[at]! ^= 4;
		await tried(flipped);
	}
	await tried(new Uint8Array([...bytes, 0]));
	expect([...outcomes]).toEqual([1]);
	const cut = await open(new IDBFactory());
	expect(refilledOf(cut)).toMatchObject({ samples: 1, damagedFiles: 0 });
	expect(await seqsOf(cut)).toEqual([0]);
	await cut.close();
});

it('makes up for a file damaged between others: what it held is asked for again', async () => {
	const first = await open(new IDBFactory());
	await first.put([sample(0)]);
	await first.copy.turnOn();
	await first.current();
	for (const seq of [1, 2]) {
		const before = folder.files!.size;
		await first.put([sample(seq)]);
		await vi.waitFor(() => {
			clock.advance(2000);
			expect(folder.files!.size).toBeGreaterThan(before);
		});
	}
	const name = [...folder.files!.keys()].at(-2)!;
	await first.close();
	folder.files!.get(name)![40]! ^= 1;
	const again = await open(new IDBFactory());
	expect(refilledOf(again)?.damagedFiles).toBe(1);
	expect(await seqsOf(again)).toEqual([0, 2]);
	expect(again.store.missing({ device: bench, provenance: 'real' }, 7)).toEqual([[1, 1]]);
	await again.close();
});

it('holds nothing any more of a device that was forgotten, nor of what retention let go', async () => {
	const first = await open(new IDBFactory());
	await first.copy.turnOn();
	await first.put([...range(0, 5).map((seq) => sample(seq)), sample(1, other)]);
	await first.current();
	const holds = (text: string) => [...folder.files!.values()].some((bytes) => latin(bytes).includes(text));
	expect(holds('fb-other')).toBe(true);
	await first.store.forget(other);
	await first.current();
	await vi.waitFor(() => {
		clock.advance(2000);
		expect(holds('fb-other')).toBe(false);
	});
	await first.put([sample(3 * 86_400)]);
	clock.advance(3 * DAY_MS);
	first.store.retain({ ...KEEP_ALL, rollupsMs: 2 * DAY_MS });
	await vi.waitFor(async () => expect(await seqsOf(first)).toEqual([3 * 86_400]));
	await first.close();
	const again = await open(new IDBFactory());
	expect(await seqsOf(again)).toEqual([3 * 86_400]);
	expect(await seqsOf(again, other)).toEqual([]);
	await again.close();
});

it('has what is left of samples that retention let go', async () => {
	const first = await open(new IDBFactory());
	await first.copy.turnOn();
	await first.put(range(0, 60).map((i) => sample(i * 30)));
	await first.current();
	clock.advance(3 * DAY_MS);
	first.store.retain({ ...KEEP_ALL, samplesMs: { measurement: DAY_MS, diagnostic: DAY_MS } });
	const before = folder.files!.size;
	await vi.waitFor(() => {
		clock.advance(2000);
		expect(folder.files!.size).toBeGreaterThan(before);
	});
	await first.close();
	const again = await open(new IDBFactory());
	expect(refilledOf(again)).toMatchObject({ damagedFiles: 0 });
	expect(await seqsOf(again)).toEqual([]);
	const whole = { fromMs: START_MS - DAY_MS, toMs: START_MS + DAY_MS, buckets: 10_000 };
	const query = { device: bench, provenance: 'real' as const, metric: 'temperature', ...whole };
	expect((await again.store.range(query, never)).count).toHaveLength(30);
	await again.close();
});

it('stays shorter than twice what lives, and some slack', async () => {
	const first = await open(new IDBFactory(), folder, 2000);
	await first.copy.turnOn();
	await first.current();
	let longest = 0;
	for (let round = 0; round < 24; round++) {
		await first.put(range(round * 5, 5).map((seq) => sample(seq)));
		await first.current();
		await vi.waitFor(() => {
			clock.advance(2000);
			expect(first.copy.status).toMatchObject({ kind: 'current', bytes: folder.bytes });
		});
		const { blockBytes, rollupBytes } = await first.store.stats();
		longest = Math.max(longest, folder.bytes - 2 * (blockBytes + rollupBytes));
	}
	expect(longest).toBeGreaterThan(0);
	expect(longest, 'slack and one file').toBeLessThan(6000);
	await first.close();
	expect((await seqsOf(await open(new IDBFactory()))).length).toBe(120);
});

it('tells why it cannot be written, gives way to the store, and is tried again', async () => {
	const first = await open(new IDBFactory());
	await first.copy.turnOn();
	await first.current();
	folder.refuse = new Error('the disk is gone');
	await first.put([sample(0)]);
	await vi.waitFor(() => {
		clock.advance(2000);
		const trouble = { kind: 'failed', cause: 'the disk is gone' };
		expect(first.copy.status).toMatchObject({ kind: 'behind', failures: 1, trouble });
	});
	expect(await seqsOf(first), 'the store knows nothing of it').toEqual([0]);
	folder.refuse = undefined;
	clock.advance(5 * 60_000);
	await first.current();
	expect(first.copy.status.trouble).toBeUndefined();
	folder.freeShare = 0.05;
	await first.put([sample(1)]);
	await vi.waitFor(() => {
		clock.advance(2000);
		expect(first.copy.status.trouble).toEqual({ kind: 'no-room' });
	});
	await first.copy.turnOff();
	expect(folder.files).toBeUndefined();
	expect(first.copy.status).toMatchObject({ kind: 'off', bytes: 0, trouble: undefined });
	await first.close();
});

/** A store with a copy of numbers 0 to 49, closed; the database is to be thought gone. */
async function lost(): Promise<void> {
	const first = await open(new IDBFactory());
	await first.copy.turnOn();
	await first.put(range(0, 50).map((seq) => sample(seq)));
	await first.put([unnumbered(60), unnumbered(61)]);
	await first.current();
	await first.close();
}
const unnumbered = (seq: number): Sample => ({ ...sample(seq, other), identity: undefined });
const timesOf = async ({ store }: Pick<OpenedStore, 'store'>) => {
	const times: number[] = [];
	const all = { device: other, provenance: 'real' as const, fromMs: -Infinity, toMs: Infinity };
	for await (const page of store.scan(all, never)) times.push(...page.map(({ timeMs }) => timeMs));
	return times;
};

it('puts back what it could not at first, into the store as it is by then, each sample once', async () => {
	await lost();
	[folder.closed, folder.freeBytes] = [true, 10];
	const factory = new IDBFactory();
	const closed = await open(factory);
	expect(closed.losses).toMatchObject([{ cause: 'discarded-by-browser', unfilled: 'closed' }]);
	await closed.put([sample(49), sample(50), sample(51)]);
	await vi.waitFor(() => expect(closed.copy.status.kind).toBe('closed'));
	const before = [...folder.files!.keys()];
	await closed.close();
	expect([...folder.files!.keys()], 'nothing is written over it').toEqual(before);

	folder.closed = false;
	const full = await open(factory);
	const trouble = { kind: 'not-returned', error: 'quota' };
	await vi.waitFor(() => {
		clock.advance(0);
		expect(full.copy.status).toMatchObject({ kind: 'returning', trouble });
	});
	await full.put([unnumbered(61), sample(52)]);
	folder.freeBytes = 1e9;
	await vi.waitFor(() => {
		clock.advance(5 * 60_000);
		expect(full.copy.status.returned).toMatchObject({ samples: 50, toMs: START_MS + 61_000 });
	});
	expect(full.returned).toMatchObject([
		{ kind: 'returned', loss: { noticedMs: closed.losses[0]!.noticedMs, unfilled: 'closed' } }
	]);
	expect(await seqsOf(full)).toEqual(range(0, 53));
	expect(await timesOf(full)).toEqual([START_MS + 60_000, START_MS + 61_000]);
	await full.current();
	await full.close();
	expect(owed).toBeUndefined();
	const again = await open(new IDBFactory());
	expect(await seqsOf(again), 'the copy follows the store again').toEqual(range(0, 53));
	await again.close();
});

it('leaves a copy of another store alone until a person says what is to become of it', async () => {
	await lost();
	const foreign = folder;
	const files = new Map(foreign.files);
	sentinel = null;
	const factory = new IDBFactory();
	const here = await open(factory, new FakeFolder());
	await here.put([sample(70)]);
	await here.copy.turnOn(foreign);
	await here.put([sample(71)]);
	clock.advance(60_000);
	expect(here.copy.status).toMatchObject({ kind: 'other', bytes: folder.bytes });
	expect(foreign.files).toEqual(files);
	await here.copy.settle('put-back');
	await here.current();
	expect(here.copy.status.returned).toMatchObject({ samples: 52 });
	expect(here.returned, 'no loss was announced').toMatchObject([{ loss: undefined }]);
	expect(await seqsOf(here)).toEqual([...range(0, 50), 70, 71]);
	await here.close();

	foreign.files = new Map(files);
	const there = await open(factory, foreign);
	await vi.waitFor(() => expect(there.copy.status.kind).toBe('other'));
	await there.copy.settle('replace');
	await there.current();
	await there.close();
	expect([...folder.files!.keys()].some((name) => files.has(name))).toBe(false);
});

it('finds what was damaged or taken away where it lies, counts it, and makes the copy anew', async () => {
	const factory = new IDBFactory();
	const first = await open(factory);
	await first.copy.turnOn();
	for (const seq of range(0, 4)) {
		const before = folder.files?.size ?? 0;
		await first.put([sample(seq)]);
		await vi.waitFor(() => {
			clock.advance(2000);
			expect(folder.files!.size).toBeGreaterThan(before);
		});
	}
	await first.close();
	const names = [...folder.files!.keys()];
	folder.files!.get(names[1]!)![50]! ^= 1;
	const flipped = await open(factory);
	await vi.waitFor(() => {
		clock.advance(1000);
		expect(flipped.copy.status.damagedFiles).toBe(1);
	});
	await flipped.current();
	for (const seq of range(4, 3)) {
		const before = folder.files!.size;
		await flipped.put([sample(seq)]);
		await vi.waitFor(() => {
			clock.advance(2000);
			expect(folder.files!.size).toBeGreaterThan(before);
		});
	}
	await flipped.close();
	expect([...folder.files!.keys()].some((name) => names.includes(name))).toBe(false);
	folder.files!.delete([...folder.files!.keys()].at(-2)!);
	const robbed = await open(factory);
	await robbed.current();
	expect(robbed.copy.status.damagedFiles).toBe(1);
	await robbed.close();
	expect(await seqsOf(await open(new IDBFactory()))).toEqual(range(0, 7));
});

const latin = (bytes: Uint8Array<ArrayBuffer>): string =>
	textOf(bytes) ?? new TextDecoder('latin1').decode(bytes);

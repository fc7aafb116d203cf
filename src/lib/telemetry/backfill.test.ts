import { beforeEach, describe, expect, it } from 'vitest';
import { err, ManualClock, ok } from '$lib/base';
import { parseDeviceId, type ClockQuality, type DeviceId, type Sample } from '$lib/model';
import { Backfill, type BackfillFault, type BackfillParts } from './backfill';
import { Ledger } from './ledger';

function id(text: string): DeviceId {
	const parsed = parseDeviceId(text);
	if (!parsed.ok) throw new Error(text);
	return parsed.value;
}
const source = { device: id('roof-1'), provenance: 'real' } as const;
const EPOCH = 7;
const PAGE = 50;
const HIGHEST = 10_000;

/** A device's log of numbers 0 … `seq` − 1, of which it holds those from `first` on but the damaged ones. */
class FakeLog {
	epoch = EPOCH;
	first = 0;
	seq = 0;
	fault: BackfillFault | undefined;
	readonly damaged = new Set<number>();
	/** Numbers that were taken before the clock was set, and below which nobody will know. */
	clockSetAt = 0;
	unknownBelow = 0;
	readonly asked: (readonly [number, number])[] = [];

	clockOf = (n: number): ClockQuality =>
		n >= this.clockSetAt ? 'synchronised' : n < this.unknownBelow ? 'unsynchronised' : 'corrected';

	readonly ask: BackfillParts['ask'] = async (_, { epoch, from, to }) => {
		this.asked.push([from, to]);
		if (this.fault) return err(this.fault);
		const samples: Sample[] = [];
		let n = Math.max(from, this.first);
		for (; epoch === this.epoch && n <= to && n < this.seq && samples.length < PAGE; n++)
			if (!this.damaged.has(n)) samples.push(sampleOf(n, epoch, this.clockOf(n)));
		const next = epoch === this.epoch && n <= to && n < this.seq ? n : undefined;
		return ok({ epoch: this.epoch, first: this.first, seq: this.seq, samples, undated: 0, next });
	};
}

const sampleOf = (seq: number, epoch = EPOCH, quality: ClockQuality = 'synchronised'): Sample => ({
	...{ ...source, identity: { epoch, seq }, timeMs: 1000 * seq, clock: quality },
	values: { power: seq }
});

let clock: ManualClock;
let log: FakeLog;
let ledger: Ledger;
let stored: Sample[];
let safe: boolean;
let whileKept: () => void;
let backfill: Backfill;
const life = new AbortController();

beforeEach(() => {
	clock = new ManualClock();
	log = new FakeLog();
	ledger = new Ledger();
	stored = [];
	safe = true;
	whileKept = () => {};
	backfill = new Backfill(
		{
			clock,
			store: {
				missing: (_, epoch) => ledger.missing(epoch),
				gaps: () => ledger.gaps(),
				abandoned: () => ledger.abandoned,
				giveUp: (_, { epoch, from, to }) => ledger.giveUp(epoch, from, to),
				disown: (_, { epoch, from, to }) => ledger.disown(epoch, from, to),
				guessed: (_, epoch) => ledger.guessed(epoch),
				settleTimes: (_, { epoch, from, to }) => ledger.settle(epoch, from, to)
			},
			ask: log.ask,
			keep: async (samples) => {
				if (!safe) return false;
				whileKept();
				for (const sample of samples) if (take(sample)) stored.push(sample);
				return true;
			},
			onChange: () => {}
		},
		life.signal
	);
});

function take({ identity, timeMs, clock: quality }: Sample): boolean {
	const { epoch, seq } = identity!;
	if (ledger.add(epoch, seq, timeMs, quality)) return true;
	const isBetter = ledger.guessed(epoch).some(([from, to]) => seq >= from && seq <= to);
	if (isBetter) ledger.redate(epoch, seq, timeMs, quality);
	return isBetter;
}

/** As the intake does: the store has it, and backfill hears of it. */
function live(...numbers: readonly number[]): void {
	for (const seq of numbers) {
		take(sampleOf(seq));
		log.seq = Math.max(log.seq, seq + 1);
		backfill.heard(source, { epoch: EPOCH, seq }, 'synchronised');
	}
}

async function pass(ms: number): Promise<void> {
	for (let at = 0; at < ms; at += 100) {
		for (let i = 0; i < 10; i++) await Promise.resolve();
		clock.advance(100);
	}
	for (let i = 0; i < 10; i++) await Promise.resolve();
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const seqs = () => stored.map(({ identity }) => identity!.seq).toSorted((a, b) => a - b);

describe('backfill', () => {
	it('asks for what is missing and for nothing else', async () => {
		live(0, 1, 2, 203, 204);
		expect(backfill.view(source)).toMatchObject({ state: 'idle', missing: 200 });
		await pass(30_000);
		expect(seqs()).toEqual(range(3, 202));
		expect(log.asked[0]).toEqual([3, 202]);
		expect(backfill.view(source)).toEqual({
			state: 'idle',
			missing: 0,
			filled: 200,
			lost: 0,
			undated: 0,
			disowned: 0,
			abandoned: 0
		});
		live(205, 206);
		const { length } = log.asked;
		await pass(30_000);
		expect(log.asked).toHaveLength(length);
	});

	it('leaves a gap time to be closed by what is merely late', async () => {
		live(0, 1, 4);
		await pass(2000);
		live(2, 3);
		await pass(30_000);
		expect(log.asked).toEqual([]);
	});

	it('asks while a link goes on losing samples', async () => {
		for (let seq = 0; seq <= 120; seq++) {
			if (seq % 4 !== 3) live(seq);
			await pass(1000);
		}
		expect(log.asked.length).toBeGreaterThan(10);
		expect(backfill.view(source).missing).toBeLessThan(4);
	});

	it('keeps its distance after a fault while a link goes on losing samples', async () => {
		log.fault = 'waiting';
		for (let seq = 0; seq <= 300; seq++) {
			if (seq % 4 !== 3) live(seq);
			await pass(1000);
		}
		expect(log.asked).toHaveLength(3); // at 8 s, 38 s and 158 s
	});

	it.each([100, 0])(
		'disowns a wild number once the log has told its end, after %i true ones',
		async (known) => {
			live(...range(0, known - 1));
			const wild = 2 ** 32 - 1;
			take(sampleOf(wild));
			backfill.heard(source, { epoch: EPOCH, seq: wild }, 'synchronised');
			if (known > 0) expect(backfill.view(source)).toMatchObject({ missing: 0 });
			log.fault = 'waiting';
			await pass(6000);
			live(known, known + 3); // seen though the wild one is not settled
			if (known > 0) expect(backfill.view(source)).toMatchObject({ state: 'waiting', missing: 2 });
			log.fault = undefined;
			log.asked.length = 0;
			await pass(40_000);
			expect(log.asked.length).toBeLessThan(4);
			expect(seqs()).toEqual([known + 1, known + 2]);
			expect(backfill.view(source)).toMatchObject({ state: 'idle', missing: 0, lost: 0, disowned: 1 });
			live(known + 6);
			await pass(10_000);
			expect(seqs()).toEqual([1, 2, 4, 5].map((n) => known + n));
			expect(ledger.gaps()).toEqual([]);
		}
	);

	it('believes a long way passed over as soon as the log has told of it', async () => {
		live(0);
		log.first = 150_000;
		live(150_010);
		expect(backfill.view(source)).toMatchObject({ missing: 0 });
		await pass(10_000);
		expect(seqs()).toEqual(range(150_000, 150_009));
		expect(backfill.view(source)).toMatchObject({ missing: 0, filled: 10, lost: 149_999, disowned: 0 });
	});

	it('counts what it filled, whatever goes missing meanwhile', async () => {
		live(0, 50);
		whileKept = () => {
			whileKept = () => {};
			live(90);
		};
		await pass(30_000);
		expect(backfill.view(source)).toMatchObject({ state: 'idle', missing: 0, filled: 88 });
	});

	it('begins with the newest of a long gap', async () => {
		live(HIGHEST);
		await pass(500_000);
		expect(log.asked[0]).toEqual([HIGHEST - 2000, HIGHEST - 1]);
		expect(stored[0]?.identity?.seq).toBe(HIGHEST - 2000);
		expect(seqs()).toEqual(range(0, HIGHEST - 1));
	});

	it('marks as lost what the device no longer has, and what is damaged in it', async () => {
		log.first = 40;
		log.damaged.add(60);
		live(0, 100);
		await pass(30_000);
		expect(seqs()).toEqual(range(40, 99).filter((n) => n !== 60));
		expect(backfill.view(source)).toMatchObject({ state: 'idle', missing: 0, filled: 59, lost: 40 });
		expect(ledger.gaps()).toMatchObject([
			{ from: 1, to: 39, lost: true },
			{ from: 60, to: 60, lost: true }
		]);
		const { length } = log.asked;
		live(101, 103);
		live(102);
		await pass(30_000);
		expect(log.asked).toHaveLength(length);
	});

	it('tells what is missing of a series before its device is heard', () => {
		for (const seq of [0, 1, 60]) take(sampleOf(seq));
		backfill.know(source);
		expect(backfill.view(source)).toMatchObject({ state: 'unheard', missing: 58 });
		expect(backfill.unfinished()).toHaveLength(1);
	});

	it('gives up an older log where the newer one lacks nothing', async () => {
		for (const seq of [0, 1, 5]) take(sampleOf(seq));
		backfill.know(source);
		take(sampleOf(0, 8));
		backfill.heard(source, { epoch: 8, seq: 0 }, 'synchronised');
		await pass(10_000);
		expect(ledger.gaps()).toMatchObject([{ epoch: EPOCH, from: 2, to: 4, lost: true }]);
		expect(backfill.view(source)).toMatchObject({ state: 'idle', missing: 0, lost: 3 });
	});

	it('gives up an older log once the device has told that it has another', async () => {
		live(0, 1, 5);
		log.epoch = 8;
		log.first = 0;
		log.seq = 0;
		const newer = (seq: number) => {
			take(sampleOf(seq, 8));
			log.seq = seq + 1;
			backfill.heard(source, { epoch: 8, seq }, 'synchronised');
		};
		newer(0);
		newer(3);
		await pass(30_000);
		expect(ledger.gaps()).toMatchObject([{ epoch: EPOCH, from: 2, to: 4, lost: true }]);
		expect(ledger.missing(8)).toEqual([]);
	});

	it('tries again later where the device cannot be reached, and at once when it can', async () => {
		live(0, 50);
		log.fault = 'waiting';
		await pass(6000);
		expect(backfill.view(source)).toMatchObject({ state: 'waiting', missing: 49, lost: 0 });
		await pass(28_000);
		expect(log.asked).toHaveLength(1);
		await pass(3000);
		expect(log.asked).toHaveLength(2);
		log.fault = undefined;
		backfill.reachable(source);
		await pass(3000);
		expect(seqs()).toEqual(range(1, 49));
	});

	it('loses nothing where what came could not be stored', async () => {
		live(0, 50);
		safe = false;
		await pass(6000);
		expect(backfill.view(source)).toMatchObject({ state: 'waiting', missing: 49, lost: 0 });
		safe = true;
		await pass(40_000);
		expect(seqs()).toEqual(range(1, 49));
	});

	it('never asks a device again that has no such log', async () => {
		live(0, 50);
		log.fault = 'unsupported';
		await pass(10_000);
		live(60, 80);
		await pass(1_000_000);
		expect(log.asked).toHaveLength(1);
		expect(backfill.view(source)).toMatchObject({ state: 'unsupported' });
	});

	it('asks for guessed times once the clock is right, each range once, and leaves what nobody knows', async () => {
		const guess = (seq: number) => {
			take(sampleOf(seq, EPOCH, 'unsynchronised'));
			backfill.heard(source, { epoch: EPOCH, seq }, 'unsynchronised');
		};
		for (let seq = 0; seq < 100; seq++) guess(seq);
		[log.clockSetAt, log.unknownBelow] = [100, 20];
		await pass(60_000);
		expect(log.asked).toEqual([]);
		log.fault = 'waiting';
		live(100);
		await pass(6000);
		expect(log.asked).toEqual([[0, 99]]);
		log.fault = undefined;
		log.asked.length = 0;
		await pass(40_000);
		expect(log.asked).toEqual([
			[0, 99],
			[50, 99]
		]);
		expect(seqs()).toEqual(range(20, 99));
		expect(ledger.guessed(EPOCH)).toEqual([]);
		live(101, 102);
		guess(103); // it restarted without a clock
		await pass(60_000);
		expect(log.asked).toHaveLength(2);
		log.clockSetAt = 104;
		live(104, 105);
		await pass(60_000);
		expect(log.asked.slice(2)).toEqual([[103, 103]]);
		expect(backfill.view(source)).toMatchObject({ state: 'idle', missing: 0, lost: 0 });
	});
});

import { assert, crc32 } from '$lib/base';
import type { ClockQuality } from '$lib/model';
import { ByteReader, ByteWriter, Malformed } from './codec/byte-stream';
import { AbandonedNumbers } from './abandoned-numbers';
import { IntervalSet, MAX_INTERVALS, type Held, type Interval } from './interval-set';

/** Logs remembered per series; a device that loses its log at each boot makes a new one each time. */
export const MAX_EPOCHS = 1024;

/** Intervals of all logs of a series together: the whole ledger is encoded at each seal. */
export const MAX_LEDGER_INTERVALS = 16_384;
/** Of them, stretches of numbers that are not asked for any more. */
const MAX_ABANDONED = 4096;

/** Written where gaps were abandoned; else 3, which earlier versions read. */
const VERSION = 4;
/** Differences of two times fit a signed varint. */
const FARTHEST_MS = 2 ** 51;

/** Numbers of one log that did not come, between two that did. */
export interface Gap {
	readonly epoch: number;
	/** Both ends inclusive. */
	readonly from: number;
	readonly to: number;
	/** Of the sample before and of the one behind it, ms since the epoch; equal where only one of them is known. */
	readonly fromMs: number;
	readonly toMs: number;
	/** They are not asked for any more: the device has let go of them, or there were more gaps than are remembered. */
	readonly lost: boolean;
}

/** One log: what came of it, and what never will. */
interface Log {
	readonly received: IntervalSet;
	readonly lost: IntervalSet;
	/** Numbers whose times were guessed, and those corrected since; all others were synchronised. */
	readonly unsynchronised: IntervalSet;
	readonly corrected: IntervalSet;
	/** Of gaps beyond the bound: `received` says that they came, so that it stays short. */
	readonly abandoned: AbandonedNumbers;
}

const newLog = (): Log => ({
	received: new IntervalSet([], Infinity),
	lost: new IntervalSet(),
	unsynchronised: new IntervalSet(),
	corrected: new IntervalSet(),
	abandoned: new AbandonedNumbers()
});

/** Which (epoch, seq) of one series have been received. Bounded: MAX_EPOCHS logs, and MAX_LEDGER_INTERVALS intervals in all of them. */
export class Ledger {
	/** In order of first arrival: the oldest is forgotten first. */
	readonly #logs = new Map<number, Log>();
	#total = 0;

	/** @param timeMs when it was measured. @returns false where it was there already */
	add(epoch: number, seq: number, timeMs: number, clock: ClockQuality = 'synchronised'): boolean {
		const log = this.#log(epoch);
		const { received } = log;
		const before = received.intervals.length;
		const added = received.add(seq, storable(timeMs)) || log.abandoned.reclaim(seq, seq).length > 0;
		if (added) this.doubt(epoch, seq, seq, clock);
		this.#grown(log, before);
		return added;
	}

	/**
	 * All numbers from one to another, with the times of both ends.
	 * @returns those that were not there, ascending, both ends inclusive
	 */
	addRun(
		epoch: number,
		[from, to, fromMs, toMs]: readonly [from: number, to: number, fromMs: number, toMs: number]
	): readonly (readonly [from: number, to: number])[] {
		const log = this.#log(epoch);
		const { received } = log;
		const missing = received.missing(from, to);
		const before = received.intervals.length;
		if (missing.length > 0) received.addRange(from, to, storable(fromMs), storable(toMs));
		const reclaimed = log.abandoned.reclaim(from, to);
		this.#grown(log, before);
		return reclaimed.length === 0 ? missing : [...missing, ...reclaimed].sort(([a], [b]) => a - b);
	}

	/** How well the times of these are known; both ends inclusive. */
	doubt(epoch: number, from: number, to: number, clock: ClockQuality): void {
		if (clock !== 'synchronised') this.#log(epoch)[clock].addRange(from, to);
	}

	/** As far as the ledger knows: bounded, so a row itself may tell it better. */
	clockOf(epoch: number, seq: number): ClockQuality {
		const log = this.#logs.get(epoch);
		if (log?.unsynchronised.has(seq)) return 'unsynchronised';
		return log?.corrected.has(seq) ? 'corrected' : 'synchronised';
	}

	/** Numbers among these whose times are known less well; both ends inclusive. */
	worseThan(
		clock: ClockQuality,
		epoch: number,
		from: number,
		to: number
	): readonly (readonly [from: number, to: number])[] {
		const log = this.#logs.get(epoch);
		if (!log || clock === 'unsynchronised') return [];
		const guessed = log.unsynchronised.within(from, to);
		return clock === 'corrected' ? guessed : [...guessed, ...log.corrected.within(from, to)];
	}

	/** A number that was received was measured then. */
	redate(epoch: number, seq: number, timeMs: number, clock: ClockQuality): void {
		const log = this.#log(epoch);
		log.received.redate(seq, storable(timeMs));
		for (const set of [log.unsynchronised, log.corrected]) set.removeRange(seq, seq);
		this.doubt(epoch, seq, seq, clock);
	}

	/** Numbers whose times were guessed; both ends inclusive, ascending. */
	guessed(epoch: number): readonly (readonly [from: number, to: number])[] {
		return (this.#logs.get(epoch)?.unsynchronised.intervals ?? []).map(([from, to]) => [from, to]);
	}

	/** Nobody knows these times any better. */
	settle(epoch: number, from: number, to: number): void {
		this.#logs.get(epoch)?.unsynchronised.removeRange(from, to);
	}

	/** The device says that it does not have these: they are not asked for again. */
	giveUp(epoch: number, from: number, to: number): void {
		this.#log(epoch).lost.addRange(from, to);
	}

	#log(epoch: number): Log {
		const known = this.#logs.get(epoch);
		if (known) return known;
		const log = newLog();
		this.#logs.set(epoch, log);
		const oldest = this.#logs.keys().next();
		if (this.#logs.size > MAX_EPOCHS && !oldest.done) {
			this.#total -= this.#logs.get(oldest.value)?.received.intervals.length ?? 0;
			this.#logs.delete(oldest.value);
		}
		return log;
	}

	/** @param before how many intervals it had */
	#grown(log: Log, before: number): void {
		this.#total += log.received.intervals.length - before;
		while (log.received.intervals.length > MAX_INTERVALS && this.#abandonOldest(log));
		// From the oldest log on: there are fewer logs than intervals, so one has a gap.
		if (this.#total > MAX_LEDGER_INTERVALS)
			for (const one of this.#logs.values())
				while (this.#total > MAX_LEDGER_INTERVALS && this.#abandonOldest(one));
	}

	/** @returns whether there was a gap */
	#abandonOldest({ received, abandoned }: Log): boolean {
		const gap = received.closeOldestGap();
		if (!gap) return false;
		this.#total--;
		abandoned.add(gap);
		this.#boundAbandoned();
		return true;
	}

	#boundAbandoned(): void {
		const all = [...this.#logs.values()];
		let over = all.reduce((sum, { abandoned }) => sum + abandoned.bands.length, 0) - MAX_ABANDONED;
		for (const { abandoned } of all) while (over > 0 && abandoned.blurOldest()) over--;
	}

	has(epoch: number, seq: number): boolean {
		const log = this.#logs.get(epoch);
		return log !== undefined && log.received.has(seq) && !log.abandoned.has(seq);
	}

	/** Numbers that never came, of gaps beyond those that are remembered: they are not asked for any more. */
	get abandoned(): number {
		return [...this.#logs.values()].reduce((sum, { abandoned }) => sum + abandoned.count, 0);
	}

	/** Takes back what was dropped before it was written, so that backfill may bring it again. */
	remove(epoch: number, seq: number): void {
		this.removeRun(epoch, seq, seq);
	}

	/** The device never gave these numbers. @returns how many had been received */
	disown(epoch: number, from: number, to: number): number {
		const received = this.#logs.get(epoch)?.received.within(from, to) ?? [];
		for (const [first, last] of received) this.removeRun(epoch, first, last);
		return received.reduce((sum, [first, last]) => sum + last - first + 1, 0);
	}

	/** Both ends inclusive. */
	removeRun(epoch: number, from: number, to: number): void {
		const log = this.#logs.get(epoch);
		if (!log) return;
		const { received } = log;
		const before = received.intervals.length;
		log.abandoned.reclaim(from, to);
		received.removeRange(from, to);
		for (const set of [log.unsynchronised, log.corrected]) set.removeRange(from, to);
		this.#total += received.intervals.length - before;
	}

	/** Received intervals of one log, both ends inclusive, ascending. */
	intervals(epoch: number): readonly (readonly [number, number])[] {
		return (this.#logs.get(epoch)?.received.intervals ?? []).map(([from, to]) => [from, to]);
	}

	/** All logs, the one that was met first before. */
	get epochs(): readonly number[] {
		return [...this.#logs.keys()];
	}

	/** What did not come between two samples of one log that did, lost or not. */
	gaps(): readonly Gap[] {
		const gaps: Gap[] = [];
		for (const [epoch, { received, lost, abandoned }] of this.#logs) {
			for (const [from, to, fromMs, toMs] of abandoned.bands)
				gaps.push({ epoch, from, to, fromMs, toMs, lost: true });
			received.intervals.forEach(([next, , nextMs], i) => {
				const before = received.intervals[i - 1];
				if (!before) return;
				const between = { from: before[1] + 1, to: next - 1, fromMs: before[3], toMs: nextMs };
				gaps.push(...partsOf(epoch, between, lost));
			});
		}
		return gaps;
	}

	/** What of one log was neither received nor given up, below the highest number received; ascending. */
	missing(epoch: number): readonly (readonly [from: number, to: number])[] {
		const log = this.#logs.get(epoch);
		const highest = log?.received.intervals.at(-1);
		if (!log || !highest) return [];
		return log.received.missing(0, highest[1]).flatMap(([from, to]) => log.lost.missing(from, to));
	}

	/** Takes over what another was told to be lost. */
	inheritLost(other: Ledger): void {
		for (const [epoch, { lost }] of other.#logs)
			for (const [from, to] of lost.intervals) this.giveUp(epoch, from, to);
	}

	copy(): Ledger {
		const copy = Ledger.decode(this.encode());
		assert(copy, 'a ledger can be read back from what it encodes to');
		return copy;
	}

	encode(): Uint8Array<ArrayBuffer> {
		const out = new ByteWriter();
		const version = this.abandoned > 0 ? VERSION : VERSION - 1;
		out.byte(version);
		out.varint(this.#logs.size);
		for (const [epoch, { received, lost, unsynchronised, corrected, abandoned }] of this.#logs) {
			out.uint32(epoch);
			writeTimed(out, received.intervals);
			for (const { intervals } of [lost, unsynchronised, corrected]) {
				out.varint(intervals.length);
				let last = 0;
				for (const [from, to] of intervals) {
					out.varint(from - last);
					out.varint(to - from);
					last = to;
				}
			}
			if (version < VERSION) continue;
			out.varint(abandoned.count);
			writeTimed(out, abandoned.bands);
		}
		out.uint32(crc32(out.done()));
		return out.done();
	}

	/** The ledger, or undefined where the bytes are damaged. Version 1 had no times and nothing lost: its gaps have no place in time. Version 2 knew nothing of clocks, version 3 of abandoned gaps. */
	static decode(bytes: Uint8Array): Ledger | undefined {
		try {
			const body = bytes.subarray(0, Math.max(0, bytes.length - 4));
			if (crc32(body) !== new ByteReader(bytes.subarray(body.length)).uint32()) return undefined;
			const reader = new ByteReader(body);
			const version = reader.byte();
			if (version < 1 || version > VERSION) return undefined;
			const ledger = new Ledger();
			for (let left = reader.varint(); left > 0; left--) {
				const epoch = reader.uint32();
				const rest = (since: number) => new IntervalSet(version >= since ? readIntervals(reader, false) : []);
				const log = {
					received: new IntervalSet(readIntervals(reader, version >= 2), Infinity),
					...{ lost: rest(2), unsynchronised: rest(3), corrected: rest(3) },
					abandoned:
						version >= 4
							? new AbandonedNumbers(reader.varint(), readIntervals(reader, true))
							: new AbandonedNumbers()
				};
				ledger.#logs.set(epoch, log);
				ledger.#total += log.received.intervals.length;
			}
			return ledger;
		} catch (error) {
			if (error instanceof Malformed) return undefined;
			throw error;
		}
	}
}

const storable = (timeMs: number): number =>
	Math.max(-FARTHEST_MS, Math.min(FARTHEST_MS, Math.round(timeMs)));

function writeTimed(out: ByteWriter, intervals: readonly Interval[]): void {
	out.varint(intervals.length);
	let last = 0;
	let lastMs = 0;
	for (const [from, to, fromMs, toMs] of intervals) {
		out.varint(from - last);
		out.varint(to - from);
		out.signed(fromMs - lastMs);
		out.signed(toMs - fromMs);
		last = to;
		lastMs = toMs;
	}
}

function readIntervals(reader: ByteReader, timed: boolean): Held[] {
	const intervals: Held[] = [];
	let last = 0;
	let lastMs = 0;
	for (let n = reader.varint(); n > 0; n--) {
		const from = last + reader.varint();
		last = from + reader.varint();
		const fromMs = timed ? lastMs + reader.signed() : 0;
		lastMs = timed ? fromMs + reader.signed() : 0;
		intervals.push([from, last, fromMs, lastMs]);
	}
	return intervals;
}

type Between = Pick<Gap, 'from' | 'to' | 'fromMs' | 'toMs'>;

/** A gap whose ends may be lost and its middle not: each part has its share of the time. */
function partsOf(epoch: number, between: Between, lost: IntervalSet): Gap[] {
	const { from, to, fromMs, toMs } = between;
	const timeOf = (n: number) => fromMs + ((toMs - fromMs) * (n - from + 1)) / (to - from + 2);
	const open = lost.missing(from, to);
	const part = (first: number, last: number, isLost: boolean): Gap => ({
		...{ epoch, from: first, to: last, lost: isLost },
		fromMs: first === from ? fromMs : timeOf(first - 1),
		toMs: last === to ? toMs : timeOf(last + 1)
	});
	const parts: Gap[] = [];
	let next = from;
	for (const [first, last] of open) {
		if (first > next) parts.push(part(next, first - 1, true));
		parts.push(part(first, last, false));
		next = last + 1;
	}
	if (next <= to) parts.push(part(next, to, true));
	return parts;
}

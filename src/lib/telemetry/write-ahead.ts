import { done, err, ok, Stopwatch, type Clock, type Result } from '$lib/base';
import type { Sample, SampleIdentity } from '$lib/model';
import { isBetter } from './better-time';
import type { Row, StateValue } from './codec/row-group';
import { encodeWalRecord } from './codec/wal-record';
import type { Disk } from './disk';
import type { FullDisk } from './full-disk';
import type { Names } from './names';
import { faultOf, Refusals } from './refused';
import { numberKey, type HeldRow, type Series } from './series';
import type { SeriesTable } from './series-table';
import type { AppendReport, StoreError, StoreLimits, StoreStats, StoreTrouble } from './store';
import type { Turns } from './turns';

/** Between tries while nothing can be written, ms: long enough not to wear out a full disk. */
export const RETRY_MS = 5000;

/** Held rows by number, made where one is asked for. */
type HeldIndex = Map<Series, Map<string, HeldRow>>;

/** So many are worth a record at once: at high rates nothing then waits as long as it may. */
const FLUSH_SAMPLES = 4096;
/** With so many waiting, the bytes that a flush costs by itself are few a sample: they need not wait longer than this, ms. */
const MANY_SAMPLES = 256;
const MANY_FLUSH_MS = 100;

/** What one `append` is told by: how many of its rows were dropped before a record held them. */
interface Batch {
	dropped: number;
}

/** A sample that no record holds yet, or the better time of one. */
interface Waiting {
	readonly series: Series;
	readonly row: HeldRow;
	readonly batch: Batch;
	readonly corrects: boolean;
}

export interface WriteAheadParts {
	/** Undefined: in memory only. */
	readonly disk: Disk | undefined;
	/** Why there is no disk. */
	readonly cause: string;
	/** Newest write-ahead record, the newest that is in blocks, and the bytes between. */
	readonly wal: number;
	readonly sealedWal: number;
	readonly walBytes: number;
	readonly table: SeriesTable;
	readonly turns: Turns;
	readonly clock: Clock;
	readonly limits: StoreLimits;
	/** Tries a write again on a full disk, where room can be made. */
	readonly fullDisk: Pick<FullDisk, 'write'>;
	readonly onWritten: () => void;
	/** A series has a time that its blocks may not have. */
	readonly onCorrection: () => void;
	readonly onTrouble: (trouble: StoreTrouble) => void;
}

/** A flush to come. */
interface Scheduled {
	readonly promise: Promise<Result<void, StoreError>>;
	/** Now. */
	readonly fire: () => void;
	/** Sooner than when little waits. */
	readonly hasten: () => void;
}

/** From a sample to its write-ahead record: what waits, bounded and counted, and one record a flush for all devices. */
export class WriteAhead {
	readonly #parts: WriteAheadParts;
	#newest: number;
	#bytes: number;
	/** Since the oldest of the records that are in no block yet. */
	#age: Stopwatch | undefined;
	/** Samples no record holds yet, oldest first. */
	#waiting: Waiting[] = [];
	/** Samples in the record being written. */
	#flying = 0;
	#scheduled: Scheduled | undefined;
	#failing: StoreError | undefined;
	#stopped = false;
	#flushes = 0;
	#flushMs: number | undefined;
	#dropped = 0;
	#cancelRetry: (() => void) | undefined;

	constructor(parts: WriteAheadParts) {
		this.#parts = parts;
		this.#newest = parts.wal;
		this.#bytes = parts.walBytes;
		if (parts.wal > parts.sealedWal) this.#age = new Stopwatch(parts.clock);
	}

	/** Number of the newest record. */
	get newest(): number {
		return this.#newest;
	}

	/** Of the records that are in no block yet. */
	get bytes(): number {
		return this.#bytes;
	}

	/** How long the oldest of them has been there, ms. */
	get ageMs(): number {
		return this.#age?.ms ?? 0;
	}

	get figures(): Pick<StoreStats, 'flushes' | 'dropped' | 'waiting' | 'flushMs'> {
		const waiting = this.#waiting.length + this.#flying;
		return { flushes: this.#flushes, dropped: this.#dropped, waiting, flushMs: this.#flushMs };
	}

	async append(samples: readonly Sample[]): Promise<Result<AppendReport, StoreError>> {
		const batch: Batch = { dropped: 0 };
		const held: HeldIndex = new Map();
		const times = { stored: 0, corrected: 0, duplicate: 0 };
		const refusals = new Refusals(this.#parts.onTrouble);
		const possible: Sample[] = [];
		for (const sample of samples) {
			const fault = faultOf(sample);
			if (fault) refusals.of(sample.device).add(fault);
			else {
				possible.push(sample);
				times[this.#admit(sample, batch, held, refusals)]++;
			}
		}
		const refused = refusals.tell();
		const { stored, corrected, duplicate: duplicates } = times;
		const report = {
			...{ stored, duplicates },
			...(corrected > 0 ? { corrected } : {}),
			...(refused ? { refused } : {})
		};
		const droppedBefore = this.#dropped;
		// A repeat of what still waits is acknowledged with it, not before.
		if (stored + corrected === 0) {
			const lost = await this.#lostMeanwhile(possible);
			if (lost > 0) return err({ kind: 'dropped', count: lost });
		}
		if (this.#waiting.length === 0) return ok(report);
		this.#boundWaiting();
		// Nothing can be written now: what is held is tried again by the retry timer, not by each that comes.
		if (this.#failing) return err(this.#failing);
		const written = await this.#nextFlush();
		if (!written.ok) return written;
		// What a repeat repeats may be among what others lost meanwhile.
		const repeats = Math.min(report.duplicates, this.#dropped - droppedBefore - batch.dropped);
		const count = batch.dropped + repeats;
		return count > 0 ? err({ kind: 'dropped', count }) : ok(report);
	}

	/** How many repeats were repeats of something that then could not be stored. */
	async #lostMeanwhile(samples: readonly Sample[]): Promise<number> {
		const { table, turns } = this.#parts;
		await turns.over();
		return samples.filter(({ device, provenance, identity }) => {
			const series = identity && table.find(device, provenance);
			return series && !series.ledger.has(identity.epoch, identity.seq);
		}).length;
	}

	/** Writes what waits now. */
	flush(): Promise<Result<void, StoreError>> {
		const scheduled = this.#scheduled;
		scheduled?.fire();
		return scheduled ? scheduled.promise : this.#writeInTurn();
	}

	/** Writes what waits now, where a better time is among it that the ledger of these numbers will tell; in its turn. */
	async writeCorrections(of: Series): Promise<Result<void, StoreError>> {
		const due = this.#waiting.some((one) => one.corrects && one.series === of && !isAhead(one));
		return due ? this.#write() : done;
	}

	/** All records are in blocks. */
	sealed(): void {
		this.#bytes = 0;
		this.#age = undefined;
	}

	/** Lets go of what waits of some series: they are being removed. */
	forget(gone: readonly Series[]): void {
		this.#waiting = this.#waiting.filter(({ series }) => !gone.includes(series));
	}

	/** After room was made: what could not be written is tried at once. */
	retry(): void {
		if (this.#failing) void this.#parts.turns.take(() => this.#write());
	}

	/** A write failed: told once, and tried again later. */
	failed(error: StoreError): Result<void, StoreError> {
		const { clock, disk, turns, onTrouble } = this.#parts;
		if (this.#failing?.kind !== error.kind) onTrouble({ kind: 'failing', error });
		this.#failing = error;
		// A fenced leader has a successor: it must not try again.
		if (error.kind !== 'fenced' && disk && !this.#stopped) {
			this.#cancelRetry?.();
			this.#cancelRetry = clock.after(RETRY_MS, () => void turns.take(() => this.#write()));
		}
		return err(error);
	}

	/** No more tries. */
	stop(): void {
		this.#stopped = true;
		this.#cancelRetry?.();
	}

	/** Takes a sample into memory, unless the ledger has it. */
	#admit(
		sample: Sample,
		batch: Batch,
		held: HeldIndex,
		refusals: Refusals
	): 'stored' | 'corrected' | 'duplicate' {
		const { table } = this.#parts;
		const series = table.findOrMake(sample.device, sample.provenance);
		const { identity, timeMs, clock, states } = sample;
		if (identity && !series.ledger.add(identity.epoch, identity.seq, timeMs, clock))
			return this.#correct(series, sample, identity, batch, held) ? 'corrected' : 'duplicate';
		const { metrics, values, refused } = series.readings(sample.values, table.names);
		if (refused > 0) refusals.of(sample.device).add('value', refused);
		const measured: HeldRow = { timeMs, clock, identity, metrics, values, wal: 0 };
		const row = states ? { ...measured, states: statesOf(states, table.names) } : measured;
		series.hold(row);
		if (identity) held.get(series)?.set(numberKey(identity), row);
		this.#waiting.push({ series, row, batch, corrects: false });
		return 'stored';
	}

	/** The same number again, with a time that is known better: the time wins. @returns whether it does */
	#correct(
		series: Series,
		{ timeMs, clock }: Sample,
		identity: SampleIdentity,
		batch: Batch,
		held: HeldIndex
	): boolean {
		const { epoch, seq } = identity;
		if (!isBetter(clock, series.ledger.clockOf(epoch, seq))) return false;
		const index = held.get(series) ?? series.heldByNumber();
		held.set(series, index);
		series.correct(epoch, seq, { timeMs, clock }, index.get(numberKey(identity)));
		const row = { timeMs, clock, identity: { epoch, seq }, metrics: [], values: [], wal: 0 };
		this.#waiting.push({ series, row, batch, corrects: true });
		this.#parts.onCorrection();
		return true;
	}

	/** The flush that will hold all that waits now: at most `flushMs` after the first of it, and sooner where much waits. */
	#nextFlush(): Promise<Result<void, StoreError>> {
		const { promise, fire, hasten } = (this.#scheduled ??= this.#schedule());
		if (this.#waiting.length >= FLUSH_SAMPLES) fire();
		else if (this.#waiting.length >= MANY_SAMPLES) hasten();
		return promise;
	}

	#schedule(): Scheduled {
		const { clock, limits } = this.#parts;
		const since = new Stopwatch(clock);
		let resolve: (outcome: Promise<Result<void, StoreError>>) => void = () => undefined;
		const promise = new Promise<Result<void, StoreError>>((settle) => (resolve = settle));
		const fire = () => {
			cancel();
			this.#scheduled = undefined;
			resolve(this.#writeInTurn());
		};
		let cancel = clock.after(limits.flushMs, fire);
		let soon = limits.flushMs <= MANY_FLUSH_MS;
		const hasten = () => {
			if (soon) return;
			soon = true;
			cancel();
			cancel = clock.after(Math.max(0, MANY_FLUSH_MS - since.ms), fire);
		};
		return { promise, fire, hasten };
	}

	async #writeInTurn(): Promise<Result<void, StoreError>> {
		const { clock, turns } = this.#parts;
		const askedMs = clock.now();
		const before = this.#flushes;
		const written = await turns.take(() => this.#write());
		if (this.#flushes > before) this.#flushMs = clock.now() - askedMs;
		return written;
	}

	async #write(): Promise<Result<void, StoreError>> {
		if (this.#waiting.length === 0) return this.#failing ? err(this.#failing) : done;
		const { disk, cause, table, clock, fullDisk } = this.#parts;
		if (!disk) return this.failed({ kind: 'unavailable', cause });
		const flight = this.#takeWaiting();
		if (flight.length === 0) return this.#failing ? err(this.#failing) : done;
		this.#flying = flight.length;
		const groups = new Map<number, Row[]>();
		for (const { series, row } of flight) {
			const group = groups.get(series.id);
			if (group) group.push(row);
			else groups.set(series.id, [row]);
		}
		const bytes = encodeWalRecord(groups);
		const newNames = [...table.names.unsaved];
		const number = this.#newest + 1;
		const written = await fullDisk.write(() => disk.putRecord(number, bytes, newNames));
		this.#flying = 0;
		if (!written.ok) {
			this.#waiting = [...flight, ...this.#waiting];
			this.#boundWaiting();
			return this.failed(written.error);
		}
		for (const { row } of flight) row.wal = number;
		table.names.saved(newNames);
		this.#newest = number;
		this.#bytes += bytes.length;
		this.#age ??= new Stopwatch(clock);
		this.#flushes++;
		this.#recovered();
		this.#parts.onWritten();
		return done;
	}

	/**
	 * What is to be written now. A better time goes behind the sample that it is of: one that a bulk has on its way to a block waits,
	 * and one whose sample was let go of goes too. Else, after a crash, it would be taken for a sample without values.
	 */
	#takeWaiting(): readonly Waiting[] {
		const all = this.#waiting;
		this.#waiting = [];
		if (!all.some(({ corrects }) => corrects)) return all;
		this.#waiting = all.filter(isAhead);
		return all.filter((one) => {
			const { corrects, series, row } = one;
			if (!corrects || !row.identity) return true;
			return !isAhead(one) && series.ledger.has(row.identity.epoch, row.identity.seq);
		});
	}

	#recovered(): void {
		if (!this.#failing) return;
		this.#failing = undefined;
		this.#parts.onTrouble({ kind: 'recovered' });
	}

	/** Drops the oldest tenth when too much waits, and lets the ledger forget it, so that backfill may bring it again. */
	#boundWaiting(): void {
		const { heldSamples } = this.#parts.limits;
		if (this.#waiting.length <= heldSamples) return;
		const dropped = this.#waiting.splice(0, this.#waiting.length - Math.floor(heldSamples * 0.9));
		this.#dropped += dropped.length;
		const gone = new Set(dropped.map(({ row }) => row));
		for (const series of new Set(dropped.map((d) => d.series)))
			series.held = series.held.filter((row) => !gone.has(row));
		for (const { series, row, batch, corrects } of dropped) {
			batch.dropped++;
			if (row.identity && !corrects) series.ledger.remove(row.identity.epoch, row.identity.seq);
		}
	}
}

/** A better time of a sample that is not on the disk yet. */
const isAhead = ({ corrects, series, row: { identity } }: Waiting): boolean =>
	corrects && identity !== undefined && series.isFlying(identity.epoch, identity.seq);

/** Half a surrogate pair is no text: what cannot be written is not kept either. */
const statesOf = (states: Readonly<Record<string, string>>, names: Names): readonly StateValue[] =>
	Object.entries(states)
		.map(([name, value]) => ({ metric: names.metric(name), value: value.toWellFormed() }))
		.sort((a, b) => a.metric - b.metric);

import { assert, done, err, ok, type Clock, type Result } from '$lib/base';
import type { DeviceId, Provenance, Sample } from '$lib/model';
import { aggregateRange } from './aggregate';
import { BlockReader } from './block-reader';
import type { BlockHead, NewBlock } from './codec/block';
import type { Row } from './codec/row-group';
import { encodeWalRecord } from './codec/wal-record';
import type { Disk, StateRow } from './disk';
import { pointColumns } from './fold';
import { Ledger, type Gap } from './ledger';
import type { Names } from './names';
import { Retainer } from './retainer';
import type { Retention } from './retention';
import { reduceRange, type RangeSource } from './range';
import { SealedBlocks } from './sealed-blocks';
import { formatSentinel } from './sentinel';
import { SentinelTeller } from './sentinel-teller';
import { Series, type HeldRow } from './series';
import type {
	AggregateQuery,
	Aggregates,
	AppendReport,
	LatestSample,
	RangeQuery,
	SeriesColumns,
	SeriesKey,
	StoreError,
	StoreLimits,
	StoreStats,
	StoreTrouble,
	TelemetryStore
} from './store';

/** Between tries while nothing can be written, ms: long enough not to wear out a full disk. */
const RETRY_MS = 5000;
/** Folds after one seal; the rest waits for the next, so that flushes are not held up. */
const FOLDS_PER_SEAL = 16;
/** A query whose blocks were folded away while it read them starts again; so often in a row means a fault. */
const RANGE_TRIES = 4;

export interface StoreParts {
	/** Undefined: in memory only. */
	readonly disk: Disk | undefined;
	/** Why there is no disk. */
	readonly cause: string;
	readonly state: StateRow;
	/** Newest write-ahead record. */
	readonly wal: number;
	readonly walBytes: number;
	readonly names: Names;
	readonly series: readonly Series[];
	readonly clock: Clock;
	readonly limits: StoreLimits;
	readonly retention: Retention;
	readonly onSentinel: (text: string) => void;
	readonly onTrouble: (trouble: StoreTrouble) => void;
}

/** What one `append` is told by: how many of its rows were dropped before a record held them. */
interface Batch {
	dropped: number;
}

/** The store over a disk: what waits, what is written ahead, what is sealed. All writes go through one queue. */
export class ColumnarStore implements TelemetryStore {
	readonly #parts: StoreParts;
	readonly #byId = new Map<number, Series>();
	readonly #reader: BlockReader;
	readonly #blocks: SealedBlocks;
	readonly #sentinels: SentinelTeller;
	readonly #retainer: Retainer;
	#retention: Retention;
	#wal: number;
	#walBytes: number;
	#walSinceMs: number | undefined;
	/** Samples no record holds yet, oldest first. */
	#waiting: { series: Series; row: HeldRow; batch: Batch }[] = [];
	/** Samples in the record being written. */
	#flying = 0;
	#scheduled: { promise: Promise<Result<void, StoreError>>; fire: () => void } | undefined;
	#tail: Promise<unknown> = Promise.resolve();
	#failing: StoreError | undefined;
	#closed = false;
	#flushes = 0;
	#dropped = 0;
	#sealNotBeforeMs = 0;
	#cancelRetry: (() => void) | undefined;

	constructor(parts: StoreParts) {
		this.#parts = parts;
		const { disk, cause, limits, state } = parts;
		this.#reader = new BlockReader({
			disk,
			cacheBytes: limits.cacheBytes,
			isStored: ({ series, block, crc }) =>
				this.#byId.get(series)?.heads?.some((head) => head.block === block && head.crc === crc) ?? false,
			onDamaged: (head) => this.#tellDamaged(head),
			onRollupDamaged: (head) => void this.#rollUp([head])
		});
		this.#blocks = new SealedBlocks({
			disk,
			cause,
			reader: this.#reader,
			limits,
			state,
			onOlder: (heads) => void this.#rollUp(heads)
		});
		this.#retention = parts.retention;
		this.#retainer = new Retainer({
			...{ blocks: this.#blocks, names: parts.names, clock: parts.clock },
			policy: () => this.#retention,
			series: () => [...this.#byId.values()]
		});
		this.#sentinels = new SentinelTeller(parts.clock, () => parts.onSentinel(this.sentinel));
		this.#wal = parts.wal;
		this.#walBytes = parts.walBytes;
		for (const series of parts.series) this.#byId.set(series.id, series);
		if (this.#wal > state.sealedWal) this.#walSinceMs = parts.clock.now();
	}

	get sentinel(): string {
		const { generation, seal } = this.#blocks.state;
		return formatSentinel({ generation, seal, wal: this.#wal });
	}

	async append(samples: readonly Sample[]): Promise<Result<AppendReport, StoreError>> {
		if (this.#closed) return err({ kind: 'closed' });
		const batch: Batch = { dropped: 0 };
		const stored = samples.filter((sample) => this.#admit(sample, batch)).length;
		const report = { stored, duplicates: samples.length - stored };
		const droppedBefore = this.#dropped;
		// A repeat of what still waits is acknowledged with it, not before.
		if (stored === 0 && this.#flying > 0) await this.#tail;
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

	async flush(): Promise<Result<void, StoreError>> {
		if (this.#closed) return err({ kind: 'closed' });
		const scheduled = this.#scheduled;
		scheduled?.fire();
		return scheduled ? scheduled.promise : this.#inTurn(() => this.#write());
	}

	async range(query: RangeQuery, signal: AbortSignal): Promise<SeriesColumns> {
		assert(query.buckets >= 1 && query.buckets <= 10_000, 'a query has 1 … 10,000 buckets');
		const columns = await this.#read(query, signal, (source) => reduceRange(query, source));
		return columns ?? pointColumns([]);
	}

	aggregate(query: AggregateQuery, signal: AbortSignal): Promise<Aggregates | undefined> {
		assert(query.maxGapMs > 0, 'a gap takes time');
		return this.#read(query, signal, (source) => aggregateRange(query, source));
	}

	/** Gives a reading of one metric what it needs; undefined where there is no such series, metric or time. */
	async #read<T>(
		query: Omit<RangeQuery, 'buckets'>,
		signal: AbortSignal,
		act: (source: RangeSource) => Promise<T>
	): Promise<T | undefined> {
		const series = this.#find(query.device, query.provenance);
		const metric = this.#parts.names.findMetric(query.metric);
		for (let left = RANGE_TRIES; ; left--) {
			signal.throwIfAborted();
			if (!series || metric === undefined || !(query.toMs > query.fromMs)) return undefined;
			const heads = series.heads ?? (await this.#inTurn(() => this.#blocks.headsOf(series)));
			signal.throwIfAborted();
			// Copied here, with no wait since the headers were seen: a row is in one of the two, never in both.
			const source = {
				metric,
				heads: heads.filter((head) => !this.#reader.isDamaged(head)),
				held: [...series.held],
				columns: (wanted: readonly BlockHead[]) => this.#reader.columns(wanted, metric, signal),
				rollups: (wanted: readonly BlockHead[], widthMs: number) =>
					this.#reader.rollups(wanted, widthMs, metric, signal)
			};
			if (heads !== series.heads) continue;
			const result = await act(source);
			// By number and bytes: a header may have been replaced by one that tells of rollups, the samples are the same.
			const now = new Set(series.heads?.map(sameBytes));
			if (source.heads.every((head) => now.has(sameBytes(head))) || left <= 1) return result;
		}
	}

	async latest(): Promise<readonly LatestSample[]> {
		return [...this.#byId.values()].map(({ device, provenance, latest }) => ({
			device,
			provenance,
			values: Object.fromEntries(
				[...latest].flatMap(([metric, value]) => {
					const name = this.#parts.names.metricName(metric);
					return name === undefined ? [] : [[name, value] as const];
				})
			)
		}));
	}

	gaps({ device, provenance }: SeriesKey): readonly Gap[] {
		return this.#find(device, provenance)?.ledger.gaps() ?? [];
	}

	missing({ device, provenance }: SeriesKey, epoch: number): readonly (readonly [number, number])[] {
		return this.#find(device, provenance)?.ledger.missing(epoch) ?? [];
	}

	giveUp(
		{ device, provenance }: SeriesKey,
		{ epoch, from, to }: { readonly epoch: number; readonly from: number; readonly to: number }
	): void {
		this.#find(device, provenance)?.ledger.giveUp(epoch, from, to);
	}

	async stats(): Promise<StoreStats> {
		const usage = await this.#parts.disk?.usage();
		const { state } = this.#blocks;
		let held = 0;
		for (const series of this.#byId.values()) held += series.held.length;
		return {
			walRecords: this.#wal - state.sealedWal,
			walBytes: this.#walBytes,
			blocks: state.blocks,
			blockBytes: state.blockBytes,
			rollupBytes: state.rollupBytes,
			samples: state.samples + held,
			usedBytes: usage?.usedBytes,
			quotaBytes: usage?.quotaBytes,
			persisted: usage?.persisted,
			bucketsApart: this.#parts.disk?.bucketsApart ?? false,
			flushes: this.#flushes,
			dropped: this.#dropped,
			letGo: this.#retainer.told
		};
	}

	retain(retention: Retention): void {
		this.#retention = retention;
		void this.#inTurn(() => this.#letGo());
	}

	/** Some blocks a turn, so that flushes get in between. */
	async #letGo(): Promise<void> {
		if (this.#closed || !this.#parts.disk) return;
		const turned = await this.#retainer.turn();
		if (!turned.ok) this.#failed(turned.error);
		else if (turned.value) void this.#inTurn(() => this.#letGo());
	}

	async forget(device: DeviceId): Promise<Result<void, StoreError>> {
		if (this.#closed) return err({ kind: 'closed' });
		const forgotten = await this.#inTurn(async () => {
			const gone = (['real', 'simulated'] as const).flatMap((kind) => this.#find(device, kind) ?? []);
			const removed = await this.#seal(gone);
			if (removed.ok || removed.error.kind === 'fenced') return removed;
			// No room even for that: what only deletes is let through by a full disk, and makes the room.
			const freed = await this.#empty(gone);
			return freed.ok ? this.#seal(gone) : freed;
		});
		if (forgotten.ok && this.#failing) void this.#inTurn(() => this.#write());
		return forgotten;
	}

	/** Removes what is stored of some series, and their rows that wait; the log and the small rows keep theirs. */
	async #empty(gone: readonly Series[]): Promise<Result<void, StoreError>> {
		this.#waiting = this.#waiting.filter(({ series }) => !gone.includes(series));
		for (const series of gone) {
			const emptied = await this.#blocks.empty(series);
			if (!emptied.ok) return emptied;
			series.held = series.held.filter((row) => row.wal > 0);
		}
		return done;
	}

	async close(): Promise<void> {
		if (this.#closed) return;
		await this.flush();
		this.#closed = true;
		await this.#tail;
		this.#sentinels.stop();
		this.#cancelRetry?.();
		if (this.#parts.disk) this.#sentinels.tellNow();
		this.#parts.disk?.close();
	}

	/** Takes a sample into memory; false where the ledger has it. */
	#admit(sample: Sample, batch: Batch): boolean {
		const series = this.#seriesOf(sample.device, sample.provenance);
		const { identity } = sample;
		if (identity && !series.ledger.add(identity.epoch, identity.seq, sample.timeMs)) return false;
		const readings = Object.entries(sample.values).filter(([, value]) => Number.isFinite(value));
		const row: HeldRow = {
			timeMs: sample.timeMs,
			clock: sample.clock,
			identity: identity && { epoch: identity.epoch, seq: identity.seq },
			metrics: readings.map(([name]) => this.#parts.names.metric(name)),
			values: readings.map(([, value]) => value),
			wal: 0
		};
		series.hold(row);
		this.#waiting.push({ series, row, batch });
		return true;
	}

	#find(device: DeviceId, provenance: Provenance): Series | undefined {
		const id = this.#parts.names.findSeries(device, provenance);
		return id === undefined ? undefined : this.#byId.get(id);
	}

	#seriesOf(device: DeviceId, provenance: Provenance): Series {
		const found = this.#find(device, provenance);
		if (found) return found;
		const made = new Series(this.#parts.names.series(device, provenance), device, provenance);
		made.heads = [];
		this.#byId.set(made.id, made);
		return made;
	}

	/** The flush that will hold all that waits now: at most `flushMs` after the first of it. */
	#nextFlush(): Promise<Result<void, StoreError>> {
		if (this.#scheduled) return this.#scheduled.promise;
		let resolve: (outcome: Promise<Result<void, StoreError>>) => void = () => undefined;
		const promise = new Promise<Result<void, StoreError>>((settle) => (resolve = settle));
		const fire = () => {
			cancel();
			this.#scheduled = undefined;
			resolve(this.#inTurn(() => this.#write()));
		};
		const cancel = this.#parts.clock.after(this.#parts.limits.flushMs, fire);
		this.#scheduled = { promise, fire };
		return promise;
	}

	/** Runs after everything queued before it. */
	#inTurn<T>(act: () => Promise<T>): Promise<T> {
		const turn = this.#tail.then(act);
		this.#tail = turn.catch(() => undefined); // the caller has the rejection
		return turn;
	}

	async #write(): Promise<Result<void, StoreError>> {
		if (this.#waiting.length === 0) return this.#failing ? err(this.#failing) : done;
		const { disk, names, clock } = this.#parts;
		if (!disk) return this.#failed({ kind: 'unavailable', cause: this.#parts.cause });
		const flight = this.#waiting;
		this.#waiting = [];
		this.#flying = flight.length;
		const groups = new Map<number, Row[]>();
		for (const { series, row } of flight) {
			const group = groups.get(series.id);
			if (group) group.push(row);
			else groups.set(series.id, [row]);
		}
		const bytes = encodeWalRecord(groups);
		const newNames = [...names.unsaved];
		const number = this.#wal + 1;
		const put = () => disk.putRecord(number, bytes, newNames);
		const first = await put();
		const written =
			!first.ok && first.error.kind === 'quota' && (await this.#madeRoom()) ? await put() : first;
		this.#flying = 0;
		if (!written.ok) {
			this.#waiting = [...flight, ...this.#waiting];
			this.#boundWaiting();
			return this.#failed(written.error);
		}
		for (const { row } of flight) row.wal = number;
		names.saved(newNames);
		this.#wal = number;
		this.#walBytes += bytes.length;
		this.#walSinceMs ??= clock.now();
		this.#flushes++;
		this.#recovered();
		this.#sentinels.changed();
		if (this.#sealDue()) void this.#inTurn(() => this.#sealAndFold());
		return done;
	}

	/** @returns whether the oldest went for what comes in */
	async #madeRoom(): Promise<boolean> {
		const made = await this.#retainer.makeRoom();
		if (!made.ok || made.value.length === 0) return false;
		this.#parts.onTrouble({ kind: 'made-room', letGo: made.value });
		return true;
	}

	#failed(error: StoreError): Result<void, StoreError> {
		if (this.#failing?.kind !== error.kind) this.#parts.onTrouble({ kind: 'failing', error });
		this.#failing = error;
		// A fenced leader has a successor: it must not try again.
		if (error.kind !== 'fenced' && this.#parts.disk && !this.#closed) {
			this.#cancelRetry?.();
			this.#cancelRetry = this.#parts.clock.after(RETRY_MS, () => void this.#inTurn(() => this.#write()));
		}
		return err(error);
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
		for (const { series, row, batch } of dropped) {
			batch.dropped++;
			if (row.identity) series.ledger.remove(row.identity.epoch, row.identity.seq);
		}
	}

	#sealDue(): boolean {
		const { limits, clock } = this.#parts;
		if (clock.now() < this.#sealNotBeforeMs) return false;
		const records = this.#wal - this.#blocks.state.sealedWal;
		const ageMs = clock.now() - (this.#walSinceMs ?? clock.now());
		return this.#walBytes >= limits.sealBytes || records >= limits.sealRecords || ageMs >= limits.sealAgeMs;
	}

	/** Seals now what is written ahead, whatever its age: after a loss, so that the log has no hole. */
	seal(): Promise<Result<void, StoreError>> {
		return this.#inTurn(() => this.#seal());
	}

	async #sealAndFold(): Promise<void> {
		if (!this.#sealDue()) return;
		const touched = [...this.#byId.values()].filter(({ held }) => held.some((row) => row.wal > 0));
		const sealed = await this.#seal();
		if (!sealed.ok) {
			this.#sealNotBeforeMs = this.#parts.clock.now() + RETRY_MS;
			this.#failed(sealed.error);
			return;
		}
		// Each fold takes its own turn, so that flushes get in between.
		for (const series of touched.slice(0, FOLDS_PER_SEAL)) void this.#inTurn(() => this.#fold(series));
		void this.#inTurn(() => this.#letGo());
	}

	/**
	 * Moves all that is written ahead into blocks, with ledger and latest values, in one transaction.
	 * @param gone series that are removed instead: their rows in the log would bring them back at the next start
	 */
	async #seal(gone: readonly Series[] = []): Promise<Result<void, StoreError>> {
		const { seal, sealedWal } = this.#blocks.state;
		if (this.#wal === sealedWal && gone.length === 0) return done;
		const remove: BlockHead[] = [];
		for (const { id } of gone) remove.push(...((await this.#parts.disk?.heads(id)) ?? []));
		const made: { series: Series; block: NewBlock }[] = [];
		const touched = [...this.#byId.values()].filter(
			(series) => !gone.includes(series) && series.held.some((row) => row.wal > 0)
		);
		for (const series of touched) {
			const rows = series.held.filter((row) => row.wal > 0);
			for (const block of this.#blocks.encode(series, rows, seal + made.length)) made.push({ series, block });
		}
		const changed = await this.#blocks.change(
			remove,
			made.map(({ block }) => block),
			{
				...(this.#wal > sealedWal ? { walUpTo: this.#wal } : {}),
				forget: gone.map(({ id }) => id),
				ledgers: new Map(touched.map((series) => [series.id, writtenLedger(series).encode()])),
				latest: new Map(touched.map((series) => [series.id, series.latestRow()]))
			}
		);
		if (!changed.ok) return changed;
		for (const series of touched) {
			series.held = series.held.filter((row) => row.wal === 0);
			series.replaceBlocks(
				[],
				made.filter((m) => m.series === series).map(({ block }) => block.head)
			);
		}
		for (const { id, device, provenance } of gone) {
			this.#byId.delete(id);
			this.#parts.names.forgetSeries(device, provenance);
		}
		if (gone.length > 0) this.#waiting = this.#waiting.filter(({ series }) => !gone.includes(series));
		this.#walBytes = 0;
		this.#walSinceMs = undefined;
		this.#sentinels.tellNow();
		return done;
	}

	/** Joins small neighbours of one series, if there are enough of a level. */
	async #fold(series: Series): Promise<void> {
		if (this.#byId.get(series.id) !== series) return;
		const folded = await this.#blocks.fold(series);
		if (!folded.ok) this.#failed(folded.error);
	}

	/** Each block in a turn of its own. Where one cannot be written the rest is left for the next time: samples serve as well. */
	async #rollUp(heads: readonly BlockHead[]): Promise<void> {
		for (const head of heads) {
			const rolled = await this.#inTurn(async () => {
				const series = this.#closed ? undefined : this.#byId.get(head.series);
				return series ? this.#blocks.rollUp(series, head) : done;
			});
			if (!rolled.ok) return;
		}
	}

	#tellDamaged(head: BlockHead): void {
		const { seal } = this.#blocks.state;
		const known = { knownSeal: seal, knownWal: this.#wal, foundSeal: seal, foundWal: this.#wal };
		const noticedMs = this.#parts.clock.now();
		const loss = { noticedMs, cause: 'unreadable', block: head.block, ...known } as const;
		this.#parts.onTrouble({ kind: 'lost', loss });
		const series = this.#byId.get(head.series);
		if (series) void this.#inTurn(() => this.#mend(series));
	}

	async #mend(series: Series): Promise<void> {
		if (this.#byId.get(series.id) === series) await this.#blocks.mend(series);
	}
}

const sameBytes = ({ block, crc }: BlockHead): string => `${block}.${crc}`;

/** The ledger without what still waits: a crash now must not leave it claiming samples that were never written. */
function writtenLedger({ ledger, held }: Series): Ledger {
	const waiting = held.filter(({ wal, identity }) => wal === 0 && identity !== undefined);
	if (waiting.length === 0) return ledger;
	const written = Ledger.decode(ledger.encode());
	assert(written, 'a ledger can be read back from what it encodes to');
	for (const { identity } of waiting) if (identity) written.remove(identity.epoch, identity.seq);
	return written;
}

import { assert, done, err, ok, type Clock, type Result } from '$lib/base';
import type { DeviceId, Provenance, Sample } from '$lib/model';
import { encodeBlock, openBlock, type BlockHead } from './codec/block';
import { Malformed } from './codec/byte-stream';
import type { Row } from './codec/row-group';
import { encodeWalRecord } from './codec/wal-record';
import { ColumnCache } from './column-cache';
import type { Disk, NewBlock, StateRow } from './disk';
import { pointColumns } from './fold';
import { chooseFold } from './fold-plan';
import { Ledger } from './ledger';
import type { Names } from './names';
import { reduceRange, type BlockColumns } from './range';
import { formatSentinel } from './sentinel';
import { Series, byTime, type HeldRow } from './series';
import type {
	AppendReport,
	LatestSample,
	RangeQuery,
	SeriesColumns,
	StoreError,
	StoreLimits,
	StoreStats,
	StoreTrouble,
	TelemetryStore
} from './store';

/** Between tries while nothing can be written, ms: long enough not to wear out a full disk. */
const RETRY_MS = 5000;
/** The page's copy of the sentinel is at most this far behind, ms. */
const SENTINEL_MS = 5000;
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
	readonly #cache: ColumnCache;
	readonly #damaged = new Set<number>();
	#state: StateRow;
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
	#sentinelDueMs = 0;
	#sealNotBeforeMs = 0;
	#cancelSentinel: (() => void) | undefined;
	#cancelRetry: (() => void) | undefined;

	constructor(parts: StoreParts) {
		this.#parts = parts;
		this.#state = parts.state;
		this.#wal = parts.wal;
		this.#walBytes = parts.walBytes;
		this.#cache = new ColumnCache(parts.limits.cacheBytes);
		for (const series of parts.series) this.#byId.set(series.id, series);
		if (this.#wal > this.#state.sealedWal) this.#walSinceMs = parts.clock.now();
	}

	get sentinel(): string {
		return formatSentinel({ generation: this.#state.generation, seal: this.#state.seal, wal: this.#wal });
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
		const series = this.#find(query.device, query.provenance);
		const metric = this.#parts.names.findMetric(query.metric);
		for (let left = RANGE_TRIES; ; left--) {
			signal.throwIfAborted();
			if (!series || metric === undefined || !(query.toMs > query.fromMs)) return pointColumns([]);
			const heads = series.heads ?? (await this.#loadHeads(series));
			signal.throwIfAborted();
			// Copied here, with no wait since the headers were seen: a row is in one of the two, never in both.
			const source = {
				metric,
				heads: heads.filter((h) => !this.#damaged.has(h.block)),
				held: [...series.held]
			};
			if (heads !== series.heads) continue;
			const result = await reduceRange(query, source, (wanted) => this.#readColumns(wanted, metric, signal));
			const stillThere = source.heads.every((head) => series.heads?.includes(head) ?? false);
			if (stillThere || left <= 1) return result;
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

	async stats(): Promise<StoreStats> {
		const usage = await this.#parts.disk?.usage();
		let held = 0;
		for (const series of this.#byId.values()) held += series.held.length;
		return {
			walRecords: this.#wal - this.#state.sealedWal,
			walBytes: this.#walBytes,
			blocks: this.#state.blocks,
			blockBytes: this.#state.blockBytes,
			samples: this.#state.samples + held,
			usedBytes: usage?.usedBytes,
			quotaBytes: usage?.quotaBytes,
			persisted: usage?.persisted,
			bucketsApart: this.#parts.disk?.bucketsApart ?? false,
			flushes: this.#flushes,
			dropped: this.#dropped
		};
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
		const { disk, cause } = this.#parts;
		if (!disk) return err({ kind: 'unavailable', cause });
		this.#waiting = this.#waiting.filter(({ series }) => !gone.includes(series));
		for (const series of gone) {
			const heads = await disk.heads(series.id);
			const emptied = await disk.empty(series.id);
			if (!emptied.ok) return emptied;
			// Written with the next seal. A browser killed before finds fewer blocks than it knew of, and mends that.
			this.#state = withBlocks(this.#state, heads, []);
			series.heads = [];
			series.held = series.held.filter((row) => row.wal > 0);
		}
		return done;
	}

	async close(): Promise<void> {
		if (this.#closed) return;
		await this.flush();
		this.#closed = true;
		await this.#tail;
		this.#cancelSentinel?.();
		this.#cancelRetry?.();
		if (this.#parts.disk) this.#tellSentinel();
		this.#parts.disk?.close();
	}

	/** Takes a sample into memory; false where the ledger has it. */
	#admit(sample: Sample, batch: Batch): boolean {
		const series = this.#seriesOf(sample.device, sample.provenance);
		const { identity } = sample;
		if (identity && !series.ledger.add(identity.epoch, identity.seq)) return false;
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
		const written = await disk.putRecord(number, bytes, newNames);
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
		this.#sentinelChanged();
		if (this.#sealDue()) void this.#inTurn(() => this.#sealAndFold());
		return done;
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
		const records = this.#wal - this.#state.sealedWal;
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
	}

	/**
	 * Moves all that is written ahead into blocks, with ledger and latest values, in one transaction.
	 * @param gone series that are removed instead: their rows in the log would bring them back at the next start
	 */
	async #seal(gone: readonly Series[] = []): Promise<Result<void, StoreError>> {
		if (this.#wal === this.#state.sealedWal && gone.length === 0) return done;
		const remove: BlockHead[] = [];
		for (const { id } of gone) remove.push(...((await this.#parts.disk?.heads(id)) ?? []));
		const made: { series: Series; block: NewBlock }[] = [];
		let seal = this.#state.seal;
		const touched = [...this.#byId.values()].filter(
			(series) => !gone.includes(series) && series.held.some((row) => row.wal > 0)
		);
		for (const series of touched) {
			const rows = series.held.filter((row) => row.wal > 0).sort((a, b) => a.timeMs - b.timeMs);
			for (let at = 0; at < rows.length; at += this.#parts.limits.blockRows) {
				const part = rows.slice(at, at + this.#parts.limits.blockRows);
				made.push({ series, block: encodeBlock(part, { series: series.id, block: ++seal, level: 0 }) });
			}
		}
		const changed = await this.#change(
			remove,
			made.map(({ block }) => block),
			{
				...(this.#wal > this.#state.sealedWal ? { walUpTo: this.#wal } : {}),
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
		this.#tellSentinel();
		return done;
	}

	/** Joins small neighbours of one series, if there are enough of a level. */
	async #fold(series: Series): Promise<void> {
		const { disk, limits } = this.#parts;
		if (!disk || this.#byId.get(series.id) !== series) return;
		series.heads ??= [...(await disk.heads(series.id))].sort(byTime);
		const group = chooseFold(
			series.heads.filter((head) => !this.#damaged.has(head.block)),
			limits
		);
		const first = group[0];
		if (!first) return;
		const bytes = await disk.blocks(group);
		const rows: Row[] = [];
		for (const [i, head] of group.entries()) {
			const part = this.#open(head, bytes[i])?.rows();
			if (!part) return; // told as damage: left where it is
			for (const row of part) rows.push(row);
		}
		const block = encodeBlock(rows, {
			series: series.id,
			block: this.#state.seal + 1,
			level: first.level + 1
		});
		const changed = await this.#change(group, [block], {});
		if (changed.ok) series.replaceBlocks(group, [block.head]);
		else this.#failed(changed.error);
	}

	async #change(
		remove: readonly BlockHead[],
		add: readonly NewBlock[],
		more: Pick<Parameters<Disk['change']>[0], 'walUpTo' | 'ledgers' | 'latest' | 'forget'>
	): Promise<Result<void, StoreError>> {
		const { disk, cause } = this.#parts;
		if (!disk) return err({ kind: 'unavailable', cause });
		const added = add.map(({ head }) => head);
		const before = this.#state;
		const state: StateRow = {
			...withBlocks(before, remove, added),
			seal: Math.max(before.seal + 1, ...added.map(({ block }) => block)),
			sealedWal: more.walUpTo ?? before.sealedWal
		};
		const changed = await disk.change({ state, add, remove, ...more });
		if (changed.ok) this.#state = state;
		return changed;
	}

	#loadHeads(series: Series): Promise<readonly BlockHead[]> {
		return this.#inTurn(async () => {
			series.heads ??= [...((await this.#parts.disk?.heads(series.id)) ?? [])].sort(byTime);
			return series.heads;
		});
	}

	async #readColumns(
		heads: readonly BlockHead[],
		metric: number,
		signal: AbortSignal
	): Promise<readonly BlockColumns[]> {
		const found = heads.map((head) => this.#cached(head, metric));
		const missing = heads.filter((_, i) => !found[i]);
		if (missing.length === 0) return found;
		const bytes = (await this.#parts.disk?.blocks(missing)) ?? [];
		signal.throwIfAborted();
		const decoded = new Map(missing.map((head, i) => [head, this.#decode(head, bytes[i], metric)]));
		return heads.map((head, i) => found[i] ?? decoded.get(head));
	}

	#cached(head: BlockHead, metric: number): BlockColumns {
		const times = this.#cache.get(`${head.block}`);
		const values = this.#cache.get(`${head.block}.${metric}`);
		return times && values ? { times, values } : undefined;
	}

	#decode(head: BlockHead, bytes: Uint8Array | undefined, metric: number): BlockColumns {
		// Folded away since: the query sees that and starts again.
		if (!bytes && !this.#byId.get(head.series)?.heads?.includes(head)) return undefined;
		const group = this.#open(head, bytes);
		const values = group?.column(metric);
		if (!group || !values) return undefined;
		const times = this.#cache.get(`${head.block}`) ?? group.times();
		this.#cache.set(`${head.block}`, times);
		this.#cache.set(`${head.block}.${metric}`, values);
		return { times, values };
	}

	/** The block; where it is damaged it is left out from now on, and told once. */
	#open(head: BlockHead, bytes: Uint8Array | undefined): ReturnType<typeof openBlock> {
		try {
			const group = openBlock(head, bytes);
			if (group) return group;
		} catch (error) {
			if (!(error instanceof Malformed)) throw error;
		}
		if (!this.#damaged.has(head.block)) {
			this.#damaged.add(head.block);
			const { seal } = this.#state;
			const known = { knownSeal: seal, knownWal: this.#wal, foundSeal: seal, foundWal: this.#wal };
			const noticedMs = this.#parts.clock.now();
			const loss = { noticedMs, cause: 'unreadable', block: head.block, ...known } as const;
			this.#parts.onTrouble({ kind: 'lost', loss });
			const series = this.#byId.get(head.series);
			if (series) void this.#inTurn(() => this.#mend(series));
		}
		return undefined;
	}

	/** Removes a series' damaged blocks and makes its ledger say what is left, so that what they held may come again. */
	async #mend(series: Series): Promise<void> {
		const { disk } = this.#parts;
		if (!disk || this.#byId.get(series.id) !== series) return;
		const ledger = new Ledger();
		const bad: BlockHead[] = [];
		for (const head of [...(await disk.heads(series.id))].sort(byTime)) {
			const [bytes] = await disk.blocks([head]);
			const rows = this.#damaged.has(head.block) ? undefined : this.#open(head, bytes)?.rows();
			if (!rows) bad.push(head);
			else for (const { identity } of rows) if (identity) ledger.add(identity.epoch, identity.seq);
		}
		if (bad.length === 0) return; // an earlier turn has done it
		const hold = (rows: readonly HeldRow[]) => {
			for (const { identity } of rows) if (identity) ledger.add(identity.epoch, identity.seq);
		};
		hold(series.held.filter((row) => row.wal > 0));
		const changed = await this.#change(bad, [], { ledgers: new Map([[series.id, ledger.encode()]]) });
		if (!changed.ok) return; // left out of queries as before, and found again at the next start
		hold(series.held); // with what came meanwhile
		series.ledger = ledger;
		series.replaceBlocks(bad, []);
		for (const { block } of bad) this.#damaged.delete(block);
	}

	/** Tells at once if it was long ago, else as soon as it is. */
	#sentinelChanged(): void {
		const { clock } = this.#parts;
		if (this.#cancelSentinel) return;
		const waitMs = this.#sentinelDueMs - clock.now();
		if (waitMs <= 0) this.#tellSentinel();
		else this.#cancelSentinel = clock.after(waitMs, () => this.#tellSentinel());
	}

	#tellSentinel(): void {
		this.#cancelSentinel?.();
		this.#cancelSentinel = undefined;
		this.#sentinelDueMs = this.#parts.clock.now() + SENTINEL_MS;
		this.#parts.onSentinel(this.sentinel);
	}
}

/** The state's sums after blocks went and came. */
function withBlocks(state: StateRow, remove: readonly BlockHead[], add: readonly BlockHead[]): StateRow {
	const more = (key: 'bytes' | 'rows') =>
		add.reduce((n, head) => n + head[key], 0) - remove.reduce((n, head) => n + head[key], 0);
	return {
		...state,
		blocks: state.blocks + add.length - remove.length,
		blockBytes: state.blockBytes + more('bytes'),
		samples: state.samples + more('rows')
	};
}

/** The ledger without what still waits: a crash now must not leave it claiming samples that were never written. */
function writtenLedger({ ledger, held }: Series): Ledger {
	const waiting = held.filter(({ wal, identity }) => wal === 0 && identity !== undefined);
	if (waiting.length === 0) return ledger;
	const written = Ledger.decode(ledger.encode());
	assert(written, 'a ledger can be read back from what it encodes to');
	for (const { identity } of waiting) if (identity) written.remove(identity.epoch, identity.seq);
	return written;
}

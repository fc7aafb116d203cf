import { done, err, type Clock, type Result } from '$lib/base';
import type { DeviceId, Sample } from '$lib/model';
import { BlockHold, takeSnapshot } from './backup/snapshot';
import { BlockReader } from './block-reader';
import { Bulk } from './bulk';
import type { BulkSource } from './sample-columns';
import { samplesIn, type BlockHead } from './codec/block';
import { Corrections } from './corrections';
import type { Disk, StateRow } from './disk';
import { FullDisk } from './full-disk';
import { mend } from './mend';
import type { Gap } from './ledger';
import type { LetGoLog } from './let-go-log';
import type { Names } from './names';
import { figuresOf, NOTHING_ASIDE, type Aside } from './quarantine';
import { Reads } from './reads';
import { Retainer } from './retainer';
import type { Retention } from './retention';
import { Scanner, scanPages } from './scan';
import { SealedBlocks } from './sealed-blocks';
import { Sealer } from './sealer';
import { formatSentinel } from './sentinel';
import { SentinelTeller } from './sentinel-teller';
import { isSample, type Series } from './series';
import { SeriesSizes } from './series-sizes';
import { SeriesTable } from './series-table';
import type {
	AggregateQuery,
	Aggregates,
	AppendReport,
	BulkReport,
	LatestSample,
	RangeQuery,
	ScanPage,
	ScanQuery,
	SeriesColumns,
	SeriesExtent,
	SeriesKey,
	SeriesSize,
	SetAside,
	StateInterval,
	StateQuery,
	StoreError,
	StoreLimits,
	StoreLoss,
	StoreSnapshot,
	StoreStats,
	StoreTrouble,
	TelemetryStore
} from './store';
import { Turns } from './turns';
import { WriteAhead } from './write-ahead';

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
	readonly letGo: LetGoLog;
	readonly onSentinel: (text: string) => void;
	readonly onTrouble: (trouble: StoreTrouble) => void;
}

/** When tables are counted: after opening has answered and what is shown first has been read, ms. */
const COUNT_AFTER_MS = 5000;

/** The store over a disk: what waits and is written ahead, what is sealed, what is read. All writes take turns. */
export class ColumnarStore implements TelemetryStore {
	readonly #parts: StoreParts;
	readonly #turns = new Turns();
	readonly #table: SeriesTable;
	readonly #reader: BlockReader;
	readonly #blocks: SealedBlocks;
	readonly #log: WriteAhead;
	readonly #sealer: Sealer;
	readonly #corrections: Corrections;
	readonly #reads: Reads;
	readonly #scanner: Scanner;
	readonly #sizes: SeriesSizes;
	readonly #sentinels: SentinelTeller;
	readonly #retainer: Retainer;
	readonly #hold: BlockHold;
	readonly #cancelCount: () => void;
	#retention: Retention;
	#closed = false;

	constructor(parts: StoreParts) {
		this.#parts = parts;
		const { disk, cause, limits, state, clock } = parts;
		const turns = this.#turns;
		const hold = (this.#hold = new BlockHold(clock, turns));
		const table = (this.#table = new SeriesTable(parts.names, parts.series, clock));
		const reader = (this.#reader = new BlockReader({
			disk,
			cacheBytes: limits.cacheBytes,
			isStored: ({ series, block, crc }) =>
				table.byId(series)?.heads?.some((head) => head.block === block && head.crc === crc) ?? false,
			onDamaged: (head) => this.#tellDamaged(head),
			onRollupDamaged: (head) => void this.#rollUp([head])
		}));
		const blocks = (this.#blocks = new SealedBlocks({
			...{ disk, cause, reader, limits, state },
			onOlder: (heads) => void this.#rollUp(heads)
		}));
		this.#retention = parts.retention;
		this.#retainer = new Retainer({
			...{ blocks, names: parts.names, clock, log: parts.letGo },
			policy: () => this.#retention,
			series: () => table.all
		});
		this.#sentinels = new SentinelTeller(clock, () => parts.onSentinel(this.sentinel));
		const log = (this.#log = new WriteAhead({
			...{ disk, cause, table, turns, clock, limits },
			...{ wal: parts.wal, walBytes: parts.walBytes, sealedWal: state.sealedWal },
			fullDisk: new FullDisk({
				clock,
				makeRoom: () => this.#retainer.makeRoom(),
				onTrouble: parts.onTrouble
			}),
			onTrouble: parts.onTrouble,
			onCorrection: () => this.#corrections.schedule(),
			onWritten: () => {
				this.#sentinels.changed();
				if (blocks.owes) void turns.take(() => blocks.tellGone());
				this.#sealer.sealWhereDue();
			}
		}));
		this.#corrections = new Corrections({
			...{ disk, blocks, reader, table, clock, limits, hold },
			onFailed: (error) => void log.failed(error)
		});
		if (this.#corrections.waiting) this.#corrections.schedule();
		this.#sealer = new Sealer({
			...{ disk, blocks, log, table, turns, clock, limits, hold },
			corrections: this.#corrections,
			onSealed: () => this.#sentinels.tellNow(),
			onFolding: () => void turns.take(() => this.#letGo())
		});
		this.#reads = new Reads({ blocks, reader, table, turns });
		this.#scanner = new Scanner({ disk, blocks, reader, table }, limits.pageSamples);
		this.#sizes = new SeriesSizes({ disk, table, turns });
		this.#cancelCount = clock.after(COUNT_AFTER_MS, () => hold.take(() => this.#count()));
	}

	get sentinel(): string {
		const { generation, seal } = this.#blocks.state;
		return formatSentinel({ generation, seal, wal: this.#log.newest });
	}

	async append(samples: readonly Sample[]): Promise<Result<AppendReport, StoreError>> {
		return this.#closed ? err({ kind: 'closed' }) : this.#log.append(samples);
	}

	async bulk(source: BulkSource, signal: AbortSignal): Promise<Result<BulkReport, StoreError>> {
		if (this.#closed) return err({ kind: 'closed' });
		const { limits } = this.#parts;
		const bulk = new Bulk({
			...{ blocks: this.#blocks, table: this.#table, turns: this.#turns, log: this.#log, limits },
			onSealed: () => this.#sentinels.changed(),
			onTrouble: this.#parts.onTrouble
		});
		const outcome = await bulk.run(source, signal);
		this.#sentinels.tellNow();
		void this.#turns.take(() => this.#letGo());
		return outcome;
	}

	async flush(): Promise<Result<void, StoreError>> {
		if (this.#closed) return err({ kind: 'closed' });
		const written = await this.#log.flush();
		return written.ok && this.#corrections.waiting && !this.#hold.held
			? this.#turns.take(() => this.#corrections.apply())
			: written;
	}

	/** Seals now what is written ahead, whatever its age: after a loss, so that the log has no hole. */
	seal(): Promise<Result<void, StoreError>> {
		return this.#sealer.seal();
	}

	async forget(device: DeviceId): Promise<Result<void, StoreError>> {
		if (this.#closed) return err({ kind: 'closed' });
		const forgotten = await this.#sealer.forget(device);
		if (forgotten.ok) this.#parts.letGo.forget(device);
		return forgotten;
	}

	async snapshot(): Promise<Result<StoreSnapshot, StoreError>> {
		const { disk, cause } = this.#parts;
		if (this.#closed) return err({ kind: 'closed' });
		if (!disk) return err({ kind: 'unavailable', cause });
		const flushed = await this.flush();
		if (!flushed.ok) return flushed;
		for (const series of this.#table.all) await this.#blocks.headsOf(series); // so that damage is told as such
		return this.#sealer.sealed(() =>
			takeSnapshot(disk, this.#hold, (head, bytes) => this.#reader.open(head, bytes))
		);
	}

	range(query: RangeQuery, signal: AbortSignal): Promise<SeriesColumns> {
		return this.#reads.range(query, signal);
	}

	aggregate(query: AggregateQuery, signal: AbortSignal): Promise<Aggregates | undefined> {
		return this.#reads.aggregate(query, signal);
	}

	states(query: StateQuery, signal: AbortSignal): Promise<readonly StateInterval[]> {
		return this.#reads.states(query, signal);
	}

	async latest(): Promise<readonly LatestSample[]> {
		return this.#reads.latest();
	}

	scan(query: ScanQuery, signal: AbortSignal): AsyncIterable<readonly Sample[]> {
		return scanPages((part, until) => this.#scanner.page(part, until), query, signal);
	}

	page(query: ScanQuery, signal: AbortSignal): Promise<ScanPage> {
		return this.#scanner.page(query, signal);
	}

	extents(): Promise<readonly SeriesExtent[]> {
		return this.#reads.extents();
	}

	gaps({ device, provenance }: SeriesKey): readonly Gap[] {
		return this.#table.find(device, provenance)?.ledger.gaps() ?? [];
	}

	abandoned({ device, provenance }: SeriesKey): number {
		return this.#table.find(device, provenance)?.ledger.abandoned ?? 0;
	}

	missing({ device, provenance }: SeriesKey, epoch: number): readonly (readonly [number, number])[] {
		return this.#table.find(device, provenance)?.ledger.missing(epoch) ?? [];
	}

	giveUp(
		{ device, provenance }: SeriesKey,
		{ epoch, from, to }: { readonly epoch: number; readonly from: number; readonly to: number }
	): void {
		const series = this.#table.find(device, provenance);
		if (!series) return;
		series.ledger.giveUp(epoch, from, to);
		series.ledgerAhead = true;
	}

	disown(
		{ device, provenance }: SeriesKey,
		{ epoch, from, to }: { readonly epoch: number; readonly from: number; readonly to: number }
	): number {
		const series = this.#table.find(device, provenance);
		const count = series?.ledger.disown(epoch, from, to) ?? 0;
		if (!series || count === 0) return 0;
		series.ledgerAhead = true;
		// At once: the log's replay would tell of them again.
		if (!this.#hold.held && !this.#closed) void this.#sealer.seal();
		return count;
	}

	guessed({ device, provenance }: SeriesKey, epoch: number): readonly (readonly [number, number])[] {
		return this.#table.find(device, provenance)?.ledger.guessed(epoch) ?? [];
	}

	settleTimes(
		{ device, provenance }: SeriesKey,
		{ epoch, from, to }: { readonly epoch: number; readonly from: number; readonly to: number }
	): void {
		const series = this.#table.find(device, provenance);
		if (!series) return;
		series.ledger.settle(epoch, from, to);
		series.ledgerAhead = true;
	}

	async stats(): Promise<StoreStats> {
		const { disk } = this.#parts;
		const usage = await disk?.usage();
		const { state } = this.#blocks;
		const held = this.#table.all.reduce((sum, { held: rows }) => sum + rows.filter(isSample).length, 0);
		return {
			walRecords: this.#log.newest - state.sealedWal,
			walBytes: this.#log.bytes,
			blocks: state.blocks,
			blockBytes: state.blockBytes,
			rollupBytes: state.rollupBytes,
			samples: state.samples + held,
			usedBytes: usage?.usedBytes,
			quotaBytes: usage?.quotaBytes,
			persisted: usage?.persisted,
			bucketsApart: disk?.bucketsApart ?? false,
			...this.#log.figures,
			held,
			queueDepth: this.#turns.depth,
			...this.#reader.figures,
			quarantined: disk?.quarantined ?? figuresOf(NOTHING_ASIDE),
			...this.#sealer.figures,
			letGo: this.#parts.letGo.entries
		};
	}

	async aside(): Promise<readonly SetAside[]> {
		const rows: readonly Aside[] = (await this.#parts.disk?.aside()) ?? [];
		return rows.map((row) => {
			const series = row.kind === 'block' ? this.#table.byId(row.series) : undefined;
			return { ...row, of: series && keyOf(series) };
		});
	}

	sizes(): Promise<readonly SeriesSize[]> {
		return this.#sizes.all();
	}

	retain(retention: Retention): void {
		this.#retention = retention;
		void this.#turns.take(() => this.#letGo());
	}

	async close(): Promise<void> {
		if (this.#closed) return;
		await this.flush();
		this.#closed = true;
		await this.#turns.over();
		this.#sentinels.stop();
		this.#corrections.stop();
		this.#hold.stop();
		this.#cancelCount();
		this.#log.stop();
		if (this.#parts.disk) this.#sentinels.tellNow();
		this.#parts.disk?.close();
	}

	/** Some blocks a turn, so that flushes get in between. */
	async #letGo(): Promise<void> {
		if (this.#closed || !this.#parts.disk || this.#hold.held) return;
		const turned = await this.#retainer.turn();
		if (!turned.ok) this.#log.failed(turned.error);
		else if (turned.value) void this.#turns.take(() => this.#letGo());
	}

	/**
	 * Each block in a turn of its own. Where one cannot be written, or somebody reads the blocks, the rest is left for the next time it
	 * is told: samples serve as well.
	 */
	async #rollUp(heads: readonly BlockHead[]): Promise<void> {
		for (const head of heads) {
			if (this.#hold.held) return;
			const rolled = await this.#turns.take(async () => {
				const series = this.#closed || this.#hold.held ? undefined : this.#table.byId(head.series);
				return series ? this.#blocks.rollUp(series, head) : done;
			});
			if (!rolled.ok) return;
		}
	}

	#tellDamaged(head: BlockHead): void {
		const noticedMs = this.#parts.clock.now();
		const series = this.#table.byId(head.series);
		const { block, fromMs, toMs } = head;
		const of = series && { ...keyOf(series), fromMs, toMs, samples: samplesIn(head) };
		this.#tellLost({ noticedMs, cause: 'unreadable', block, ...(of ? { of } : {}) });
		if (!series) return;
		// Before the ledger lets go of its numbers: a better time in the log would be taken for one of them at the next start.
		if (!this.#hold.held) void this.#sealer.seal();
		this.#hold.take(() => this.#mend(series, noticedMs));
	}

	#tellLost(what: Omit<StoreLoss, 'knownSeal' | 'knownWal' | 'foundSeal' | 'foundWal'>): void {
		const { seal } = this.#blocks.state;
		const wal = this.#log.newest;
		const known = { knownSeal: seal, knownWal: wal, foundSeal: seal, foundWal: wal };
		this.#parts.onTrouble({ kind: 'lost', loss: { ...what, ...known } });
	}

	/** Whether the tables have lost blocks of which nothing else tells: then makes sense of what is left. */
	async #count(): Promise<void> {
		const { disk, names, clock } = this.#parts;
		const { state } = this.#blocks;
		if (this.#closed || !disk) return;
		try {
			if (await disk.isWhole(state.blocks)) return;
		} catch (cause) {
			this.#log.failed({ kind: 'unavailable', cause: String(cause) });
			return;
		}
		const noticedMs = clock.now();
		this.#tellLost({ noticedMs, cause: 'corrupt-record' });
		const mended = await mend(disk, { state, names, series: this.#table.all }, new Set(), noticedMs);
		if (mended.ok) this.#blocks.state = mended.value;
		else this.#log.failed(mended.error);
	}

	async #mend(series: Series, noticedMs: number): Promise<void> {
		if (!this.#closed && this.#table.has(series)) await this.#blocks.mend(series, noticedMs);
	}
}

const keyOf = ({ device, provenance }: Series): SeriesKey => ({ device, provenance });

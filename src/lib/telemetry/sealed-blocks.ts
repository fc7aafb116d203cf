import { done, err, ok, type Result } from '$lib/base';
import { encodeColumnBlock, rollUpBlock, samplesIn, type BlockHead, type NewBlock } from './codec/block';
import { columnsOf, joinColumns, sliceColumns, sortByTime, type Columns } from './codec/columns';
import type { Row } from './codec/row-group';
import { thinBlock, wantsFiner, type Stays } from './codec/thin-block';
import type { BlockReader } from './block-reader';
import { blockParts, dayParts } from './block-parts';
import type { BlockChange, Disk, StateRow } from './disk';
import { chooseFold } from './fold-plan';
import { keptIn } from './kept-numbers';
import { asideOf } from './quarantine';
import { lowerBound } from './range';
import { byTime, type Series } from './series';
import type { StoreError, StoreLimits } from './store';
import { writtenLedger } from './written-ledger';

/** The blocks on disk and the state row that tells of them. Every act is one transaction; the caller takes turns. */
export class SealedBlocks {
	readonly #disk: Disk | undefined;
	readonly #cause: string;
	readonly #reader: BlockReader;
	readonly #limits: StoreLimits;
	readonly #onOlder: (heads: readonly BlockHead[]) => void;
	#state: StateRow;
	/** What is left of blocks whose samples went on a full disk: written with the next change. */
	#unwritten: readonly NewBlock[] = [];

	/**
	 * @param cause why there is no disk, where there is none
	 * @param onOlder told of blocks that an earlier version sealed, when their headers are first read
	 */
	constructor(options: {
		disk: Disk | undefined;
		cause: string;
		reader: BlockReader;
		limits: StoreLimits;
		state: StateRow;
		onOlder: (heads: readonly BlockHead[]) => void;
	}) {
		this.#disk = options.disk;
		this.#cause = options.cause;
		this.#reader = options.reader;
		this.#limits = options.limits;
		this.#onOlder = options.onOlder;
		this.#state = options.state;
	}

	get state(): StateRow {
		return this.#state;
	}

	/** After a mending wrote another. */
	set state(mended: StateRow) {
		this.#state = mended;
	}

	/** Headers of a series' blocks by time: read once, then kept up to date. Needs no turn: what is written meanwhile is seen. */
	async headsOf(series: Series): Promise<readonly BlockHead[]> {
		while (!series.heads) {
			const before = series.changes;
			const found = (await this.#disk?.heads(series.id)) ?? [];
			if (series.heads) return series.heads;
			if (series.changes === before)
				series.heads = found.filter(({ block }) => !series.sealing.has(block)).sort(byTime);
		}
		const older = series.heads.filter(({ version }) => version === 1);
		if (older.length > 0) this.#onOlder(older);
		return series.heads;
	}

	/** Blocks of level 0 for rows of one series, numbered from `after` + 1. */
	encode(series: Series, rows: readonly Row[], after: number): NewBlock[] {
		const parts = blockParts(sortByTime(columnsOf(rows)), this.#limits.blockRows);
		return parts.map((part, i) =>
			encodeColumnBlock(part, { series: series.id, block: after + i + 1, level: 0 })
		);
	}

	async change(
		remove: readonly BlockHead[],
		add: readonly NewBlock[],
		more: Pick<BlockChange, 'walUpTo' | 'ledgers' | 'latest' | 'names' | 'forget' | 'aside'> = {}
	): Promise<Result<void, StoreError>> {
		if (!this.#disk) return err({ kind: 'unavailable', cause: this.#cause });
		const added = add.map(({ head }) => head);
		const before = this.#state;
		const state: StateRow = {
			...withBlocks(before, remove, added),
			seal: Math.max(before.seal + 1, ...added.map(({ block }) => block)),
			sealedWal: more.walUpTo ?? before.sealedWal
		};
		return this.#write({ state, add, remove, ...more });
	}

	/** Removes all blocks of a series without writing a byte. */
	async empty(series: Series): Promise<Result<void, StoreError>> {
		if (!this.#disk) return err({ kind: 'unavailable', cause: this.#cause });
		const heads = await this.#disk.heads(series.id);
		const emptied = await this.#disk.empty(series.id);
		if (!emptied.ok) return emptied;
		// Written with the next seal. A browser killed before finds fewer blocks than it knew of, and mends that.
		this.#state = withBlocks(this.#state, heads, []);
		this.#unwritten = this.#unwritten.filter(({ head }) => head.series !== series.id);
		series.changes++;
		series.heads = [];
		return done;
	}

	/** Joins small neighbours of one series, if there are enough of a level. */
	async fold(series: Series): Promise<Result<void, StoreError>> {
		if (!this.#disk) return done;
		const heads = await this.headsOf(series);
		const group = chooseFold(
			heads.filter((head) => !this.#reader.isDamaged(head) && !head.columns.some(({ gone }) => gone)),
			this.#limits
		);
		const first = group[0];
		if (!first) return done;
		const bytes = await this.#disk.blocks(group);
		const parts: Columns[] = [];
		for (const [i, head] of group.entries()) {
			const part = this.#reader.open(head, bytes[i])?.columns();
			if (!part) return done; // told as damage: left where it is
			parts.push(part);
		}
		const place = { series: series.id, block: this.#state.seal + 1, level: first.level + 1 };
		const block = encodeColumnBlock(sortByTime(joinColumns(parts)), place);
		const changed = await this.change(group, [block]);
		if (changed.ok) series.replaceBlocks(group, [block.head]);
		return changed;
	}

	/** Parts a block that is longer than a day at a time: what is before it into days, so that each may go in its own time. */
	async cut(series: Series, old: BlockHead, atMs: number): Promise<Result<void, StoreError>> {
		if (!this.#disk || this.#reader.isDamaged(old)) return done;
		if (!(await this.headsOf(series)).includes(old)) return done; // folded since
		const [bytes] = await this.#disk.blocks([old]);
		const columns = this.#reader.open(old, bytes)?.columns();
		if (!columns) return done; // told as damage
		const at = lowerBound(columns.timeMs, atMs);
		const parts = [...dayParts(sliceColumns(columns, 0, at)), sliceColumns(columns, at, old.rows)];
		const made = parts.map((part, i) =>
			encodeColumnBlock(part, { series: series.id, block: this.#state.seal + i + 1, level: old.level })
		);
		const changed = await this.change([old], made);
		if (changed.ok)
			series.replaceBlocks(
				[old],
				made.map(({ head }) => head)
			);
		return changed;
	}

	/** Lets go of the samples of some metrics; the block's header stays, and rollups. */
	async thin(
		series: Series,
		old: BlockHead,
		drop: ReadonlySet<number>,
		stays: Stays
	): Promise<Result<void, StoreError>> {
		if (!this.#disk || this.#reader.isDamaged(old)) return done;
		if (!(await this.headsOf(series)).includes(old)) return done; // folded since
		const [bytes] = await this.#disk.blocks([old]);
		const group = this.#reader.open(old, bytes);
		if (!group) return done; // told as damage
		const thinned = thinBlock(old, group.rows(), drop, stays);
		const state = withBlocks(this.#state, [old], [thinned.head]);
		const changed = await this.#write({ state, add: [thinned], remove: [] });
		if (changed.ok) series.replaceBlocks([old], [thinned.head]);
		return changed;
	}

	/** Removes a block whole; what the ledger says of it stays, so that it is not asked for again. */
	async remove(series: Series, old: BlockHead): Promise<Result<void, StoreError>> {
		if (!(await this.headsOf(series)).includes(old)) return done;
		const changed = await this.change([old], []);
		if (changed.ok) series.replaceBlocks([old], []);
		return changed;
	}

	/**
	 * Lets go of all samples of some blocks of a series without writing a byte: a full disk lets it through. Their headers and rollups stay.
	 * As after `empty`, a later change tells of it: a browser killed before finds headers without bytes, and mends that.
	 */
	async dropSamples(
		of: ReadonlyMap<Series, readonly BlockHead[]>
	): Promise<Result<readonly BlockHead[], StoreError>> {
		if (!this.#disk) return err({ kind: 'unavailable', cause: this.#cause });
		const thinned = new Map<BlockHead, NewBlock>();
		for (const old of [...of.values()].flat()) {
			const rows = old.states.length > 0 || wantsFiner(old) ? await this.#rowsOf(old) : [];
			const drop = new Set(old.columns.map(({ metric }) => metric));
			if (rows) thinned.set(old, thinBlock(old, rows, drop, 'least'));
		}
		const left = [...thinned.values()];
		if (left.length === 0) return ok([]);
		const dropped = await this.#disk.dropSamples(left);
		if (!dropped.ok) return dropped;
		this.#unwritten = [...this.#unwritten, ...left];
		for (const [series, heads] of of) {
			const gone = heads.filter((head) => thinned.has(head));
			const stay = gone.map((head) => thinned.get(head)!.head);
			this.#state = withBlocks(this.#state, gone, stay);
			series.replaceBlocks(gone, stay);
		}
		await this.#write({ state: this.#state, add: [], remove: [] }); // where there is no room for it either, later
		return ok([...thinned.keys()]);
	}

	/** Whether the disk has still to be told of what went while it was full. */
	get owes(): boolean {
		return this.#unwritten.length > 0;
	}

	/** Tells the disk of what went while it was full, if there is room now. */
	async tellGone(): Promise<Result<void, StoreError>> {
		return this.owes ? this.#write({ state: this.#state, add: [], remove: [] }) : done;
	}

	/** Of a block, or undefined where it is damaged: told as that. */
	async #rowsOf(head: BlockHead): Promise<readonly Row[] | undefined> {
		const [bytes] = (await this.#disk?.blocks([head])) ?? [];
		return this.#reader.open(head, bytes)?.rows();
	}

	async #write(change: BlockChange): Promise<Result<void, StoreError>> {
		if (!this.#disk) return err({ kind: 'unavailable', cause: this.#cause });
		const others = new Set(
			[...change.remove, ...change.add.map(({ head }) => head)].map(({ block }) => block)
		);
		const rest = this.#unwritten.filter(
			({ head }) => !others.has(head.block) && !change.forget?.includes(head.series)
		);
		const changed = await this.#disk.change({ ...change, add: [...rest, ...change.add] });
		if (!changed.ok) return changed;
		this.#unwritten = [];
		this.#state = change.state;
		return changed;
	}

	/** Makes a block's rollups from its rows: of one that an earlier version sealed, or whose rollups are damaged. */
	async rollUp(series: Series, old: BlockHead): Promise<Result<void, StoreError>> {
		if (!this.#disk || this.#reader.isDamaged(old)) return done;
		const heads = await this.headsOf(series);
		if (!heads.includes(old)) return done; // folded since, or done
		if (old.columns.some(({ gone }) => gone)) return done; // there are no samples to make them of
		const [bytes] = await this.#disk.blocks([old]);
		const group = this.#reader.open(old, bytes);
		if (!group) return done; // told as damage
		const rolled = rollUpBlock(old, group);
		const state = withBlocks(this.#state, [old], [rolled.head]);
		const changed = await this.#write({ state, add: [], remove: [], roll: [rolled] });
		if (changed.ok) series.replaceBlocks([old], [rolled.head]);
		return changed;
	}

	/**
	 * Sets a series' damaged blocks aside, and takes from its ledger what only they had, so that it may come again. What retention let
	 * go of stays in the ledger; so does what a block had whose header, of an earlier version, does not tell.
	 */
	async mend(series: Series, noticedMs: number): Promise<void> {
		if (!this.#disk) return;
		const heads = await this.#disk.heads(series.id);
		const bad = heads.filter((head) => this.#reader.isDamaged(head));
		if (bad.length === 0) return; // an earlier turn has done it
		const lost = bad.flatMap(({ logs }) => logs ?? []);
		const sound = heads.filter((head) => !bad.includes(head));
		const kept = await keptIn(sound, lost, async (head) => {
			const [bytes] = (await this.#disk?.blocks([head])) ?? [];
			return this.#reader.open(head, bytes)?.columns();
		});
		kept.addWaiting(series);
		const written = writtenLedger(series, false).copy();
		kept.takeRest(written, lost);
		const ledgers = new Map([[series.id, written.encode()]]);
		const found = await this.#disk.blocks(bad);
		const aside = bad.map((head, i) => asideOf(head, found[i], noticedMs));
		let changed = await this.change(bad, [], { ledgers, aside });
		// Where there is no room to keep it, the rest must be mended all the same.
		if (!changed.ok && changed.error.kind === 'quota') changed = await this.change(bad, [], { ledgers });
		if (!changed.ok) return; // left out of queries as before, and found again at the next start
		kept.addWaiting(series); // with what came meanwhile
		kept.takeRest(series.ledger, lost);
		series.replaceBlocks(bad, []);
		this.#reader.forgetDamaged(bad);
	}
}

/** The state's sums after blocks went and came. */
function withBlocks(state: StateRow, remove: readonly BlockHead[], add: readonly BlockHead[]): StateRow {
	const more = (of: (head: BlockHead) => number) =>
		add.reduce((n, head) => n + of(head), 0) - remove.reduce((n, head) => n + of(head), 0);
	return {
		...state,
		blocks: state.blocks + add.length - remove.length,
		blockBytes: state.blockBytes + more(({ bytes }) => bytes),
		rollupBytes: state.rollupBytes + rollupBytes(add) - rollupBytes(remove),
		samples: state.samples + more(samplesIn)
	};
}

const rollupBytes = (heads: readonly BlockHead[]): number =>
	heads.flatMap(({ rollups }) => rollups).reduce((sum, { bytes }) => sum + bytes, 0);

import { openBlock, type BlockHead } from './codec/block';
import { Malformed } from './codec/byte-stream';
import { openRollup, type RollupColumns } from './codec/rollup';
import type { RowGroup } from './codec/row-group';
import { toldIn, type StateTold } from './codec/state-stats';
import { ColumnCache } from './column-cache';
import type { Disk } from './disk';
import type { BlockColumns } from './range';
import type { StoreStats } from './store';

/** Reads sealed blocks for queries, folds and mending. One whose bytes are not what was sealed is left out from then on. */
export class BlockReader {
	readonly #disk: Disk | undefined;
	readonly #cache: ColumnCache;
	readonly #damaged = new Set<number>();
	#damagedBlocks = 0;
	readonly #damagedRollups = new Set<string>();
	readonly #isStored: (head: BlockHead) => boolean;
	readonly #onDamaged: (head: BlockHead) => void;
	readonly #onRollupDamaged: (head: BlockHead) => void;

	/**
	 * @param isStored whether the store still has the block: one that was folded away while it was read is no damage
	 * @param onDamaged told once a block
	 * @param onRollupDamaged told each time; the block itself serves instead
	 */
	constructor(options: {
		disk: Disk | undefined;
		cacheBytes: number;
		isStored: (head: BlockHead) => boolean;
		onDamaged: (head: BlockHead) => void;
		onRollupDamaged: (head: BlockHead) => void;
	}) {
		this.#disk = options.disk;
		this.#cache = new ColumnCache(options.cacheBytes);
		this.#isStored = options.isStored;
		this.#onDamaged = options.onDamaged;
		this.#onRollupDamaged = options.onRollupDamaged;
	}

	isDamaged(head: BlockHead): boolean {
		return this.#damaged.has(head.block);
	}

	/** What was found damaged since the store was opened. */
	get figures(): Pick<StoreStats, 'damagedBlocks' | 'damagedRollups'> {
		return { damagedBlocks: this.#damagedBlocks, damagedRollups: this.#damagedRollups.size };
	}

	/** Damaged blocks that have been removed. */
	forgetDamaged(heads: readonly BlockHead[]): void {
		for (const { block } of heads) this.#damaged.delete(block);
	}

	/** In the order asked for; undefined where a block is damaged or gone. Throws the signal's reason. */
	async columns(
		heads: readonly BlockHead[],
		metric: number,
		signal: AbortSignal
	): Promise<readonly BlockColumns[]> {
		const found = heads.map((head) => this.#cached(head, metric));
		const missing = heads.filter((_, i) => !found[i]);
		if (missing.length === 0) return found;
		const bytes = (await this.#disk?.blocks(missing)) ?? [];
		signal.throwIfAborted();
		const decoded = new Map(missing.map((head, i) => [head, this.#decode(head, bytes[i], metric)]));
		return heads.map((head, i) => found[i] ?? decoded.get(head));
	}

	/** Rollups of one width of blocks that have them, in the order asked for; undefined where one is damaged or gone. */
	async rollups(
		heads: readonly BlockHead[],
		widthMs: number,
		metric: number,
		signal: AbortSignal
	): Promise<readonly (RollupColumns | undefined)[]> {
		const keyOf = (head: BlockHead) => `${head.block}.${metric}/${widthMs}`;
		const found = heads.map((head) => {
			const joined = this.#cache.get(keyOf(head));
			return joined && partRollup(joined);
		});
		const missing = heads.filter((_, i) => !found[i]);
		if (missing.length === 0) return found;
		const bytes = (await this.#disk?.rollups(missing, widthMs)) ?? [];
		signal.throwIfAborted();
		const read = new Map<BlockHead, RollupColumns>();
		for (const [i, head] of missing.entries()) {
			const stat = head.rollups.find((rollup) => rollup.widthMs === widthMs);
			const columns = stat && openRollup(stat, bytes[i], metric);
			if (columns) {
				read.set(head, columns);
				this.#cache.set(keyOf(head), joinRollup(columns));
			} else if (this.#isStored(head)) {
				this.#damagedRollups.add(`${head.block}/${widthMs}`);
				this.#onRollupDamaged(head);
			}
		}
		return heads.map((head, i) => found[i] ?? read.get(head));
	}

	/** What blocks tell of a state, in the order asked for. Throws the signal's reason. */
	async toldIn(
		heads: readonly BlockHead[],
		metric: number,
		signal: AbortSignal
	): Promise<readonly StateTold[]> {
		if (heads.length === 0) return [];
		const bytes = (await this.#disk?.blocks(heads)) ?? [];
		signal.throwIfAborted();
		return heads.flatMap((head, i) => {
			const group = this.open(head, bytes[i]);
			return toldIn(group?.state(metric) ?? [], group?.times() ?? new Float64Array());
		});
	}

	/** The block, or undefined where it is damaged. */
	open(head: BlockHead, bytes: Uint8Array | undefined): RowGroup | undefined {
		try {
			const group = openBlock(head, bytes);
			if (group) return group;
		} catch (error) {
			if (!(error instanceof Malformed)) throw error;
		}
		if (!this.#isStored(head)) return undefined; // thinned while it was read
		if (!this.#damaged.has(head.block)) {
			this.#damaged.add(head.block);
			this.#damagedBlocks++;
			this.#onDamaged(head);
		}
		return undefined;
	}

	#cached(head: BlockHead, metric: number): BlockColumns {
		const times = this.#cache.get(`${head.block}`);
		const values = this.#cache.get(`${head.block}.${metric}`);
		return times && values ? { times, values } : undefined;
	}

	#decode(head: BlockHead, bytes: Uint8Array | undefined, metric: number): BlockColumns {
		if (!bytes && !this.#isStored(head)) return undefined;
		const group = this.open(head, bytes);
		const values = group?.column(metric);
		if (!group || !values) return undefined;
		const times = this.#cache.get(`${head.block}`) ?? group.times();
		this.#cache.set(`${head.block}`, times);
		this.#cache.set(`${head.block}.${metric}`, values);
		return { times, values };
	}
}

/** One array for the cache: the six columns end to end. */
function joinRollup({ startMs, count, min, max, sum, last }: RollupColumns): Float64Array<ArrayBuffer> {
	const joined = new Float64Array(startMs.length * 6);
	for (const [i, column] of [startMs, count, min, max, sum, last].entries())
		joined.set(column, i * startMs.length);
	return joined;
}

function partRollup(joined: Float64Array): RollupColumns {
	const length = joined.length / 6;
	const column = (i: number) => joined.subarray(i * length, (i + 1) * length);
	return {
		startMs: column(0),
		count: column(1),
		min: column(2),
		max: column(3),
		sum: column(4),
		last: column(5)
	};
}

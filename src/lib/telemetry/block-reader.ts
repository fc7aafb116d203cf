import { openBlock, type BlockHead } from './codec/block';
import { Malformed } from './codec/byte-stream';
import type { RowGroup } from './codec/row-group';
import { ColumnCache } from './column-cache';
import type { Disk } from './disk';
import type { BlockColumns } from './range';

/** Reads sealed blocks for queries, folds and mending. One whose bytes are not what was sealed is left out from then on. */
export class BlockReader {
	readonly #disk: Disk | undefined;
	readonly #cache: ColumnCache;
	readonly #damaged = new Set<number>();
	readonly #isStored: (head: BlockHead) => boolean;
	readonly #onDamaged: (head: BlockHead) => void;

	/**
	 * @param isStored whether the store still has the block: one that was folded away while it was read is no damage
	 * @param onDamaged told once a block
	 */
	constructor(options: {
		disk: Disk | undefined;
		cacheBytes: number;
		isStored: (head: BlockHead) => boolean;
		onDamaged: (head: BlockHead) => void;
	}) {
		this.#disk = options.disk;
		this.#cache = new ColumnCache(options.cacheBytes);
		this.#isStored = options.isStored;
		this.#onDamaged = options.onDamaged;
	}

	isDamaged(head: BlockHead): boolean {
		return this.#damaged.has(head.block);
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

	/** The block, or undefined where it is damaged. */
	open(head: BlockHead, bytes: Uint8Array | undefined): RowGroup | undefined {
		try {
			const group = openBlock(head, bytes);
			if (group) return group;
		} catch (error) {
			if (!(error instanceof Malformed)) throw error;
		}
		if (!this.#damaged.has(head.block)) {
			this.#damaged.add(head.block);
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

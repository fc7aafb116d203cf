import { samplesIn, type BlockHead } from './codec/block';
import type { Disk } from './disk';
import { isSample, type Series } from './series';
import type { SeriesTable } from './series-table';
import type { SeriesSize } from './store';
import type { Turns } from './turns';

type Sealed = Pick<SeriesSize, 'blocks' | 'blockBytes' | 'rollupBytes' | 'sealed'> & {
	readonly fromMs: number;
	readonly toMs: number;
};

/**
 * How much each series has on disk, told by headers alone. Headers that no query has read are summed up and let go of again: a
 * thousand devices' would fill the worker's memory. A sum is made anew only when its series' blocks have changed.
 */
export class SeriesSizes {
	readonly #known = new WeakMap<Series, { readonly changes: number; readonly sealed: Sealed }>();

	constructor(
		private readonly parts: {
			readonly disk: Disk | undefined;
			readonly table: SeriesTable;
			readonly turns: Turns;
		}
	) {}

	/** Each series' headers in a turn of their own, so that flushes get in between. */
	async all(): Promise<readonly SeriesSize[]> {
		const sizes: SeriesSize[] = [];
		for (const series of this.parts.table.all) {
			const sealed = this.#current(series) ?? (await this.parts.turns.take(() => this.#read(series)));
			if (this.parts.table.has(series)) sizes.push(sizeOf(series, sealed));
		}
		return sizes;
	}

	#current(series: Series): Sealed | undefined {
		const known = this.#known.get(series);
		return known?.changes === series.changes ? known.sealed : undefined;
	}

	async #read(series: Series): Promise<Sealed> {
		const heads = series.heads ?? (await this.parts.disk?.heads(series.id)) ?? [];
		const sealed = sumOf(heads);
		this.#known.set(series, { changes: series.changes, sealed });
		return sealed;
	}
}

function sumOf(heads: readonly BlockHead[]): Sealed {
	const sum = { blocks: 0, blockBytes: 0, rollupBytes: 0, sealed: 0, fromMs: Infinity, toMs: -Infinity };
	for (const head of heads) {
		const { bytes, rollups, fromMs, toMs } = head;
		sum.blocks++;
		sum.blockBytes += bytes;
		sum.rollupBytes += rollups.reduce((all, rollup) => all + rollup.bytes, 0);
		sum.sealed += samplesIn(head);
		sum.fromMs = Math.min(sum.fromMs, fromMs);
		sum.toMs = Math.max(sum.toMs, toMs);
	}
	return sum;
}

function sizeOf({ device, provenance, held }: Series, sealed: Sealed): SeriesSize {
	let { fromMs, toMs } = sealed;
	for (const { timeMs } of held) {
		fromMs = Math.min(fromMs, timeMs);
		toMs = Math.max(toMs, timeMs);
	}
	const { blocks, blockBytes, rollupBytes } = sealed;
	const size = {
		device,
		provenance,
		blocks,
		blockBytes,
		rollupBytes,
		sealed: sealed.sealed,
		held: held.filter(isSample).length
	};
	return fromMs <= toMs ? { ...size, fromMs, toMs } : size;
}

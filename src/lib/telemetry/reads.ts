import { assert } from '$lib/base';
import { aggregateRange } from './aggregate';
import type { BlockReader } from './block-reader';
import type { BlockHead } from './codec/block';
import { pointColumns } from './fold';
import { reduceRange, type RangeSource } from './range';
import type { SealedBlocks } from './sealed-blocks';
import type { SeriesTable } from './series-table';
import type { HeldRow } from './series';
import { stateIntervals } from './state-intervals';
import type {
	AggregateQuery,
	Aggregates,
	LatestSample,
	RangeQuery,
	SeriesColumns,
	SeriesExtent,
	StateInterval,
	StateQuery
} from './store';

/** A query whose blocks were folded away while it read them starts again; so often in a row means a fault. */
const RANGE_TRIES = 4;

/** What is asked of the store, from memory and blocks as they are at one moment. Takes no turn, so it waits for no write. */
export class Reads {
	constructor(
		private readonly parts: {
			readonly blocks: SealedBlocks;
			readonly reader: BlockReader;
			readonly table: SeriesTable;
		}
	) {}

	async range(query: RangeQuery, signal: AbortSignal): Promise<SeriesColumns> {
		assert(query.buckets >= 1 && query.buckets <= 10_000, 'a query has 1 … 10,000 buckets');
		const columns = await this.#read(query, signal, (source) => reduceRange(query, source));
		return columns ?? pointColumns([]);
	}

	aggregate(query: AggregateQuery, signal: AbortSignal): Promise<Aggregates | undefined> {
		assert(query.maxGapMs === undefined || query.maxGapMs > 0, 'a gap takes time');
		return this.#read(query, signal, (source) => aggregateRange(query, source));
	}

	async states(query: StateQuery, signal: AbortSignal): Promise<readonly StateInterval[]> {
		const { reader } = this.parts;
		const found = await this.#frozen({ ...query, metric: query.state }, signal, (metric, heads, held) =>
			stateIntervals(query, {
				...{ metric, heads },
				held: held.flatMap(({ timeMs, states }) =>
					(states ?? []).flatMap((state) => (state.metric === metric ? [[timeMs, state.value] as const] : []))
				),
				toldIn: (wanted) => reader.toldIn(wanted, metric, signal)
			})
		);
		return found ?? [];
	}

	latest(): readonly LatestSample[] {
		const { table } = this.parts;
		return table.all.map(({ device, provenance, latest }) => ({
			device,
			provenance,
			values: Object.fromEntries(
				[...latest].flatMap(([metric, value]) => {
					const name = table.names.metricName(metric);
					return name === undefined ? [] : [[name, { ...value }] as const];
				})
			)
		}));
	}

	async extents(): Promise<readonly SeriesExtent[]> {
		const { table, blocks } = this.parts;
		const found: SeriesExtent[] = [];
		for (const series of table.all) {
			const heads = await blocks.headsOf(series);
			const { device, provenance, held } = series;
			const metrics = new Set<number>();
			let [samples, fromMs, toMs] = [held.length, Infinity, -Infinity];
			const reach = (first: number, last: number) => {
				fromMs = Math.min(fromMs, first);
				toMs = Math.max(toMs, last);
			};
			for (const { timeMs, metrics: ids } of held) {
				reach(timeMs, timeMs);
				for (const id of ids) metrics.add(id);
			}
			for (const head of heads) {
				const left = head.columns.filter(({ gone }) => !gone);
				if (left.length === 0 && head.columns.length > 0) continue;
				samples += head.rows;
				reach(head.fromMs, head.toMs);
				for (const { metric } of left) metrics.add(metric);
			}
			const names = [...metrics].flatMap((id) => table.names.metricName(id) ?? []).sort();
			if (samples > 0) found.push({ device, provenance, samples, fromMs, toMs, metrics: names });
		}
		return found;
	}

	/** Gives a reading of one metric's numbers what it needs. */
	#read<T>(
		query: Omit<RangeQuery, 'buckets'>,
		signal: AbortSignal,
		act: (source: RangeSource) => Promise<T>
	): Promise<T | undefined> {
		const { reader } = this.parts;
		return this.#frozen(query, signal, (metric, heads, held) =>
			act({
				...{ metric, heads, held },
				columns: (wanted) => reader.columns(wanted, metric, signal),
				rollups: (wanted, widthMs) => reader.rollups(wanted, widthMs, metric, signal)
			})
		);
	}

	/** Blocks and rows of one moment; undefined where there is no such series, metric or time. */
	async #frozen<T>(
		query: Omit<RangeQuery, 'buckets'>,
		signal: AbortSignal,
		act: (metric: number, heads: readonly BlockHead[], held: readonly HeldRow[]) => Promise<T>
	): Promise<T | undefined> {
		const { table, blocks, reader } = this.parts;
		const series = table.find(query.device, query.provenance);
		const metric = table.names.findMetric(query.metric);
		for (let left = RANGE_TRIES; ; left--) {
			signal.throwIfAborted();
			if (!series || metric === undefined || !(query.toMs > query.fromMs)) return undefined;
			const heads = await blocks.headsOf(series);
			signal.throwIfAborted();
			// Copied here, with no wait since the headers were seen: a row is in one of the two, never in both.
			const sound = heads.filter((head) => !reader.isDamaged(head));
			// Copies: a row's time may be corrected meanwhile.
			const held = series.held.flatMap((row) =>
				row.metrics.includes(metric) || row.states ? [{ ...row }] : []
			);
			if (heads !== series.heads) continue;
			const result = await act(metric, sound, held);
			// By number and bytes: a header may have been replaced by one that tells of rollups, the samples are the same.
			const now = new Set(series.heads?.map(sameBytes));
			if (sound.every((head) => now.has(sameBytes(head))) || left <= 1) return result;
		}
	}
}

const sameBytes = ({ block, crc }: BlockHead): string => `${block}.${crc}`;

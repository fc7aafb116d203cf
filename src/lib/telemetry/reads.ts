import { assert } from '$lib/base';
import { aggregateRange } from './aggregate';
import type { BlockReader } from './block-reader';
import { rowsIn, type BlockHead } from './codec/block';
import { pointColumns } from './fold';
import { reduceRange, type RangeSource } from './range';
import type { SealedBlocks } from './sealed-blocks';
import type { SeriesTable } from './series-table';
import type { HeldRow, Series } from './series';
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
import type { Turns } from './turns';

/** A query whose blocks were folded away while it read them starts again; after so many tries it takes a turn, and nothing moves. */
const FREE_TRIES = 4;

/** What is asked of the store, from memory and blocks as they are at one moment. Waits for no write, unless writes move its blocks each time. */
export class Reads {
	constructor(
		private readonly parts: {
			readonly blocks: SealedBlocks;
			readonly reader: BlockReader;
			readonly table: SeriesTable;
			readonly turns: Turns;
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
				samples += rowsIn(head);
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
		const { table, turns } = this.parts;
		const series = table.find(query.device, query.provenance);
		const metric = table.names.findMetric(query.metric);
		if (!series || metric === undefined || !(query.toMs > query.fromMs)) return undefined;
		const attempt = () => this.#attempt(series, metric, signal, (heads, held) => act(metric, heads, held));
		for (let tries = 0; tries < FREE_TRIES; tries++) {
			const read = await attempt();
			if (read) return read.result;
		}
		const read = await turns.take(attempt);
		assert(read, 'blocks stay while a turn is taken');
		return read.result;
	}

	/** Undefined: a block went while it was read. */
	async #attempt<T>(
		series: Series,
		metric: number,
		signal: AbortSignal,
		act: (heads: readonly BlockHead[], held: readonly HeldRow[]) => Promise<T>
	): Promise<{ readonly result: T } | undefined> {
		const { blocks, reader } = this.parts;
		signal.throwIfAborted();
		const heads = await blocks.headsOf(series);
		signal.throwIfAborted();
		// Copied here, with no wait since the headers were seen: a row is in one of the two, never in both.
		const sound = heads.filter((head) => !reader.isDamaged(head));
		// Copies: a row's time may be corrected meanwhile.
		const held = series.held.flatMap((row) =>
			row.metrics.includes(metric) || row.states ? [{ ...row }] : []
		);
		if (heads !== series.heads) return undefined;
		const result = await act(sound, held);
		// By number and bytes: a header may have been replaced by one that tells of rollups, the samples are the same.
		const now = new Set(series.heads?.map(sameBytes));
		return sound.every((head) => now.has(sameBytes(head))) ? { result } : undefined;
	}
}

const sameBytes = ({ block, crc }: BlockHead): string => `${block}.${crc}`;

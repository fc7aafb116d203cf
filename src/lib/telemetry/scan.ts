import type { Sample } from '$lib/model';
import type { BlockReader } from './block-reader';
import type { BlockHead } from './codec/block';
import type { Row } from './codec/row-group';
import type { Disk } from './disk';
import type { Names } from './names';
import type { SealedBlocks } from './sealed-blocks';
import type { Series } from './series';
import type { SeriesTable } from './series-table';
import type { ScanPage, ScanQuery, SeriesKey } from './store';

/** Decoded blocks kept between pages: a day of one series each. */
const KEPT_BLOCKS = 4;
/** A page whose blocks were folded away while it read them starts again; so often in a row means a fault. */
const PAGE_TRIES = 8;

/** Thrown where blocks went again and again while a page of them was read: what was read would have a hole. */
export class ScanMoved extends Error {}

/**
 * Raw samples of one series by time, a page at a time. Where a page ends is a time, and all of one time is in one page: so the
 * next page needs nothing but that time, whoever reads it, and what happens to blocks between two pages does not matter.
 */
export class Scanner {
	readonly #decoded = new Map<string, readonly Row[]>();

	constructor(
		private readonly parts: {
			readonly disk: Disk | undefined;
			readonly blocks: SealedBlocks;
			readonly reader: BlockReader;
			readonly table: SeriesTable;
		},
		/** And those of a page's last one's very time. */
		private readonly pageSamples: number
	) {}

	async page(query: ScanQuery, signal: AbortSignal): Promise<ScanPage> {
		const { table, blocks, reader } = this.parts;
		const { fromMs, toMs } = query;
		const series = table.find(query.device, query.provenance);
		if (!series || !(toMs > fromMs)) return { samples: [], nextMs: undefined };
		for (let left = PAGE_TRIES; ; left--) {
			signal.throwIfAborted();
			const heads = await blocks.headsOf(series);
			signal.throwIfAborted();
			// Copied here, with no wait since the headers were seen: a row is in one of the two, never in both.
			const held = series.held
				.filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs)
				.map((row) => ({ ...row })) // a row's time may be corrected meanwhile
				.sort(byTime);
			if (heads !== series.heads) continue;
			const inReach = heads.filter(
				(head) => !reader.isDamaged(head) && head.toMs >= fromMs && head.fromMs < toMs
			);
			const page = await this.#collect(query, inReach, held, signal);
			if (page) return this.#told(query, series, page);
			if (left <= 1) throw new ScanMoved('stored blocks went while they were read: try again');
		}
	}

	/** Undefined: a block went while it was read. */
	async #collect(
		{ fromMs, toMs, metrics, identities }: ScanQuery,
		heads: readonly BlockHead[],
		held: readonly Row[],
		signal: AbortSignal
	): Promise<{ rows: readonly Row[]; nextMs: number | undefined } | undefined> {
		const rows: Row[] = [];
		/** Everything before this is among the rows. */
		let knownToMs = toMs;
		const add = (sorted: readonly Row[]) => {
			const first = lowerBound(sorted, fromMs);
			const end = lowerBound(sorted, toMs);
			let last = Math.min(end, first + this.pageSamples);
			while (last < end && sorted[last]!.timeMs === sorted[last - 1]!.timeMs) last++;
			for (let i = first; i < last; i++) rows.push(sorted[i]!);
			if (last < end) knownToMs = Math.min(knownToMs, sorted[last]!.timeMs);
		};
		const isPart = ({ columns }: BlockHead) => columns.some(({ gone }) => gone);
		const ofWhole = identities === 'of-whole';
		add(ofWhole && metrics ? held.map(unnumbered) : held);
		for (const head of heads) {
			// By first time, so this one and those behind it have nothing that is earlier.
			if (rows.filter(({ timeMs }) => timeMs < head.fromMs).length >= this.pageSamples) {
				knownToMs = Math.min(knownToMs, head.fromMs);
				break;
			}
			const sealed = await this.#rows(head);
			signal.throwIfAborted();
			if (sealed) add(ofWhole && (metrics || isPart(head)) ? sealed.map(unnumbered) : sealed);
			else if (!this.parts.reader.isDamaged(head)) return undefined;
		}
		rows.sort(byTime);
		const lastMs = rows[Math.min(this.pageSamples, rows.length) - 1]?.timeMs;
		const end = lastMs === undefined ? 0 : rows.findLastIndex(({ timeMs }) => timeMs <= lastMs) + 1;
		const known = rows.findIndex(({ timeMs }) => timeMs >= knownToMs);
		const cut = known < 0 ? end : Math.min(end, known);
		const nextMs = Math.min(knownToMs, rows[cut]?.timeMs ?? Infinity);
		return { rows: rows.slice(0, cut), nextMs: nextMs < toMs ? nextMs : undefined };
	}

	/** A block's rows by time; undefined where it is damaged or gone. */
	async #rows(head: BlockHead): Promise<readonly Row[] | undefined> {
		const key = `${head.series}.${head.block}.${head.crc}`;
		const known = this.#decoded.get(key);
		if (known) return known;
		const [bytes] = (await this.parts.disk?.blocks([head])) ?? [];
		const rows = this.parts.reader.open(head, bytes)?.rows();
		if (!rows) return undefined;
		this.#decoded.set(key, rows);
		for (const oldest of this.#decoded.keys()) {
			if (this.#decoded.size <= KEPT_BLOCKS) break;
			this.#decoded.delete(oldest);
		}
		return rows;
	}

	#told(
		{ device, provenance, metrics }: ScanQuery,
		series: Series,
		{ rows, nextMs }: { readonly rows: readonly Row[]; readonly nextMs: number | undefined }
	): ScanPage {
		const { names } = this.parts.table;
		// Over: what was decoded for it would only take memory.
		if (nextMs === undefined)
			for (const key of this.#decoded.keys()) if (key.startsWith(`${series.id}.`)) this.#decoded.delete(key);
		const wanted = metrics && new Set(metrics);
		const samples = rows.flatMap((row) => sampleOf(row, { device, provenance }, names, wanted) ?? []);
		return { samples, nextMs };
	}
}

/** A row with its names. @param wanted those metrics alone, and no states; undefined where it has none of them */
export function sampleOf(
	row: Row,
	of: SeriesKey,
	names: Names,
	wanted?: ReadonlySet<string>
): Sample | undefined {
	const values: Record<string, number> = {};
	let some = !wanted;
	for (const [i, metric] of row.metrics.entries()) {
		const name = names.metricName(metric);
		if (name === undefined || (wanted && !wanted.has(name))) continue;
		values[name] = row.values[i]!;
		some = true;
	}
	if (!some) return undefined;
	const { timeMs, clock, identity } = row;
	const states = wanted ? undefined : statesOf(row, names);
	return { ...of, identity, timeMs, clock, values, ...(states ? { states } : {}) };
}

function statesOf({ states }: Row, names: Names): Record<string, string> | undefined {
	if (!states) return undefined;
	return Object.fromEntries(
		states.flatMap(({ metric, value }) => {
			const name = names.metricName(metric);
			return name === undefined ? [] : [[name, value]];
		})
	);
}

/** All pages of a range, one after the other; the next is read when it is asked for. */
export async function* scanPages(
	page: (query: ScanQuery, signal: AbortSignal) => Promise<ScanPage>,
	query: ScanQuery,
	signal: AbortSignal
): AsyncGenerator<readonly Sample[], void, undefined> {
	for (let fromMs: number | undefined = query.fromMs; fromMs !== undefined;) {
		const { samples, nextMs }: ScanPage = await page({ ...query, fromMs }, signal);
		if (samples.length > 0) yield samples;
		fromMs = nextMs;
	}
}

/** Rows of one time in the order of their numbers, so that a page is the same whoever sealed them when. */
const byTime = (a: Row, b: Row): number =>
	a.timeMs - b.timeMs ||
	(a.identity && b.identity
		? a.identity.epoch - b.identity.epoch || a.identity.seq - b.identity.seq
		: Number(a.identity !== undefined) - Number(b.identity !== undefined));

const unnumbered = (row: Row): Row => ({ ...row, identity: undefined });

/** The first row at `timeMs` or after. */
function lowerBound(rows: readonly Row[], timeMs: number): number {
	let low = 0;
	let high = rows.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (rows[middle]!.timeMs < timeMs) low = middle + 1;
		else high = middle;
	}
	return low;
}

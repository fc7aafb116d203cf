import type { BlockHead } from './codec/block';

/** A damaged block as it was found. */
export interface AsideBlock {
	readonly series: number;
	readonly block: number;
	/** Ms since the epoch. */
	readonly noticedMs: number;
	/** Undefined where that part of it was lost. */
	readonly head: BlockHead | undefined;
	readonly bytes: Uint8Array | undefined;
}

export const asideOf = (head: BlockHead, bytes: Uint8Array | undefined, noticedMs: number): AsideBlock => ({
	series: head.series,
	block: head.block,
	noticedMs,
	head,
	bytes
});

/** What lies aside. */
export type Aside =
	| { readonly kind: 'record'; readonly number: number; readonly bytes: Uint8Array }
	| ({ readonly kind: 'block' } & AsideBlock)
	/** The row that tells how far the store is, as it was found: of any form. */
	| { readonly kind: 'state'; readonly found: unknown };

export interface QuarantineFigures {
	readonly count: number;
	readonly bytes: number;
	/** What was set aside and has gone since, to keep within bounds or because its device was forgotten. */
	readonly letGo: number;
}

/** A write-ahead record's number, a block's key, or `STATE_KEY`. */
export type AsideKey = number | readonly [series: number, block: number] | typeof STATE_KEY;

/** Which rows there are, oldest first: kept as a row beside them, so that opening reads none of them. */
export interface QuarantineIndex {
	readonly entries: readonly { readonly key: AsideKey; readonly bytes: number }[];
	readonly letGo: number;
}

export const NOTHING_ASIDE: QuarantineIndex = { entries: [], letGo: 0 };
/** Key of the index; records have numbers, blocks have pairs. */
export const INDEX_KEY = 'index';
export const STATE_KEY = 'state';
const MOST_ROWS = 256;
export const MOST_ASIDE_BYTES = 8 << 20;

/** What a change makes of the index, and which rows go for it. */
export interface AsideChange {
	readonly index: QuarantineIndex;
	readonly gone: readonly AsideKey[];
}

/** Puts rows at the end; the oldest go until all are within bounds. One that is larger than all may be goes itself. */
export function withAside(
	{ entries, letGo }: QuarantineIndex,
	added: readonly { readonly key: AsideKey; readonly bytes: number }[]
): AsideChange {
	const again = new Set(added.map(({ key }) => textOf(key)));
	const all = [...entries.filter(({ key }) => !again.has(textOf(key))), ...added];
	let bytes = all.reduce((sum, entry) => sum + entry.bytes, 0);
	const gone: AsideKey[] = [];
	while (bytes > MOST_ASIDE_BYTES || all.length > MOST_ROWS) {
		const oldest = all.shift();
		if (!oldest) break;
		gone.push(oldest.key);
		bytes -= oldest.bytes;
	}
	return { index: { entries: all, letGo: letGo + gone.length }, gone };
}

/** Lets go of what is of these series, and of all records: each holds every device's. */
export function withoutSeries({ entries, letGo }: QuarantineIndex, series: readonly number[]): AsideChange {
	const isOf = (key: AsideKey) => typeof key === 'number' || (key !== STATE_KEY && series.includes(key[0]));
	const gone = entries.filter(({ key }) => isOf(key)).map(({ key }) => key);
	return {
		index: { entries: entries.filter(({ key }) => !isOf(key)), letGo: letGo + gone.length },
		gone
	};
}

export const figuresOf = ({ entries, letGo }: QuarantineIndex): QuarantineFigures => ({
	count: entries.length,
	bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
	letGo
});

export const asideBytes = ({ bytes }: Pick<AsideBlock, 'bytes'>): number => bytes?.length ?? 0;

/** As its line among what is set aside has it. */
export const stateText = (found: unknown): string => JSON.stringify(found) ?? String(found);

export const entryOf = (row: Aside): QuarantineIndex['entries'][number] =>
	row.kind === 'state'
		? { key: STATE_KEY, bytes: stateText(row.found).length }
		: { key: row.kind === 'record' ? row.number : [row.series, row.block], bytes: asideBytes(row) };

/** Total: undefined where the row is not the index. */
export function parseQuarantineIndex(raw: unknown): QuarantineIndex | undefined {
	if (typeof raw !== 'object' || raw === null) return undefined;
	const { entries, letGo } = raw as Readonly<Record<string, unknown>>;
	if (!Array.isArray(entries) || typeof letGo !== 'number') return undefined;
	const isKey = (key: unknown) =>
		typeof key === 'number' ||
		key === STATE_KEY ||
		(Array.isArray(key) && key.length === 2 && key.every((n) => typeof n === 'number'));
	const sound = entries.every(
		(entry: unknown) =>
			typeof entry === 'object' &&
			entry !== null &&
			isKey((entry as { key?: unknown }).key) &&
			typeof (entry as { bytes?: unknown }).bytes === 'number'
	);
	return sound ? (raw as QuarantineIndex) : undefined;
}

/** Total: undefined where the row is nothing that was set aside. */
export function parseAside(key: unknown, raw: unknown): Aside | undefined {
	if (key === STATE_KEY) return { kind: 'state', found: raw };
	if (typeof key === 'number' && raw instanceof Uint8Array)
		return { kind: 'record', number: key, bytes: raw };
	if (typeof raw !== 'object' || raw === null) return undefined;
	const { series, block, noticedMs, head, bytes } = raw as Readonly<Record<string, unknown>>;
	if (typeof series !== 'number' || typeof block !== 'number' || typeof noticedMs !== 'number')
		return undefined;
	return {
		...{ kind: 'block', series, block, noticedMs },
		head: head as BlockHead | undefined, // told as it was found, and believed by nobody
		bytes: bytes instanceof Uint8Array ? bytes : undefined
	};
}

const textOf = (key: AsideKey): string => String(key);

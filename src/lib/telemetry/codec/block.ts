import { crc32 } from '$lib/base';
import { encodeRowGroup, openRowGroup, type Row, type RowGroup } from './row-group';

/** What is known of one metric in a block without decoding it. Mirrors the value column. */
export interface ColumnStats {
	readonly metric: number;
	readonly count: number;
	readonly min: number;
	readonly max: number;
	readonly sum: number;
	readonly first: number;
	readonly last: number;
}

/** The header of a sealed block, kept apart from its bytes so that wide queries read headers alone. */
export interface BlockHead {
	/** Format of header and bytes. */
	readonly version: 1;
	readonly series: number;
	/** Rises over the whole store with each seal and fold. */
	readonly block: number;
	/** 0 as sealed; folding `foldFan` neighbours of one level makes one of the next. */
	readonly level: number;
	readonly rows: number;
	/** Of the first and the last row, both inclusive, ms. */
	readonly fromMs: number;
	readonly toMs: number;
	readonly crc: number;
	readonly bytes: number;
	readonly columns: readonly ColumnStats[];
}

/** Sorts rows by time (equal times keep their order) and makes a block of them. */
export function encodeBlock(
	rows: readonly Row[],
	place: Pick<BlockHead, 'series' | 'block' | 'level'>
): { head: BlockHead; bytes: Uint8Array<ArrayBuffer> } {
	const sorted = [...rows].sort((a, b) => a.timeMs - b.timeMs);
	const bytes = encodeRowGroup(sorted);
	const head: BlockHead = {
		version: 1,
		...place,
		rows: sorted.length,
		fromMs: sorted[0]?.timeMs ?? 0,
		toMs: sorted.at(-1)?.timeMs ?? 0,
		crc: crc32(bytes),
		bytes: bytes.length,
		columns: columnStats(sorted)
	};
	return { head, bytes };
}

/** The block, or undefined where its bytes are not what was sealed. */
export function openBlock(head: BlockHead, bytes: Uint8Array | undefined): RowGroup | undefined {
	if (!bytes || bytes.length !== head.bytes || crc32(bytes) !== head.crc) return undefined;
	return openRowGroup(bytes);
}

function columnStats(rows: readonly Row[]): ColumnStats[] {
	const stats = new Map<number, { -readonly [K in keyof ColumnStats]: ColumnStats[K] }>();
	for (const row of rows) {
		row.metrics.forEach((metric, i) => {
			const value = row.values[i]!;
			const found = stats.get(metric);
			if (!found) {
				stats.set(metric, {
					metric,
					count: 1,
					min: value,
					max: value,
					sum: value,
					first: value,
					last: value
				});
				return;
			}
			found.count++;
			found.min = Math.min(found.min, value);
			found.max = Math.max(found.max, value);
			found.sum += value;
			found.last = value;
		});
	}
	return [...stats.values()];
}

const isRecord = (raw: unknown): raw is Readonly<Record<string, unknown>> =>
	typeof raw === 'object' && raw !== null;
const areNumbers = (row: Readonly<Record<string, unknown>>, keys: readonly string[]): boolean =>
	keys.every((key) => typeof row[key] === 'number');

/** A header as it lies on disk, or undefined where it is not one. */
export function parseBlockHead(raw: unknown): BlockHead | undefined {
	if (!isRecord(raw) || raw['version'] !== 1) return undefined;
	if (!areNumbers(raw, ['series', 'block', 'level', 'rows', 'fromMs', 'toMs', 'crc', 'bytes']))
		return undefined;
	const { columns } = raw;
	if (!Array.isArray(columns)) return undefined;
	const keys = ['metric', 'count', 'min', 'max', 'sum', 'first', 'last'];
	if (!columns.every((column) => isRecord(column) && areNumbers(column, keys))) return undefined;
	return raw as unknown as BlockHead;
}

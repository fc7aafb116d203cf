import { crc32 } from '$lib/base';
import { columnsOf, presentOf, sortByTime, type Columns, type MetricColumn } from './columns';
import { epochRanges, type EpochRange } from './epoch-range';
import { scaleToIntegers, type Scaled } from './numbers';
import { makeRollups, type NewRollup, type RollupStat } from './rollup';
import { isStateStats, stateStats, type StateStats } from './state-stats';
import { encodeColumns, openRowGroup, type Row, type RowGroup } from './row-group';

/** What is known of one metric in a block without decoding it. Mirrors the value column. */
export interface ColumnStats {
	readonly metric: number;
	readonly count: number;
	readonly min: number;
	readonly max: number;
	readonly sum: number;
	readonly first: number;
	readonly last: number;
	/** Its samples were let go of by age or for room: header and rollups are what is left. */
	readonly gone?: true;
	/** First byte of the number column: docs/telemetry-format.md, "Number column". Since version 3. */
	readonly encoding?: number;
}

/** The header of a sealed block, kept apart from its bytes so that wide queries read headers alone. */
export interface BlockHead {
	/** 1: made before there were rollups; 2: before headers told of logs, states and encodings. */
	readonly version: 1 | 2 | 3;
	readonly series: number;
	/** Rises over the whole store with each seal and fold. */
	readonly block: number;
	/** 0 as sealed; folding `foldFan` neighbours of one level makes one of the next. */
	readonly level: number;
	/** As sealed: what columns and rollups tell of. */
	readonly rows: number;
	/** Of them, those that are still in its bytes; absent: all. */
	readonly left?: number;
	/** Of the first and the last row, both inclusive, ms. */
	readonly fromMs: number;
	readonly toMs: number;
	readonly crc: number;
	readonly bytes: number;
	readonly columns: readonly ColumnStats[];
	/** Those that were worth their bytes, width ascending; once samples are gone, the finest that was promised of them first. */
	readonly rollups: readonly RollupStat[];
	/** Which numbers it may have; undefined where an earlier version made it: any. */
	readonly logs?: readonly EpochRange[];
	/** As of a value column, of the times. Since version 3. */
	readonly timeEncoding?: number;
	readonly states: readonly StateStats[];
	/** Of those that are there, rows that say what something is and measure nothing; absent where none. */
	readonly stateRows?: number;
}

/** Rows that retention left. */
export const rowsIn = ({ rows, left = rows }: BlockHead): number => left;

/** Of them, those that measured something. */
export const samplesIn = (head: BlockHead): number => rowsIn(head) - (head.stateRows ?? 0);

/** A block as it is written: header, bytes and rollups lie apart. */
export interface NewBlock {
	readonly head: BlockHead;
	readonly bytes: Uint8Array<ArrayBuffer>;
	readonly rollups: readonly NewRollup[];
}

type BlockPlace = Pick<BlockHead, 'series' | 'block' | 'level'>;

/** Sorts rows by time (equal times keep their order) and makes a block of them. */
export const encodeBlock = (rows: readonly Row[], place: BlockPlace): NewBlock =>
	encodeColumnBlock(sortByTime(columnsOf(rows)), place);

/** @param columns by time */
export function encodeColumnBlock(columns: Columns, place: BlockPlace): NewBlock {
	const { timeMs } = columns;
	const scaled = new Map<number, Scaled | undefined>();
	for (const { metric, values } of columns.metrics)
		if (presentOf(values) === values) scaled.set(metric, scaleToIntegers(values));
	const bytes = encodeColumns(columns, scaled);
	const rollups = makeRollups(timeMs, columns.metrics, scaled);
	const stateRows = countStateRows(columns);
	const head: BlockHead = {
		version: 3,
		...place,
		rows: timeMs.length,
		fromMs: timeMs[0] ?? 0,
		toMs: timeMs.at(-1) ?? 0,
		crc: crc32(bytes),
		bytes: bytes.length,
		columns: columns.metrics.flatMap(columnStats),
		rollups: rollups.map(rollupStat),
		states: columns.states.flatMap((column) => stateStats(column, timeMs)),
		...(stateRows > 0 ? { stateRows } : {})
	};
	return { head: toldOf(head, openRowGroup(bytes), columns), bytes, rollups };
}

function countStateRows({ timeMs, metrics, states }: Columns): number {
	if (states.length === 0) return 0;
	let count = 0;
	for (let i = 0; i < timeMs.length; i++)
		if (
			metrics.every(({ values }) => Number.isNaN(values[i]!)) &&
			states.some(({ values }) => values[i] !== undefined)
		)
			count++;
	return count;
}

/** The header with what a version 3 tells of logs and encodings. */
function toldOf(
	head: BlockHead,
	{ encodings }: RowGroup,
	columns: Pick<Columns, 'epoch' | 'seq'>
): BlockHead {
	return {
		...head,
		version: 3,
		logs: epochRanges(columns),
		timeEncoding: encodings.times,
		columns: head.columns.map((column) => {
			const encoding = encodings.columns.get(column.metric);
			return encoding === undefined ? column : { ...column, encoding };
		})
	};
}

/** A block's header with the rollups its bytes give: for one that was made without, or whose rollups are damaged. */
export function rollUpBlock(head: BlockHead, group: RowGroup): Pick<NewBlock, 'head' | 'rollups'> {
	const columns = group.columns();
	const rollups = makeRollups(columns.timeMs, columns.metrics);
	return { head: toldOf({ ...head, rollups: rollups.map(rollupStat) }, group, columns), rollups };
}

/** What a header says of a rollup. */
export const rollupStat = ({ encoded: _, ...stat }: NewRollup): RollupStat => stat;

/** The block, or undefined where its bytes are not what was sealed. */
export function openBlock(head: BlockHead, bytes: Uint8Array | undefined): RowGroup | undefined {
	if (!bytes || bytes.length !== head.bytes || crc32(bytes) !== head.crc) return undefined;
	return openRowGroup(bytes);
}

/** None where no row has a value. */
function columnStats({ metric, values }: MetricColumn): ColumnStats[] {
	let [count, min, max, sum, first, last] = [0, Infinity, -Infinity, 0, NaN, NaN];
	for (let i = 0; i < values.length; i++) {
		const value = values[i]!;
		if (Number.isNaN(value)) continue;
		if (count++ === 0) first = value;
		if (value < min) min = value;
		if (value > max) max = value;
		sum += value;
		last = value;
	}
	return count > 0 ? [{ metric, count, min, max, sum, first, last }] : [];
}

const isRecord = (raw: unknown): raw is Readonly<Record<string, unknown>> =>
	typeof raw === 'object' && raw !== null;
const areNumbers = (row: Readonly<Record<string, unknown>>, keys: readonly string[]): boolean =>
	keys.every((key) => typeof row[key] === 'number');

const VERSIONS: readonly unknown[] = [1, 2, 3];

/** A header as it lies on disk, or undefined where it is not one. */
export function parseBlockHead(raw: unknown): BlockHead | undefined {
	if (!isRecord(raw) || !VERSIONS.includes(raw['version'])) return undefined;
	if (!areNumbers(raw, ['series', 'block', 'level', 'rows', 'fromMs', 'toMs', 'crc', 'bytes']))
		return undefined;
	const { columns, rollups } = raw;
	if (!Array.isArray(columns)) return undefined;
	const keys = ['metric', 'count', 'min', 'max', 'sum', 'first', 'last'];
	if (!columns.every((column) => isRecord(column) && areNumbers(column, keys))) return undefined;
	if (raw['version'] === 1) return { ...raw, rollups: [], states: [] } as unknown as BlockHead;
	const stat = ['widthMs', 'bytes', 'crc'];
	if (!Array.isArray(rollups) || !rollups.every((rollup) => isRecord(rollup) && areNumbers(rollup, stat)))
		return undefined;
	if (raw['version'] === 2) return { ...raw, states: [] } as unknown as BlockHead;
	const { logs, states, stateRows, left } = raw;
	if (stateRows !== undefined && typeof stateRows !== 'number') return undefined;
	if (left !== undefined && typeof left !== 'number') return undefined;
	if (!Array.isArray(states) || !states.every(isStateStats)) return undefined;
	const ofLogs = (log: unknown) => isRecord(log) && areNumbers(log, ['epoch', 'from', 'to']);
	return Array.isArray(logs) && logs.every(ofLogs) ? (raw as unknown as BlockHead) : undefined;
}

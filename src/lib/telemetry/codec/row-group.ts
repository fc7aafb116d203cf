import { ByteReader, ByteWriter, Malformed } from './byte-stream';
import {
	CLOCKS,
	NO_SEQ,
	columnsOf,
	presentOf,
	rowsOf,
	type Columns,
	type Row,
	type StateValue
} from './columns';
import { decodeDictionary, encodeDictionary } from './dictionary';
import { decodeNumbers, encodeNumbers, type Scaled } from './numbers';

export type { Row, StateValue };

/** Of all names that a row uses. */
export const idsOf = ({ metrics, states }: Row): readonly number[] =>
	states ? [...metrics, ...states.map(({ metric }) => metric)] : metrics;

/** A row group of which only what is asked for is decoded. */
export interface RowGroup {
	readonly count: number;
	readonly metrics: readonly number[];
	/** In the rows' order. */
	times(): Float64Array<ArrayBuffer>;
	/** One value a row, NaN where the row has none; undefined where no row has the metric. */
	column(metric: number): Float64Array<ArrayBuffer> | undefined;
	/** A text a row, or none; undefined where no row has the state. */
	state(metric: number): readonly (string | undefined)[] | undefined;
	/** First byte of the number columns, which tells their encoding: of the times, and by metric. */
	readonly encodings: { readonly times: number; readonly columns: ReadonlyMap<number, number> };
	/** All of it. */
	columns(): Columns;
	rows(): Row[];
}

/** More rows than any writer puts in one group: a bound on what damaged bytes can make us allocate. */
export const MAX_ROWS = 1 << 20;

/** Rows of one series as a row group. Keeps their order. */
export const encodeRowGroup = (rows: readonly Row[]): Uint8Array<ArrayBuffer> =>
	encodeColumns(columnsOf(rows));

/**
 * One time column, one of identities, one of clock qualities, one a metric. Keeps the rows' order.
 * Drawn in docs/telemetry-format.md, "Row group".
 * @param scaled of columns where each row has a value: what `scaleToIntegers` says of them, where it has been asked already
 */
export function encodeColumns(
	columns: Columns,
	scaled: ReadonlyMap<number, Scaled | undefined> = new Map()
): Uint8Array<ArrayBuffer> {
	const out = new ByteWriter();
	const held = columns.metrics.filter(({ values }) => values.some((value) => !Number.isNaN(value)));
	out.varint(columns.timeMs.length);
	out.varint(held.length);
	out.sized(encodeNumbers(columns.timeMs));
	writeIdentities(out, columns);
	writeRuns(out, columns.clock);
	for (const { metric, values } of held) {
		const dense = presentOf(values);
		const sparse = dense !== values;
		out.varint(metric * 2 + (sparse ? 1 : 0));
		if (sparse)
			writeRuns(
				out,
				Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1))
			);
		out.sized(encodeNumbers(dense, sparse ? undefined : scaled.get(metric)));
	}
	const states = columns.states.filter(({ values }) => values.some((value) => value !== undefined));
	if (states.length > 0) out.varint(states.length);
	for (const { metric, values } of states) {
		out.varint(metric);
		out.sized(encodeDictionary(values));
	}
	return out.done();
}

/** Throws `Malformed` where the frame is broken; a column's own damage shows when it is decoded. */
export function openRowGroup(bytes: Uint8Array): RowGroup {
	const reader = new ByteReader(bytes);
	const count = reader.varint();
	const width = reader.varint();
	if (count > MAX_ROWS || width > bytes.length) throw new Malformed('impossible row group');
	const timeBytes = reader.sized();
	const identities = readIdentities(reader, count);
	const clock = readRuns(reader, count);
	if (clock.some((place) => place >= CLOCKS.length)) throw new Malformed('unknown clock quality');
	const columns = new Map<number, { present: Uint8Array | undefined; bytes: Uint8Array }>();
	for (let i = 0; i < width; i++) {
		const head = reader.varint();
		const present = head % 2 ? readRuns(reader, count) : undefined;
		columns.set(Math.floor(head / 2), { present, bytes: reader.sized() });
	}
	const states = new Map<number, Uint8Array>();
	for (let left = reader.left > 0 ? reader.varint() : 0; left > 0; left--) {
		const metric = reader.varint();
		states.set(metric, reader.sized());
	}
	if (reader.left > 0) throw new Malformed('bytes left over');

	const state = (metric: number) => {
		const found = states.get(metric);
		return found && decodeDictionary(found, count);
	};
	const times = () => decodeNumbers(timeBytes, count);
	const column = (metric: number) => {
		const found = columns.get(metric);
		if (!found) return undefined;
		const { present } = found;
		if (!present) return decodeNumbers(found.bytes, count);
		const dense = decodeNumbers(
			found.bytes,
			present.reduce((n, p) => n + p, 0)
		);
		let at = 0;
		return Float64Array.from(present, (p) => (p ? dense[at++]! : NaN));
	};
	const all = (): Columns => ({
		timeMs: times(),
		clock,
		...expandIdentities(identities, count),
		metrics: [...columns.keys()].map((metric) => ({ metric, values: column(metric)! })),
		states: [...states.keys()].map((metric) => ({ metric, values: state(metric)! }))
	});
	return {
		count,
		metrics: [...columns.keys()],
		times,
		column,
		state,
		encodings: {
			times: timeBytes[0] ?? 0,
			columns: new Map([...columns].map(([metric, { bytes: of }]) => [metric, of[0] ?? 0]))
		},
		columns: all,
		rows: () => rowsOf(all())
	};
}

/** Rows without identity, or of one epoch with numbers that rise by one. */
interface Run {
	/** Undefined: without identity. */
	readonly epoch: number | undefined;
	readonly seq: number;
	readonly length: number;
}

function writeIdentities(out: ByteWriter, { epoch, seq }: Columns): void {
	const starts: number[] = [];
	for (let i = 0; i < seq.length; i++) {
		const [now, last] = [seq[i]!, seq[i - 1]!];
		const follows = i > 0 && (now === NO_SEQ ? last === NO_SEQ : last !== NO_SEQ && now === last + 1);
		if (!follows || (now !== NO_SEQ && epoch[i] !== epoch[i - 1])) starts.push(i);
	}
	out.varint(starts.length);
	starts.forEach((start, i) => {
		const has = seq[start] !== NO_SEQ;
		out.varint(((starts[i + 1] ?? seq.length) - start) * 2 + (has ? 1 : 0));
		if (!has) return;
		out.uint32(epoch[start]!);
		out.varint(seq[start]!);
	});
}

function readIdentities(reader: ByteReader, count: number): readonly Run[] {
	const runs: Run[] = [];
	let rows = 0;
	for (let left = reader.varint(); left > 0; left--) {
		const head = reader.varint();
		const length = Math.floor(head / 2);
		rows += length;
		if (rows > count) throw new Malformed('too many identities');
		const epoch = head % 2 ? reader.uint32() : undefined;
		runs.push({ epoch, seq: epoch === undefined ? 0 : reader.varint(), length });
	}
	if (rows !== count) throw new Malformed('too few identities');
	return runs;
}

function expandIdentities(runs: readonly Run[], count: number): Pick<Columns, 'epoch' | 'seq'> {
	const epoch = new Uint32Array(count);
	const seq = new Float64Array(count).fill(NO_SEQ);
	let at = 0;
	for (const run of runs) {
		if (run.epoch !== undefined) {
			epoch.fill(run.epoch, at, at + run.length);
			for (let i = 0; i < run.length; i++) seq[at + i] = run.seq + i;
		}
		at += run.length;
	}
	return { epoch, seq };
}

/** Small numbers (0 … 3) that seldom change. */
function writeRuns(out: ByteWriter, values: Uint8Array): void {
	const starts: number[] = [];
	for (let i = 0; i < values.length; i++) if (i === 0 || values[i] !== values[i - 1]) starts.push(i);
	out.varint(starts.length);
	starts.forEach((start, i) => out.varint(((starts[i + 1] ?? values.length) - start) * 4 + values[start]!));
}

function readRuns(reader: ByteReader, count: number): Uint8Array<ArrayBuffer> {
	const values = new Uint8Array(count);
	let at = 0;
	for (let left = reader.varint(); left > 0; left--) {
		const head = reader.varint();
		const end = at + Math.floor(head / 4);
		if (end > count) throw new Malformed('runs too long');
		values.fill(head % 4, at, end);
		at = end;
	}
	if (at !== count) throw new Malformed('runs too short');
	return values;
}

import type { ClockQuality } from '$lib/model';
import { ByteReader, ByteWriter, Malformed } from './byte-stream';
import { decodeNumbers, encodeNumbers } from './numbers';

/** One sample of one series, with names as ids of the `names` table. */
export interface Row {
	readonly timeMs: number;
	readonly clock: ClockQuality;
	/** Undefined for foreign profiles without sequence numbers. */
	readonly identity: { readonly epoch: number; readonly seq: number } | undefined;
	/** Metric ids and their finite values: parallel. */
	readonly metrics: readonly number[];
	readonly values: readonly number[];
}

/** A row group of which only what is asked for is decoded. */
export interface RowGroup {
	readonly count: number;
	readonly metrics: readonly number[];
	/** In the rows' order. */
	times(): Float64Array<ArrayBuffer>;
	/** One value a row, NaN where the row has none; undefined where no row has the metric. */
	column(metric: number): Float64Array<ArrayBuffer> | undefined;
	rows(): Row[];
}

const CLOCKS: readonly ClockQuality[] = ['synchronised', 'corrected', 'unsynchronised'];
/** More rows than any writer puts in one group: a bound on what damaged bytes can make us allocate. */
const MAX_ROWS = 1 << 20;

/**
 * Rows of one series as columns: one time column, one of identities, one of clock qualities, one a metric. Keeps the rows' order.
 * Drawn in docs/telemetry-format.md, "Row group".
 */
export function encodeRowGroup(rows: readonly Row[]): Uint8Array<ArrayBuffer> {
	const out = new ByteWriter();
	const metrics = [...new Set(rows.flatMap((row) => row.metrics))].sort((a, b) => a - b);
	out.varint(rows.length);
	out.varint(metrics.length);
	out.sized(encodeNumbers(Float64Array.from(rows, (row) => row.timeMs)));
	writeIdentities(out, rows);
	writeRuns(
		out,
		rows.map((row) => CLOCKS.indexOf(row.clock))
	);
	for (const metric of metrics) {
		const at = rows.map((row) => row.metrics.indexOf(metric));
		const present = at.map((index) => (index < 0 ? 0 : 1));
		const sparse = present.includes(0);
		out.varint(metric * 2 + (sparse ? 1 : 0));
		if (sparse) writeRuns(out, present);
		const values = rows.flatMap((row, i) => (at[i]! < 0 ? [] : [row.values[at[i]!]!]));
		out.sized(encodeNumbers(Float64Array.from(values)));
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
	const clocks = readRuns(reader, count);
	const columns = new Map<number, { present: Uint8Array | undefined; bytes: Uint8Array }>();
	for (let i = 0; i < width; i++) {
		const head = reader.varint();
		const present = head % 2 ? readRuns(reader, count) : undefined;
		columns.set(Math.floor(head / 2), { present, bytes: reader.sized() });
	}
	if (reader.left > 0) throw new Malformed('bytes left over');

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
	return {
		count,
		metrics: [...columns.keys()],
		times,
		column,
		rows() {
			const timeMs = times();
			const decoded = [...columns.keys()].map((metric) => ({ metric, values: column(metric)! }));
			return Array.from({ length: count }, (_, i) => {
				const here = decoded.filter(({ values }) => !Number.isNaN(values[i]!));
				const clock = CLOCKS[clocks[i]!];
				if (!clock) throw new Malformed('unknown clock quality');
				return {
					timeMs: timeMs[i]!,
					clock,
					identity: identities[i],
					metrics: here.map(({ metric }) => metric),
					values: here.map(({ values }) => values[i]!)
				};
			});
		}
	};
}

/** Runs of rising sequence numbers of one epoch, or of rows without identity. */
function writeIdentities(out: ByteWriter, rows: readonly Row[]): void {
	const runs: { first: Row['identity']; length: number }[] = [];
	for (const { identity } of rows) {
		const run = runs.at(-1);
		const follows =
			run &&
			(run.first && identity
				? run.first.epoch === identity.epoch && run.first.seq + run.length === identity.seq
				: run.first === identity);
		if (follows) run.length++;
		else runs.push({ first: identity, length: 1 });
	}
	out.varint(runs.length);
	for (const { first, length } of runs) {
		out.varint(length * 2 + (first ? 1 : 0));
		if (!first) continue;
		out.uint32(first.epoch);
		out.varint(first.seq);
	}
}

function readIdentities(reader: ByteReader, count: number): Row['identity'][] {
	const identities: Row['identity'][] = [];
	for (let left = reader.varint(); left > 0; left--) {
		const head = reader.varint();
		const length = Math.floor(head / 2);
		if (identities.length + length > count) throw new Malformed('too many identities');
		const epoch = head % 2 ? reader.uint32() : undefined;
		const seq = epoch === undefined ? 0 : reader.varint();
		for (let i = 0; i < length; i++)
			identities.push(epoch === undefined ? undefined : { epoch, seq: seq + i });
	}
	if (identities.length !== count) throw new Malformed('too few identities');
	return identities;
}

/** Small numbers (0 … 3) that seldom change. */
function writeRuns(out: ByteWriter, values: readonly number[]): void {
	const starts = values.flatMap((value, i) => (i === 0 || value !== values[i - 1] ? [i] : []));
	out.varint(starts.length);
	starts.forEach((start, i) => out.varint(((starts[i + 1] ?? values.length) - start) * 4 + values[start]!));
}

function readRuns(reader: ByteReader, count: number): Uint8Array {
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

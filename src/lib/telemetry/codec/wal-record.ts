import { crc32, err, ok, type Result } from '$lib/base';
import { ByteReader, ByteWriter, Malformed } from './byte-stream';
import { decodeNumbers, encodeNumbers } from './numbers';
import { encodeRowGroup, openRowGroup, type Row } from './row-group';

/** 2: with states; what has none is still written as 1. */
export const RECORD_VERSION = 2;

export type RecordError = { kind: 'damaged' } | { kind: 'newer-version'; version: number };

/**
 * One flush of all series: version, a column of series ids, one row group of all rows by series, CRC-32. One set of columns for all
 * takes half the room of one a series: a flush has many devices and few rows of each. Drawn in docs/telemetry-format.md.
 */
export function encodeWalRecord(groups: ReadonlyMap<number, readonly Row[]>): Uint8Array<ArrayBuffer> {
	const members = [...groups].sort(([a], [b]) => a - b);
	const out = new ByteWriter();
	const rows = members.flatMap(([, ofSeries]) => ofSeries);
	out.byte(rows.some(({ states }) => states) ? RECORD_VERSION : 1);
	out.sized(
		encodeNumbers(Float64Array.from(members.flatMap(([series, ofSeries]) => ofSeries.map(() => series))))
	);
	out.sized(encodeRowGroup(rows));
	out.uint32(crc32(out.done()));
	return out.done();
}

/** Total: any bytes give the rows or an error. Each series' rows are in the order they arrived. */
export function decodeWalRecord(bytes: Uint8Array): Result<Map<number, Row[]>, RecordError> {
	try {
		const body = bytes.subarray(0, Math.max(0, bytes.length - 4));
		if (crc32(body) !== new ByteReader(bytes.subarray(body.length)).uint32()) return err({ kind: 'damaged' });
		const reader = new ByteReader(body);
		const version = reader.byte();
		if (version !== 1 && version !== RECORD_VERSION) return err({ kind: 'newer-version', version });
		const seriesBytes = reader.sized();
		const group = openRowGroup(reader.sized());
		if (reader.left > 0) return err({ kind: 'damaged' });
		const series = decodeNumbers(seriesBytes, group.count);
		const groups = new Map<number, Row[]>();
		group.rows().forEach((row, i) => {
			const rows = groups.get(series[i]!);
			if (rows) rows.push(row);
			else groups.set(series[i]!, [row]);
		});
		return ok(groups);
	} catch (error) {
		if (error instanceof Malformed) return err({ kind: 'damaged' });
		throw error;
	}
}

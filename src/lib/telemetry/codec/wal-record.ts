import { crc32, err, ok, type Result } from '$lib/base';
import { ByteReader, ByteWriter, Malformed } from './byte-stream';
import { encodeRowGroup, openRowGroup, type Row } from './row-group';

export const RECORD_VERSION = 1;

export type RecordError = { kind: 'damaged' } | { kind: 'newer-version'; version: number };

/** One flush of all series: version, row groups by series id, CRC-32. Drawn in docs/telemetry-format.md. */
export function encodeWalRecord(groups: ReadonlyMap<number, readonly Row[]>): Uint8Array<ArrayBuffer> {
	const out = new ByteWriter();
	out.byte(RECORD_VERSION);
	out.varint(groups.size);
	for (const [series, rows] of groups) {
		out.varint(series);
		out.sized(encodeRowGroup(rows));
	}
	out.uint32(crc32(out.done()));
	return out.done();
}

/** Total: any bytes give the rows or an error. Each group's rows are in the order they arrived. */
export function decodeWalRecord(bytes: Uint8Array): Result<Map<number, Row[]>, RecordError> {
	try {
		const body = bytes.subarray(0, Math.max(0, bytes.length - 4));
		if (crc32(body) !== new ByteReader(bytes.subarray(body.length)).uint32()) return err({ kind: 'damaged' });
		const reader = new ByteReader(body);
		const version = reader.byte();
		if (version !== RECORD_VERSION) return err({ kind: 'newer-version', version });
		const groups = new Map<number, Row[]>();
		for (let left = reader.varint(); left > 0; left--)
			groups.set(reader.varint(), openRowGroup(reader.sized()).rows());
		return reader.left === 0 ? ok(groups) : err({ kind: 'damaged' });
	} catch (error) {
		if (error instanceof Malformed) return err({ kind: 'damaged' });
		throw error;
	}
}

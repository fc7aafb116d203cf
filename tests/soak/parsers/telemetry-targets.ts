import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { crc32, err, ok, utf8, type Result } from '../../../src/lib/base';
import { profiles } from '../../../src/lib/device';
import { parseSnapshotPart } from '../../../src/lib/telemetry';
import { encodeBlock } from '../../../src/lib/telemetry/codec/block';
import { Malformed } from '../../../src/lib/telemetry/codec/byte-stream';
import { openRollup } from '../../../src/lib/telemetry/codec/rollup';
import { openRowGroup, type Row } from '../../../src/lib/telemetry/codec/row-group';
import { decodeWalRecord, encodeWalRecord } from '../../../src/lib/telemetry/codec/wal-record';
import { Ledger } from '../../../src/lib/telemetry/ledger';
import { csvFields } from '../../../src/lib/telemetry/transfer/line-splitter';
import { decimal, readCsv, readNdjson } from '../../../src/lib/telemetry/transfer/read-sample';
import { target, type ParserTarget } from './fuzz';
import { damaged, damagedJson, textOf } from './mutation';

const START_MS = 1_763_690_000_000;
/** As a device says them: numbered, some without one metric, one state. */
const rows: readonly Row[] = Array.from({ length: 80 }, (_, seq) => ({
	...{
		timeMs: START_MS + seq * 1000 + (seq % 7),
		clock: 'synchronised' as const,
		identity: { epoch: 7, seq }
	},
	...(seq % 3 === 0
		? { metrics: [2], values: [seq / 3] }
		: { metrics: [2, 3], values: [seq / 3, 20 + seq / 100] }),
	...(seq % 50 === 0 ? { states: [{ metric: 4, value: `mode ${seq}` }] } : {})
}));
const block = encodeBlock(rows, { series: 1, block: 1, level: 0 });

const sample = {
	...{ device: 'fb-1', provenance: 'real', epoch: 7, seq: 4, time: '2025-11-21T01:53:20.250Z' },
	...{ clock: 'synchronised', values: { power: 1.5, '−0': -0 }, states: { mode: 'on' } }
};
const CSV = [
	'2025-11-21T01:53:20.250Z,1763690000250,fb-1,real,synchronised,7,4,,1.5,-0.25',
	'2025-11-21T01:53:21Z,,"fb ""two""",simulated,unsynchronised,,,"{""mode"":""on""}",1e-9,'
].map(utf8);

/** The bytes with the checksum of all before at their end. */
function withCrc(bytes: Uint8Array): Uint8Array {
	if (bytes.length < 4) return bytes;
	const end = bytes.length - 4;
	new DataView(bytes.buffer, bytes.byteOffset).setUint32(end, crc32(bytes.subarray(0, end)), true);
	return bytes;
}

const found = <T>(value: T | undefined): Result<T, { kind: 'refused' }> =>
	value === undefined ? err({ kind: 'refused' }) : ok(value);

function readRowGroup(bytes: Uint8Array): Result<unknown, { kind: 'malformed' }> {
	try {
		const columns = openRowGroup(bytes).columns();
		if (columns.timeMs.length > bytes.length * 4096) throw new Error('more rows than its bytes can tell');
		return ok(columns);
	} catch (error) {
		if (error instanceof Malformed) return err({ kind: 'malformed' });
		throw error;
	}
}

const readRollup = (bytes: Uint8Array) =>
	found(openRollup({ widthMs: 60_000, bytes: bytes.length, crc: crc32(bytes) }, bytes, 2));

const conventions = profiles();

function decodeMessage({ topic, text }: { topic: string; text: string }): Result<unknown, { kind: string }> {
	const message = { topic, payload: utf8(text), retained: false, receivedMs: START_MS };
	for (const profile of conventions) {
		const decoded = profile.decode(message);
		if (decoded) return decoded.kind === 'refused' ? err({ kind: decoded.cause }) : ok(decoded);
	}
	return err({ kind: 'unknown-topic' });
}

interface ProfileCase {
	readonly topic?: string;
	readonly payload?: string;
}
const isJson = (text: string): boolean => {
	try {
		return typeof JSON.parse(text) === 'object';
	} catch {
		return false;
	}
};
const cases = (
	JSON.parse(readFileSync('tests/vectors/profiles.json', 'utf8')) as readonly ProfileCase[]
).flatMap(({ topic, payload }) =>
	topic !== undefined && payload !== undefined && payload.length < 600 && isJson(payload)
		? [{ topic, json: JSON.parse(payload) as unknown }]
		: []
);

/** Packed samples of every codec, in the envelope that they come in. */
const batches = (
	JSON.parse(readFileSync('tests/vectors/batch.json', 'utf8')) as readonly {
		readonly op: string;
		readonly codec?: string;
		readonly payload?: string;
	}[]
).flatMap(({ op, codec, payload }) =>
	op === 'batch' && codec !== undefined && payload !== undefined && payload.length < 600
		? [{ codec, bytes: Uint8Array.from(Buffer.from(payload, 'hex')) }]
		: []
);
const batchMessage = ({ codec, bytes }: { codec: string; bytes: Uint8Array }) => ({
	topic: 'iot/node/fb-1/batch',
	text: JSON.stringify({
		...{ device_id: 'fb-1', compressed: true, compression_type: codec },
		payload: Buffer.from(bytes).toString('base64')
	})
});

/** Parsers of what the store keeps, and of what comes in as samples. */
export const telemetryTargets = (): readonly ParserTarget[] => [
	target('csv sample', damaged(CSV).map(textOf), (text) =>
		readCsv(csvFields(text, ','), ['power', 'other'], decimal)
	),
	target('ndjson sample', damagedJson([sample]), readNdjson),
	target('row group', damaged([block.bytes]), readRowGroup),
	target('rollup', damaged(block.rollups.map(({ encoded }) => encoded)), readRollup),
	target('ledger', damaged([ledgerBytes()], withCrc), (bytes) => found(Ledger.decode(bytes))),
	target(
		'write-ahead record',
		damaged([encodeWalRecord(new Map([[1, rows.slice(0, 40)]]))], withCrc),
		(bytes) => decodeWalRecord(bytes)
	),
	target(
		'backup frame',
		fc.record({
			json: damagedJson([
				{ kind: 'names', rows: [{ id: 2, kind: 'metric', name: 'power' }] },
				{ kind: 'series', id: 1, latest: [[2, 1.5, START_MS]] },
				{ kind: 'block', head: block.head }
			]),
			bytes: fc.constantFrom(new Uint8Array(0), wholeBlock(), ledgerBytes())
		}),
		({ json, bytes }) =>
			found(isJson(json) ? parseSnapshotPart({ meta: JSON.parse(json), bytes }) : undefined)
	),
	target(
		'topic profile',
		fc.oneof(...cases.map(({ topic, json }) => damagedJson([json]).map((text) => ({ topic, text })))),
		decodeMessage
	),
	target(
		'packed batch',
		fc.oneof(
			...batches.map(({ codec, bytes }) =>
				damaged([bytes]).map((hurt) => batchMessage({ codec, bytes: hurt }))
			)
		),
		decodeMessage
	)
];

function ledgerBytes(): Uint8Array<ArrayBuffer> {
	const ledger = new Ledger();
	for (let seq = 0; seq < 60; seq++)
		if (seq % 9 > 2) ledger.add(7, seq, START_MS + seq * 1000, seq < 20 ? 'unsynchronised' : 'synchronised');
	ledger.giveUp(7, 9, 10);
	ledger.add(8, 4, START_MS + 90_000, 'corrected');
	return ledger.encode();
}

function wholeBlock(): Uint8Array<ArrayBuffer> {
	const parts = [block.bytes, ...block.rollups.map(({ encoded }) => encoded)];
	return Uint8Array.from(parts.flatMap((part) => [...part]));
}

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromBase64, utf8 } from '$lib/base';
import { decodeBatch } from '../batch';
import { nativeProfile } from './native';

interface Vector {
	readonly name: string;
	readonly topic: string;
	readonly payload?: string;
	readonly payload_base64?: string;
	readonly received_ms?: number;
	readonly expect:
		| { readonly ok: Record<string, unknown>; readonly counted?: readonly string[] }
		| { readonly refused: string };
}

const vectors = (file: string) =>
	JSON.parse(
		readFileSync(new URL(`../../../../tests/vectors/${file}`, import.meta.url), 'utf8')
	) as readonly Vector[];

const decode = (topic: string, payload: Uint8Array, receivedMs = 1_763_690_001_000, retained = false) =>
	nativeProfile().decode({ topic, payload, receivedMs, retained });

const payloadOf = (vector: Vector) =>
	vector.payload_base64 === undefined ? utf8(vector.payload ?? '') : fromBase64(vector.payload_base64)!;

describe('telemetry, by the vectors shared with the firmware', () => {
	test.each(vectors('telemetry.json').map((v) => [v.name, v] as const))('%s', (_, vector) => {
		const decoded = decode(vector.topic, payloadOf(vector), vector.received_ms);
		if ('refused' in vector.expect) {
			expect(decoded).toMatchObject({ kind: 'refused', cause: vector.expect.refused });
			return;
		}
		const { identity, ...rest } = vector.expect.ok;
		expect(decoded).toMatchObject({ kind: 'telemetry', counted: vector.expect.counted ?? [] });
		expect(decoded?.kind === 'telemetry' && decoded.sample).toEqual({
			...rest,
			identity: identity ?? undefined
		});
	});
});

/** The names on the wire, and those of the decoded report. */
const RENAMED: Readonly<Record<string, string>> = { fw: 'firmware', wake_s: 'wakeS', sim: 'simulated' };

describe('status, by the vectors shared with the firmware', () => {
	test.each(vectors('status.json').map((v) => [v.name, v] as const))('%s', (_, vector) => {
		const decoded = decode(vector.topic, payloadOf(vector));
		if ('refused' in vector.expect) {
			expect(decoded).toMatchObject({ kind: 'refused', cause: vector.expect.refused });
			return;
		}
		const wanted = Object.entries(vector.expect.ok).map(([name, value]) => [RENAMED[name] ?? name, value]);
		expect(decoded).toEqual({
			kind: 'status',
			device: 'fb-1',
			status: { simulated: false, ...Object.fromEntries(wanted) }
		});
	});
});

test('an emptied retained status says that nothing is known any more', () => {
	expect(decode('iot/node/fb-1/status', new Uint8Array())).toMatchObject({ status: { state: 'unknown' } });
});

test('a set clock is believed against ours, but not beyond every calendar', () => {
	const said = (timestamp: number) =>
		decode('iot/node/fb-1/telemetry', utf8(JSON.stringify({ timestamp, sensors: { t: 1 }, clock: 'sync' })));
	expect(said(1_900_000_000)).toMatchObject({ counted: [], sample: { timeMs: 1_900_000_000_000 } });
	expect(said(1e15)).toMatchObject({ counted: ['bad-timestamp'], sample: { clock: 'unsynchronised' } });
});

test('a metric named __proto__ is no metric and changes no object', () => {
	const decoded = decode(
		'iot/node/fb-1/telemetry',
		utf8('{"timestamp":1763690000,"sensors":{"__proto__":1,"a":2}}')
	);
	expect(decoded).toMatchObject({ counted: ['bad-value'] });
	expect(decoded?.kind === 'telemetry' && Object.keys(decoded.sample.values)).toEqual(['a']);
});

test('a response with result, with error, and one that is neither', () => {
	const response = (body: unknown) => decode('iot/node/fb-1/response', utf8(JSON.stringify(body)));
	expect(response({ jsonrpc: '2.0', id: 'a', result: null })).toMatchObject({
		response: { kind: 'result', id: 'a' }
	});
	expect(response({ jsonrpc: '2.0', id: null, error: { code: -32601, message: 'no' } })).toMatchObject({
		response: { kind: 'error', error: { code: -32601, message: 'no' } }
	});
	for (const bad of [
		{},
		{ id: 1, result: 1 },
		{ id: 'a' },
		{ id: 'a', error: 5 },
		{ id: 'a', error: { code: 1.5, message: '' } }
	])
		expect(response(bad)).toMatchObject({ kind: 'refused', cause: 'bad-response' });
});

describe('batches, by the envelopes that the firmware wrote', () => {
	interface Envelope {
		readonly name: string;
		readonly op: string;
		readonly device_id: string;
		readonly payload: string;
		readonly message: string;
	}
	const fromHex = (hex = '') => Uint8Array.from(hex.match(/../gu) ?? [], (pair) => parseInt(pair, 16));
	const envelopes = (vectors('batch.json') as unknown as readonly Envelope[])
		// Some hold bytes that are no samples.
		.filter(({ op, payload }) => op === 'envelope' && decodeBatch(fromHex(payload)).ok)
		.map((v) => [v.name, v] as const);

	test.each(envelopes)('%s', (_, { device_id, message }) => {
		const decoded = decode(`iot/node/${device_id}/batch`, utf8(message));
		expect(decoded).toMatchObject({ kind: 'batch', device: device_id, envelope: { deviceId: device_id } });
		if (decoded?.kind !== 'batch') return;
		const seqs = decoded.samples.map((s) => s.identity?.seq);
		expect(seqs.length).toBeGreaterThan(0);
		expect(seqs).toEqual(seqs.map((_seq, i) => seqs[0]! + i));
	});

	const [, whole] = envelopes[0]!;
	const changed = (more: object) => utf8(JSON.stringify({ ...JSON.parse(whole.message), ...more }));

	test.each([
		['another device’s', changed({ device_id: 'fb-other' }), 'other-device'],
		['without a payload', changed({ payload: undefined }), 'bad-envelope'],
		['with a payload that is cut', changed({ payload: 'AQAB' }), 'truncated-batch'],
		['compressed in a way that nobody knows', changed({ compression_type: 'gzip' }), 'unknown-compression'],
		['of a newer version', changed({ payload: 'AgAB' }), 'newer-batch'],
		['larger than 64 KiB', changed({ more: 'x'.repeat(70_000) }), 'too-large'],
		['cut in the middle', utf8(whole.message.slice(0, -9)), 'not-json']
	])('one that is %s is refused', (_, payload, cause) => {
		expect(decode(`iot/node/${whole.device_id}/batch`, payload)).toMatchObject({ kind: 'refused', cause });
	});
});

test.each(['log', 'diagnostics'])('%s is known, and passed over', (kind) => {
	expect(decode(`iot/node/fb-1/${kind}`, utf8('{}'))).toEqual({ kind: 'unread', device: 'fb-1' });
});

test('topics of others are not ours', () => {
	for (const topic of [
		'iot/node/fb-1',
		'iot/node/fb-1/logs',
		'iot/nodes/fb-1/telemetry',
		'ecowatt/x',
		'iot/node/a/b/telemetry'
	])
		expect(decode(topic, utf8('{}'))).toBeUndefined();
});

test('any bytes on any of its topics give a meaning or a refusal, never a throw', () => {
	const topic = fc
		.constantFrom('telemetry', 'batch', 'status', 'alerts', 'response', 'shadow/reported')
		.map((kind) => `iot/node/fb-1/${kind}`);
	const json = fc.json({ maxDepth: 20 }).map(utf8);
	const close = fc
		.record(
			{ timestamp: fc.anything(), sensors: fc.anything(), state: fc.anything(), id: fc.anything() },
			{ requiredKeys: [] }
		)
		.map((body) => utf8(safeJson(body)));
	fc.assert(
		fc.property(topic, fc.oneof(fc.uint8Array({ maxLength: 200 }), json, close), (t, payload) => {
			const decoded = decode(t, payload);
			expect(decoded?.kind).toMatch(/^(?:telemetry|batch|status|event|response|reported|refused)$/u);
			if (decoded?.kind === 'telemetry')
				for (const value of Object.values(decoded.sample.values)) expect(Number.isFinite(value)).toBe(true);
		}),
		{ numRuns: 500 }
	);
});

function safeJson(value: unknown): string {
	try {
		return JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? Number(v) : v)) ?? '';
	} catch {
		return ''; // e.g. a toJSON that throws: no payload can hold it
	}
}

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toHex, utf8 } from '$lib/base';
import { hmacKey } from '$lib/crypto';
import { parseDeviceId } from '$lib/model';
import { decodeBatch, type Batch } from './decode-batch';
import { batchMacHolds, parseBatchEnvelope } from './envelope';
import { samplesOf } from './samples';

type Value = number | string | null;
type Vector = { readonly name: string } & (
	| {
			readonly op: 'batch';
			readonly epoch: number;
			readonly seq: number;
			readonly clock: string;
			readonly sim: boolean;
			readonly names: readonly string[];
			readonly times_ms: readonly number[];
			readonly rows: readonly (readonly Value[])[];
			readonly payload: string;
	  }
	| { readonly op: 'refused'; readonly payload: string; readonly expect: 'version' | 'corrupt' }
	| {
			readonly op: 'envelope';
			readonly device_id: string;
			readonly nonce?: string;
			readonly key?: string;
			readonly codec: string;
			readonly payload: string;
			readonly message: string;
	  }
	| { readonly op: 'refused-envelope'; readonly message: string; readonly expect: string }
);

const all = JSON.parse(
	readFileSync(new URL('../../../../tests/vectors/batch.json', import.meta.url), 'utf8')
) as readonly Vector[];
const vectors = <Op extends Vector['op']>(op: Op) =>
	all
		.filter((v): v is Extract<Vector, { op: Op }> => v.op === op)
		.map((v) => [v.name, v] as [string, Extract<Vector, { op: Op }>]);

const unhex = (hex: string) => Uint8Array.from(hex.match(/../gu) ?? [], (pair) => parseInt(pair, 16));
const numberOf = (value: Value): number => (value === '-0' ? -0 : Number(value));

function decoded(payload: Uint8Array): Batch {
	const batch = decodeBatch(payload);
	if (!batch.ok) throw new Error(batch.error.kind);
	return batch.value;
}

/** Row by row, null where there is no value. */
const rowsOf = ({ timesMs, metrics }: Batch) =>
	Array.from(timesMs, (_, i) => metrics.map(({ values, present }) => (present[i] ? values[i]! : null)));

describe('payloads that the firmware encoded', () => {
	test.each(vectors('batch'))('%s', (_, vector) => {
		const batch = decoded(unhex(vector.payload));
		expect(batch).toMatchObject({
			...{ epoch: vector.epoch, firstSeq: vector.seq, clock: vector.clock, simulated: vector.sim }
		});
		expect(batch.metrics.map(({ name }) => name)).toEqual(vector.names);
		expect([...batch.timesMs]).toEqual(vector.times_ms);
		// toEqual tells -0 from 0 as Object.is does.
		expect(rowsOf(batch)).toEqual(
			vector.rows.map((row) => row.map((v) => (v === null ? null : numberOf(v))))
		);
	});

	test.each(vectors('batch'))('cut at any byte, or with one more, are refused: %s', (_, { payload }) => {
		const bytes = unhex(payload);
		for (let length = 0; length < bytes.length; length++)
			expect(decodeBatch(bytes.subarray(0, length))).toEqual({ ok: false, error: { kind: 'truncated' } });
		expect(decodeBatch(Uint8Array.of(...bytes, 0)).ok).toBe(false);
	});
});

describe('what is no payload', () => {
	test.each(vectors('refused'))('%s', (_, vector) => {
		const kinds = vector.expect === 'version' ? ['unknown-version'] : ['truncated', 'bomb', 'corrupt'];
		const batch = decodeBatch(unhex(vector.payload));
		expect(kinds).toContain(!batch.ok && batch.error.kind);
	});

	test('any bytes give an error or a batch of at most 256 × 16 values', () => {
		const header = Uint8Array.of(1, 0, 1, 0, 0, 0, 0, 0, 0, 0);
		const bytes = fc.oneof(
			fc.uint8Array({ maxLength: 300 }),
			fc.uint8Array({ maxLength: 300 }).map((rest) => Uint8Array.of(...header, ...rest)),
			fc
				.tuple(fc.constantFrom(...vectors('batch')), fc.nat(), fc.nat(7))
				.map(([[, { payload }], at, bit]) => {
					const damaged = unhex(payload);
					damaged[at % damaged.length]! ^= 1 << bit;
					return damaged;
				})
		);
		fc.assert(
			fc.property(bytes, (payload) => {
				const batch = decodeBatch(payload);
				if (!batch.ok) return;
				expect(batch.value.timesMs.length).toBeLessThanOrEqual(256);
				expect(batch.value.metrics.length).toBeLessThanOrEqual(16);
				for (const { values } of batch.value.metrics) expect(values).toHaveLength(batch.value.timesMs.length);
			}),
			{ numRuns: 3000 }
		);
	});
});

describe('batches by an encoder of the test', () => {
	test('come back bit by bit, however their columns are written', () => {
		const value = fc.oneof(
			fc.integer({ min: -(2 ** 51) + 1, max: 2 ** 51 - 1 }).map((n) => ({ n, scale: 0 })),
			fc.tuple(fc.integer({ min: -99_999, max: 99_999 }), fc.nat(9)).map(([n, scale]) => ({ n, scale }))
		);
		const columns = fc.array(
			fc.record({
				codec: fc.constantFrom(0, 1, 2, 3, 4),
				values: fc.array(fc.option(value), { minLength: 20, maxLength: 20 }),
				scale: fc.nat(9)
			}),
			{ minLength: 1, maxLength: 16 }
		);
		const times = fc.array(fc.nat(2 ** 31 - 1), { minLength: 1, maxLength: 20 });
		fc.assert(
			fc.property(columns, times, fc.boolean(), (written, timesMs, packed) => {
				const rows = timesMs.map((_, i) =>
					written.map(({ values, scale }) => {
						const cell = values[i];
						return cell ? cell.n / 10 ** scale : null;
					})
				);
				const payload = encode(
					timesMs,
					packed,
					written.map(({ codec, values, scale }) => ({
						codec,
						scale,
						cells: values.slice(0, timesMs.length).map((cell) => cell?.n ?? null)
					}))
				);
				const batch = decoded(payload);
				expect([...batch.timesMs]).toEqual(timesMs);
				expect(rowsOf(batch)).toEqual(rows.map((row) => row.map((v) => (v === null ? null : v + 0))));
			}),
			{ numRuns: 300 }
		);
	});
});

describe('envelopes that the firmware wrote', () => {
	test.each(vectors('envelope'))('%s', async (_, vector) => {
		const envelope = parseBatchEnvelope(utf8(vector.message));
		if (!envelope.ok) throw new Error(envelope.error.kind);
		expect(envelope.value.deviceId).toBe(vector.device_id);
		expect(envelope.value.codec).toBe(vector.codec);
		expect(toHex(envelope.value.payload)).toBe(vector.payload);
		expect(envelope.value.seal?.nonce).toBe(vector.nonce);
		if (vector.key === undefined) {
			expect(await batchMacHolds(await hmacKey(new Uint8Array(32)), envelope.value)).toBe(false);
			return;
		}
		const key = await hmacKey(unhex(vector.key));
		const { seal, payload } = envelope.value;
		expect(await batchMacHolds(key, envelope.value)).toBe(true);
		for (const other of [
			{ deviceId: `${vector.device_id}x` },
			{ seal: { ...seal!, nonce: `${seal!.nonce}0` } },
			{ seal: { ...seal!, mac: seal!.mac.map((byte, i) => (i === 31 ? byte ^ 1 : byte)) } },
			{ payload: payload.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) }
		])
			expect(await batchMacHolds(key, { ...envelope.value, ...other })).toBe(false);
	});

	test('are no others for a nonce and an id that make the same text', async () => {
		const key = await hmacKey(new Uint8Array(32));
		const [, { message }] = vectors('envelope').find(([name]) => name === 'an envelope with a MAC')!;
		const envelope = parseBatchEnvelope(utf8(message));
		if (!envelope.ok || !envelope.value.seal) throw new Error('no seal');
		const { nonce, mac } = envelope.value.seal;
		const moved = { nonce: nonce + 'f', mac };
		expect(await batchMacHolds(key, { ...envelope.value, deviceId: 'b-240ac4123456', seal: moved })).toBe(
			false
		);
	});
});

describe('what is no envelope', () => {
	test.each(vectors('refused-envelope'))('%s', (_, vector) => {
		const envelope = parseBatchEnvelope(utf8(vector.message));
		expect(envelope).toEqual({
			ok: false,
			error: ['not-json', 'not-object'].includes(vector.expect)
				? { kind: vector.expect }
				: { kind: 'bad-envelope', member: vector.expect }
		});
	});
});

describe('samples of a batch', () => {
	const RECEIVED_MS = 1_763_700_000_000;
	const idOf = (text: string) => {
		const id = parseDeviceId(text);
		if (!id.ok) throw new Error(id.error.kind);
		return id.value;
	};
	const batch = (over: Partial<Batch>, values: readonly (number | null)[] = [1, 2, 3]): Batch => ({
		...{ epoch: 5, firstSeq: 10, clock: 'sync', simulated: false },
		timesMs: Float64Array.of(1_763_690_000_000, 1_763_690_002_000, 1_763_690_004_000),
		metrics: [
			{
				name: 'x',
				values: Float64Array.from(values, (v) => v ?? 0),
				present: Uint8Array.from(values, (v) => (v === null ? 0 : 1))
			}
		],
		...over
	});

	test('have consecutive numbers and the times of the device', () => {
		const { samples, dropped } = samplesOf(batch({}), idOf('fb-1'), RECEIVED_MS);
		expect(dropped).toEqual({});
		expect(samples).toEqual(
			[0, 1, 2].map((i) => ({
				device: 'fb-1',
				provenance: 'real',
				identity: { epoch: 5, seq: 10 + i },
				timeMs: 1_763_690_000_000 + 2000 * i,
				clock: 'synchronised',
				values: { x: i + 1 }
			}))
		);
	});

	test('are simulated by either mark', () => {
		const provenanceOf = (simulated: boolean, id: string) =>
			samplesOf(batch({ simulated }), idOf(id), RECEIVED_MS).samples[0]?.provenance;
		expect(provenanceOf(false, 'fb-1')).toBe('real');
		expect(provenanceOf(true, 'fb-1')).toBe('simulated');
		expect(provenanceOf(false, 'sim-1')).toBe('simulated');
	});

	test('without a clock lie as long before the receipt as before the last one', () => {
		const timesMs = Float64Array.of(1000, 3000, 3500);
		const { samples } = samplesOf(batch({ clock: 'none', timesMs }), idOf('fb-1'), RECEIVED_MS);
		expect(samples.map((s) => s.timeMs - RECEIVED_MS)).toEqual([-2500, -500, 0]);
		expect(samples.map((s) => s.clock)).toEqual(Array(3).fill('unsynchronised'));
	});

	test('whose times cannot be have that of the receipt, and are counted', () => {
		const later = samplesOf(
			batch({ clock: 'none', timesMs: Float64Array.of(9, 0, 8) }),
			idOf('fb-1'),
			RECEIVED_MS
		);
		expect(later.samples.map((s) => s.timeMs - RECEIVED_MS)).toEqual([0, -8, 0]);
		expect(later.dropped).toEqual({ 'bad-timestamp': 1 });
		const absurd = samplesOf(
			batch({ timesMs: Float64Array.of(0, 2 ** 47, 1_763_690_000_000) }),
			idOf('fb-1'),
			7
		);
		expect(absurd.samples.map((s) => [s.timeMs, s.clock])).toEqual([
			[7, 'unsynchronised'],
			[7, 'unsynchronised'],
			[1_763_690_000_000, 'synchronised']
		]);
		expect(absurd.dropped).toEqual({ 'bad-timestamp': 2 });
	});

	test('held back for more than a day without a clock have the time of receipt, and are counted', () => {
		const day = 24 * 3600 * 1000;
		const timesMs = Float64Array.of(0, 1, day + 1);
		const { samples, dropped } = samplesOf(batch({ clock: 'none', timesMs }), idOf('fb-1'), RECEIVED_MS);
		expect(samples.map((s) => s.timeMs - RECEIVED_MS)).toEqual([0, -day, 0]);
		expect(dropped).toEqual({ 'bad-timestamp': 1 });
	});

	test('that have no usable value are dropped and counted, and the others keep their numbers', () => {
		const { samples, dropped } = samplesOf(batch({}, [NaN, null, 3]), idOf('fb-1'), RECEIVED_MS);
		expect(samples.map((s) => s.identity?.seq)).toEqual([12]);
		expect(dropped).toEqual({ 'bad-value': 1, 'no-metrics': 2 });
	});

	test('take no metric named __proto__', () => {
		const metrics = [
			{ name: '__proto__', values: Float64Array.of(1, 1, 1), present: Uint8Array.of(1, 1, 1) },
			...batch({}).metrics
		];
		const { samples, dropped } = samplesOf(batch({ metrics }), idOf('fb-1'), RECEIVED_MS);
		expect(samples.map((s) => s.values)).toEqual([{ x: 1 }, { x: 2 }, { x: 3 }]);
		expect(dropped).toEqual({ 'bad-value': 3 });
	});
});

interface Written {
	readonly codec: number;
	readonly scale: number;
	/** Scaled, whole; null where there is none. */
	readonly cells: readonly (number | null)[];
}

/** Writes a payload as docs/protocol.md §3.5 draws it, by the codecs that it is told. */
function encode(timesMs: readonly number[], packed: boolean, columns: readonly Written[]): Uint8Array {
	const out: number[] = [1, 0, 1, 0, 0, 0, 0, 0, 0, 0, timesMs.length - 1, columns.length];
	const varint = (value: number) => {
		for (; value > 0x7f; value = Math.floor(value / 128)) out.push((value % 128) | 0x80);
		out.push(value);
	};
	const zigzag = (value: number) => varint(value < 0 ? -2 * value - 1 : 2 * value);
	const bits = (values: readonly number[], width: number) => {
		let all = 0n;
		values.forEach((v, i) => (all |= BigInt(v) << BigInt(i * width)));
		for (let i = 0; i < Math.ceil((values.length * width) / 8); i++)
			out.push(Number((all >> BigInt(8 * i)) & 255n));
	};
	const widthOf = (highest: number) => (highest === 0 ? 0 : BigInt(highest).toString(2).length);
	const doubles = (values: readonly number[]) =>
		out.push(...new Uint8Array(Float64Array.from(values).buffer));

	columns.forEach((_, i) => out.push(2, 0x6d, 0x61 + i));
	const steps = timesMs.slice(1).map((t, i) => t - timesMs[i]!);
	const changes = steps.slice(1).map((s, i) => s - steps[i]!);
	varint(timesMs[0]!);
	if (steps.length > 0) zigzag(steps[0]!);
	if (changes.length > 0) {
		const least = Math.min(...changes);
		const width = widthOf(Math.max(...changes) - least);
		out.push(packed ? width : 255);
		if (packed) zigzag(least);
		if (packed)
			bits(
				changes.map((c) => c - least),
				width
			);
		else changes.forEach(zigzag);
	}
	for (const { codec, scale, cells } of columns) {
		const there = cells.filter((n) => n !== null);
		const used = there.length === 0 ? 0 : codec;
		const gaps = there.length < cells.length;
		out.push(used | (gaps ? 8 : 0) | ((used === 0 ? 15 : scale) << 4));
		if (gaps)
			bits(
				cells.map((n) => (n === null ? 0 : 1)),
				1
			);
		let before = 0;
		const word = (n: number) => {
			zigzag(n - before);
			before = n;
		};
		if (used === 0) doubles(there.map((n) => n / 10 ** scale));
		else if (used === 1) {
			const words = [...new Set(there)];
			out.push(words.length);
			words.forEach(word);
			bits(
				there.map((n) => words.indexOf(n)),
				widthOf(words.length - 1)
			);
		} else if (used === 2) there.forEach(word);
		else if (used === 3)
			for (let i = 0; i < there.length;) {
				let end = i + 1;
				while (end < there.length && there[end] === there[i]) end++;
				word(there[i]!);
				varint(end - i - 1);
				i = end;
			}
		else {
			const least = Math.min(...there);
			const width = widthOf(Math.max(...there) - least);
			zigzag(least);
			out.push(width);
			bits(
				there.map((n) => n - least),
				width
			);
		}
	}
	return Uint8Array.from(out);
}

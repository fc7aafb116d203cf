import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { toBase64, utf8 } from '$lib/base';
import { hmacKey } from '$lib/crypto';
import { conventionOf, metricInfo } from '$lib/model';
import { sharedSecretHolds } from '../batch';
import { SILENCE_DBFS } from './audio';
import { profiles, type Decoded, type DecodedPart } from '.';

interface Expected {
	readonly device?: string;
	readonly hearsay?: boolean;
	readonly simulated?: boolean;
	readonly samples?: readonly { time_ms: number; clock?: string; values: Record<string, number> }[];
	readonly status?: object;
	readonly events?: readonly { kind: string; time_ms: number; detail: object }[];
	readonly counted?: readonly string[];
	readonly refused?: string;
}
interface Sealed extends Pick<Expected, 'samples' | 'refused'> {
	readonly name: string;
	readonly topic: string;
	readonly key: string;
	readonly nonce: number;
	readonly payload: string;
	readonly message: string;
}

const read = <T>(file: string) =>
	JSON.parse(readFileSync(new URL(`../../../../tests/vectors/${file}`, import.meta.url), 'utf8')) as T[];
const RECEIVED_MS = 1_763_690_001_000;
const conventions = profiles();
const said = (topic: string, payload: string | Uint8Array, receivedMs = RECEIVED_MS): Decoded | undefined => {
	const message = {
		...{ topic, receivedMs, retained: false },
		payload: typeof payload === 'string' ? utf8(payload) : payload
	};
	for (const profile of conventions) {
		const decoded = profile.decode(message);
		if (decoded) return decoded;
	}
	return undefined;
};
const partsOf = (decoded: Decoded | undefined): readonly DecodedPart[] => {
	if (decoded?.kind === 'several') return decoded.parts;
	return decoded?.kind === 'telemetry' || decoded?.kind === 'status' || decoded?.kind === 'event'
		? [decoded]
		: [];
};
const ofKind = <K extends DecodedPart['kind']>(parts: readonly DecodedPart[], kind: K) =>
	parts.filter((part): part is Extract<DecodedPart, { kind: K }> => part.kind === kind);

describe('messages of other conventions', () => {
	const cases = read<{ name: string; topic: string; payload: string; expect: Expected }>('profiles.json');
	test.each(cases.map((c) => [c.name, c] as const))('%s', (_, { topic, payload, expect: wanted }) => {
		const decoded = said(topic, payload);
		if (wanted.refused !== undefined) {
			expect(decoded).toMatchObject({ kind: 'refused', cause: wanted.refused });
			return;
		}
		const parts = partsOf(decoded);
		expect(new Set(parts.map(({ device }) => device))).toEqual(new Set([wanted.device]));
		const telemetry = ofKind(parts, 'telemetry');
		expect(
			telemetry.map(({ sample: { timeMs, clock, values } }) => ({ time_ms: timeMs, clock, values }))
		).toEqual(wanted.samples ?? []);
		expect(telemetry.flatMap(({ counted }) => counted)).toEqual(wanted.counted ?? []);
		expect(ofKind(parts, 'status').map(({ status }) => status)).toMatchObject(
			wanted.status ? [wanted.status] : []
		);
		expect(
			ofKind(parts, 'event').map(({ event: { kind, atMs, detail } }) => ({ kind, time_ms: atMs, detail }))
		).toEqual(wanted.events ?? []);
		for (const part of parts)
			if (part.kind !== 'status') expect(part.hearsay ?? false).toBe(wanted.hearsay ?? false);
		for (const { sample } of telemetry)
			expect(sample).toMatchObject({
				identity: undefined,
				provenance: wanted.simulated ? 'simulated' : 'real'
			});
	});

	test('name no device that a native one is, and no native one theirs', () => {
		const power = JSON.stringify({ power: 1 });
		const native = JSON.stringify({ timestamp: 1_763_690_000, sensors: { power: 1 } });
		expect(said('ecowatt/devices/x/power', power)).toMatchObject({ device: 'ecowatt:x' });
		for (const id of ['ecowatt:x', 'sensor:x', 'ecowatt-system:server'])
			expect(said(`iot/node/${id}/telemetry`, native)).toEqual({
				...{ kind: 'refused', device: undefined, cause: 'bad-device-id' }
			});
		expect(conventionOf('fb-1')).toBeUndefined();
	});

	test('what a model is given has the unit of what it is named after', () => {
		expect(metricInfo('feature_temperature')).toMatchObject({
			unit: '°C',
			label: 'Temperature (model input)'
		});
	});
});

describe('sealed envelopes, made with Node’s crypto', () => {
	const cases = read<Sealed>('shared-secret.json').map((c) => [c.name, c] as const);
	test.each(cases.filter(([, c]) => c.refused === undefined))('%s', async (_, vector) => {
		const decoded = said(vector.topic, vector.message);
		if (decoded?.kind !== 'batch' || decoded.envelope.scheme !== 'shared-secret')
			throw new Error(JSON.stringify(decoded));
		const { samples, besides, envelope, place } = decoded;
		const taken = [...samples, ...ofKind(besides, 'telemetry').map(({ sample }) => sample)];
		expect(taken.map(({ timeMs, values }) => ({ time_ms: timeMs, values }))).toEqual(vector.samples);
		expect(place).toEqual({ epoch: 0, number: vector.nonce });
		const nonce = Buffer.alloc(4);
		nonce.writeUInt32BE(vector.nonce);
		const peer = createHmac('sha256', Buffer.from(vector.key, 'hex'));
		peer.update(nonce).update(Buffer.from(vector.payload, 'hex'));
		expect(Buffer.from(envelope.seal!.mac)).toEqual(peer.digest());
		const key = await hmacKey(Uint8Array.from(Buffer.from(vector.key, 'hex')));
		const { seal, payload } = envelope;
		expect(await sharedSecretHolds(key, envelope)).toBe(true);
		for (const other of [
			{ payload, seal: { ...seal!, nonce: seal!.nonce - 1 } },
			{ payload, seal: { ...seal!, mac: seal!.mac.map((byte, i) => (i === 0 ? byte ^ 1 : byte)) } },
			{ payload: payload.map((byte, i) => (i === 0 ? byte ^ 1 : byte)), seal },
			{ payload, seal: undefined }
		])
			expect(await sharedSecretHolds(key, other)).toBe(false);
	});

	test.each(cases.filter(([, c]) => c.refused !== undefined))(
		'refused: %s',
		(_, { topic, message, refused }) => {
			expect(said(topic, message)).toMatchObject({
				kind: 'refused',
				device: 'ecowatt:ESP32_001',
				cause: refused
			});
		}
	);

	test.each(cases.filter(([, c]) => c.samples && JSON.parse(c.message).compressed))(
		'cut at any byte gives no sample: %s',
		(_, vector) => {
			const whole = Buffer.from(vector.payload, 'hex');
			for (let length = 0; length < whole.length; length++) {
				const payload = whole.subarray(0, length).toString('base64');
				const message = JSON.stringify({ ...JSON.parse(vector.message), payload });
				expect(said(vector.topic, message)).toMatchObject({ kind: 'refused' });
			}
		}
	);
});

describe('two seconds of sound', () => {
	const RATE = 16_000;
	const pcm = (at: (i: number) => number, count = 2 * RATE) =>
		new Uint8Array(Int16Array.from({ length: count }, (_, i) => Math.round(at(i))).buffer);
	const heard = (bytes: Uint8Array<ArrayBuffer>, more: object = {}) =>
		said('sensor/room-1/audio', JSON.stringify({ data: toBase64(bytes), sample_rate: RATE, ...more }));
	const levels = (decoded: Decoded | undefined) =>
		decoded?.kind === 'telemetry' ? decoded.sample.values : decoded;

	test('a full sine is −3.01 dBFS, a full square 0, a tenth 20 dB less, and silence the floor', () => {
		const sine = pcm((i) => 32_767 * Math.sin((2 * Math.PI * 1000 * i) / RATE));
		expect(levels(heard(sine))).toMatchObject({ sound_level: expect.closeTo(-3.01, 2) as number });
		const square = pcm((i) => (i % 2 === 0 ? 32_767 : -32_768));
		expect(levels(heard(square))).toMatchObject({ sound_rms: expect.closeTo(1, 4) as number });
		const tenth = pcm((i) => (i % 2 === 0 ? 3276.8 : -3276.8));
		expect(levels(heard(tenth))).toMatchObject({ sound_level: expect.closeTo(-20, 2) as number });
		expect(levels(heard(pcm(() => 0)))).toEqual({ sound_level: SILENCE_DBFS, sound_rms: 0 });
	});

	test('counts exactly its window: each sample of it, and no other length', () => {
		const last = pcm((i) => (i === 2 * RATE - 1 ? 32_767 : 0));
		expect(levels(heard(last))).toMatchObject({
			sound_rms: expect.closeTo(1 / Math.sqrt(2 * RATE), 5) as number
		});
		for (const count of [0, 1, 2 * RATE - 1, 2 * RATE + 1, RATE])
			expect(heard(pcm(() => 5, count))).toMatchObject({ kind: 'refused' });
		expect(
			heard(
				pcm(() => 5),
				{ sample_rate: 8000 }
			)
		).toMatchObject({ cause: 'bad-audio-length' });
	});

	test('bare, and in a WAV file that says its own format', () => {
		const data = pcm(() => 16_384, 2 * 2 * 8000);
		const head = Buffer.alloc(44);
		head.write('RIFF', 0);
		head.writeUInt32LE(36 + data.length, 4);
		head.write('WAVEfmt ', 8);
		head.writeUInt32LE(16, 16);
		head.writeUInt16LE(1, 20);
		head.writeUInt16LE(2, 22);
		head.writeUInt32LE(8000, 24);
		head.writeUInt32LE(32_000, 28);
		head.writeUInt16LE(4, 32);
		head.writeUInt16LE(16, 34);
		head.write('data', 36);
		head.writeUInt32LE(data.length, 40);
		const wav = Uint8Array.from(Buffer.concat([head, data]));
		expect(levels(heard(wav))).toMatchObject({ sound_rms: 0.5 });
		expect(levels(said('sensor/room-1/audio', toBase64(pcm(() => 16_384))))).toMatchObject({
			sound_rms: 0.5
		});
		expect(heard(wav.slice(0, -2))).toMatchObject({ cause: 'bad-audio-length' });
		wav[34] = 24;
		expect(heard(wav)).toMatchObject({ cause: 'bad-audio' });
	});
});

describe('whatever comes', () => {
	const TOPICS = [
		...['power', 'status', 'commands', 'alerts'].map((kind) => `ecowatt/devices/a/${kind}`),
		...['ecowatt/system/health', 'ecowatt/system/updates', 'sensor/a/temperature', 'sensor/a/audio'],
		...['sensor/a/status', 'ml/inference/request/a', 'window/a/control']
	];
	const MEMBERS = [
		...[
			'timestamp',
			'power',
			'status',
			'message',
			'value',
			'unit',
			'position',
			'features',
			'samples',
			'alerts'
		],
		...[
			'payload',
			'mac',
			'nonce',
			'compressed',
			'compression_type',
			'registers',
			'data',
			'topic',
			'__proto__'
		]
	];
	const sane = (decoded: Decoded | undefined): boolean => {
		const parts =
			decoded?.kind === 'batch'
				? [...decoded.besides, ...decoded.samples.map((sample) => ({ kind: 'telemetry' as const, sample }))]
				: partsOf(decoded);
		return parts.every((part) => {
			if (part.kind === 'event')
				return Object.values(part.event.detail).every((v) => String(v).length <= 128);
			if (part.kind !== 'telemetry') return true;
			const { values, timeMs } = part.sample;
			const names = Object.keys(values);
			return (
				names.length > 0 &&
				names.length <= 64 &&
				Number.isFinite(timeMs) &&
				Object.values(values).every(Number.isFinite)
			);
		});
	};

	test('gives something sane or a cause, and never throws', () => {
		const member = fc.oneof(fc.constantFrom(...MEMBERS), fc.string());
		const value = fc.oneof(
			fc.jsonValue({ maxDepth: 3 }),
			fc.constantFrom(
				'2025-11-21T01:53:20Z',
				'success',
				'open',
				'0'.repeat(64),
				'dictionary',
				true,
				1e300,
				5
			),
			fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes).toString('base64')),
			fc
				.tuple(fc.constantFrom(0xd0, 0xde, 0xad, 0xbf, 1), fc.uint8Array({ maxLength: 60 }))
				.map(([mark, rest]) => Buffer.from([mark, ...rest]).toString('base64'))
		);
		const body = fc.array(fc.tuple(member, value), { maxLength: 8 }).map((all) => {
			const text = all.map(([name, v]) => `${JSON.stringify(name)}:${JSON.stringify(v)}`).join(',');
			return utf8(`{${text}}`);
		});
		const payload = fc.oneof(body, fc.uint8Array({ maxLength: 80 }));
		fc.assert(
			fc.property(fc.constantFrom(...TOPICS), payload, (topic, bytes) => {
				expect(sane(said(topic, Uint8Array.from(bytes)))).toBe(true);
			}),
			{ numRuns: 2000 }
		);
	});

	test('that is huge, deep or full of keys is refused in no time', () => {
		const deep = `${'{"a":'.repeat(17)}1${'}'.repeat(17)}`;
		const keys = JSON.stringify(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`k${i}`, 'x'])));
		const huge = `{"power":1,"x":"${'x'.repeat(1_000_000)}"}`;
		const began = performance.now();
		for (const topic of TOPICS) {
			for (const [text, cause] of [
				[deep, /too-deep|bad-audio/u],
				[huge, /too-large/u]
			] as const)
				expect(said(topic, text)).toMatchObject({
					kind: 'refused',
					cause: expect.stringMatching(cause) as string
				});
			expect(said(topic, keys)).toMatchObject({ kind: 'refused' });
		}
		expect(performance.now() - began).toBeLessThan(1000);
	});
});

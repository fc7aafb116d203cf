import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, utf8 } from '$lib/base';
import { encodeFrame } from './api-frame';
import { encodeImprov } from './improv-packet';
import { LineSplitter, splitLine, type LinePiece } from './line-splitter';

const text = (s: string): LinePiece => ({ kind: 'text', bytes: utf8(s) });
const pieces = (bytes: Uint8Array) => splitLine(bytes).pieces.map((p) => ({ ...p }));

/** What the same bytes give in other chunks, with neighbouring text joined as splitLine joins it. */
function inChunks(bytes: Uint8Array, sizes: readonly number[]) {
	const out: LinePiece[] = [];
	const faults: string[] = [];
	const splitter = new LineSplitter({
		text: (b) => {
			const last = out.at(-1);
			if (last?.kind === 'text') last.bytes = concatBytes([last.bytes, b]);
			else out.push({ kind: 'text', bytes: b });
		},
		improv: (p) => out.push({ kind: 'improv', ...p }),
		frame: (json) => out.push({ kind: 'frame', json }),
		fault: (f) => faults.push(f)
	});
	let at = 0;
	for (let i = 0; at < bytes.length; i++) {
		const size = sizes[i % sizes.length]!;
		splitter.push(bytes.subarray(at, at + size));
		at += size;
	}
	splitter.end();
	return { pieces: out, faults };
}

describe('splitLine', () => {
	it('takes a frame, a packet and the log between them apart', () => {
		const line = concatBytes([
			utf8('I (31) boot: hi\n'),
			encodeFrame(utf8('{"a":"ü"}')),
			encodeImprov(1, Uint8Array.of(2)),
			utf8('I (40) wifi: up\n')
		]);
		expect(pieces(line)).toEqual([
			text('I (31) boot: hi\n'),
			{ kind: 'frame', json: utf8('{"a":"ü"}') },
			{ kind: 'improv', type: 1, data: Uint8Array.of(2) },
			text('I (40) wifi: up\n')
		]);
	});

	it('knows the frame of the protocol by its bytes', () => {
		// CRC-32 of "{}" by zlib: 2745614147
		expect(pieces(utf8('\u001ea3a6bf43{}\n'))).toEqual([{ kind: 'frame', json: utf8('{}') }]);
	});

	it('gives what does not check as text, whole', () => {
		for (const bad of ['\u001ea3a6bf44{}\n', '\u001eA3A6BF43{}\n', '\u001exyz', '\u001ea3a6bf43{\u0001}\n']) {
			expect(splitLine(utf8(bad))).toEqual({ pieces: [text(bad)], faults: ['bad-frame'] });
		}
		const packet = encodeImprov(4, Uint8Array.of(3, 0));
		packet[10]! ^= 1;
		expect(splitLine(packet)).toEqual({ pieces: [{ kind: 'text', bytes: packet }], faults: ['bad-improv'] });
	});

	it('finds the next frame behind one that a reset cut', () => {
		const frame = encodeFrame(utf8('{"id":"1"}'));
		const line = concatBytes([frame.subarray(0, 14), utf8('ESP-ROM:esp32c3\r\n'), frame]);
		expect(pieces(line).at(-1)).toEqual({ kind: 'frame', json: utf8('{"id":"1"}') });
		expect(pieces(concatBytes([frame.subarray(0, 14), frame])).at(-1)).toMatchObject({ kind: 'frame' });
	});

	it('finds a packet inside one whose length was flipped', () => {
		const packet = encodeImprov(1, Uint8Array.of(4));
		const broken = packet.slice();
		broken[8] = 200;
		const line = concatBytes([broken, packet, new Uint8Array(250).fill(0x2e)]);
		expect(pieces(line).filter((p) => p.kind === 'improv')).toHaveLength(1);
	});

	it('refuses a frame over 4,096 bytes and counts it', () => {
		const json = utf8('"'.padEnd(4096, 'x'));
		expect(pieces(encodeFrame(json))).toEqual([{ kind: 'frame', json }]);
		const long = concatBytes([encodeFrame(json).subarray(0, -1), utf8('yy\n')]);
		expect(splitLine(long)).toEqual({ pieces: [{ kind: 'text', bytes: long }], faults: ['too-long'] });
	});

	it('gives the same for any chunking, and loses no byte', () => {
		const part = fc.oneof(
			fc.uint8Array({ maxLength: 20 }),
			fc.constantFrom('I', 'IMPROV', 'IMPROV\u0001', '\u001e', '\n', 'I (1) a: b\n', '\u001e0000').map(utf8),
			fc.json().map((json) => encodeFrame(utf8(json))),
			fc.tuple(fc.nat(255), fc.uint8Array({ maxLength: 40 })).map(([type, data]) => encodeImprov(type, data)),
			fc.json().map((json) => encodeFrame(utf8(json)).subarray(0, 12))
		);
		fc.assert(
			fc.property(
				fc.array(part).map(concatBytes),
				fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
				(line, sizes) => {
					const whole = splitLine(line);
					expect(inChunks(line, sizes)).toEqual(whole);
					const back = concatBytes(
						whole.pieces.map((p) =>
							p.kind === 'text'
								? p.bytes
								: p.kind === 'frame'
									? encodeFrame(p.json)
									: encodeImprov(p.type, p.data)
						)
					);
					// The line feed after a packet may have been absent.
					expect(back.length).toBeGreaterThanOrEqual(line.length);
					if (whole.pieces.every((p) => p.kind !== 'improv')) expect(back).toEqual(line);
				}
			)
		);
	});

	it('finds every frame that noise did not touch', () => {
		const noise = fc
			.uint8Array({ maxLength: 30 })
			.map((bytes) => bytes.filter((b) => b !== 0x1e && b !== 0x49));
		fc.assert(
			fc.property(fc.array(fc.tuple(noise, fc.json())), (parts) => {
				const line = concatBytes(parts.flatMap(([before, json]) => [before, encodeFrame(utf8(json))]));
				const frames = splitLine(line).pieces.filter((p) => p.kind === 'frame');
				expect(frames.map((p) => p.json)).toEqual(parts.map(([, json]) => utf8(json)));
			})
		);
	});
});

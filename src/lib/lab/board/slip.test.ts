import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concatBytes } from '$lib/base';
import { SlipDecoder, slipEncode } from './slip';

it('gives the same packets for any chunks', () => {
	const packets = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 });
	fc.assert(
		fc.property(packets, fc.integer({ min: 1, max: 9 }), (sent, size) => {
			const wire = concatBytes(sent.map((packet) => slipEncode(packet)));
			const decoder = new SlipDecoder(64);
			const got: number[][] = [];
			for (let at = 0; at < wire.length; at += size)
				decoder.push(wire.subarray(at, at + size), (packet) => got.push([...packet]));
			expect(got).toEqual(sent.map((packet) => [...packet]));
			expect(decoder.broken).toBe(0);
		})
	);
});

it('drops a wrong escape and a packet too long, counts both, and takes the next', () => {
	const decoder = new SlipDecoder(4);
	const got: number[][] = [];
	const push = (bytes: Uint8Array) => decoder.push(bytes, (packet) => got.push([...packet]));
	push(Uint8Array.of(0xc0, 1, 0xdb, 9, 2, 0xc0));
	push(slipEncode(Uint8Array.of(1, 2, 3, 4, 5)));
	push(slipEncode(Uint8Array.of(7)));
	expect(got).toEqual([[7]]);
	expect(decoder.broken).toBe(2);
});

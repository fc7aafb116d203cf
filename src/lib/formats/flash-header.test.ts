import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildAppImage, parseAppImage } from './app-image';
import { flashFrequencies, flashHeaderAt, flashSizeCode, withFlashHeader } from './flash-header';

const image = fc
	.record({
		data: fc.uint8Array({ minLength: 1, maxLength: 300 }),
		hashAppended: fc.boolean(),
		spiMode: fc.integer({ min: 0, max: 3 }),
		spiSpeed: fc.integer({ min: 0, max: 15 }),
		sizeCode: fc.integer({ min: 0, max: 7 })
	})
	.map(({ data, sizeCode, ...rest }) =>
		buildAppImage({
			...{ chipId: 5, entry: 0x40380000, flashSizeBytes: 2 ** (20 + sizeCode), ...rest },
			segments: [{ address: 0x3c000020, bytes: data }]
		})
	);
const header = fc.record({
	spiMode: fc.integer({ min: 0, max: 3 }),
	spiSpeed: fc.integer({ min: 0, max: 15 }),
	sizeCode: fc.integer({ min: 0, max: 7 })
});

describe('another flash header', () => {
	it('changes two bytes and the digest, wherever in a file the image lies', () => {
		fc.assert(
			fc.property(
				image,
				header,
				fc.uint8Array({ maxLength: 64 }),
				fc.uint8Array({ maxLength: 64 }),
				(built, wanted, before, behind) => {
					const file = Uint8Array.from([...before, ...built, ...behind]);
					const at = before.length;
					const patched = withFlashHeader(file, at, wanted);
					if (!patched.ok) throw new Error(patched.error.kind);
					expect(flashHeaderAt(patched.value, at)).toEqual(wanted);
					const parsed = parseAppImage(patched.value.subarray(at));
					if (!parsed.ok) throw new Error(parsed.error.kind);
					const { checksumOk, hash, sizeBytes } = parsed.value;
					expect(checksumOk).toBe(true);
					expect(hash.kind).not.toBe('wrong');
					const end = at + sizeBytes - (hash.kind === 'ok' ? 32 : 0);
					if (hash.kind === 'ok')
						expect(patched.value.subarray(end, end + 32)).toEqual(sha256(patched.value.subarray(at, end)));
					patched.value.forEach((byte, i) => {
						const own = i === at + 2 || i === at + 3 || (i >= end && i < at + sizeBytes);
						if (!own) expect(byte).toBe(file[i]);
					});
				}
			)
		);
	});

	it('is refused for what is damaged, signed, or none', () => {
		const built = buildAppImage({
			...{ chipId: 5, entry: 0 },
			segments: [{ address: 0x3c000020, bytes: new Uint8Array(64) }]
		});
		const wanted = { spiMode: 0, spiSpeed: 0, sizeCode: 0 };
		for (const at of [40, built.length - 1]) {
			const damaged = built.slice();
			damaged[at]! ^= 1;
			expect(withFlashHeader(damaged, 0, wanted)).toEqual({ ok: false, error: { kind: 'damaged' } });
		}
		const signed = new Uint8Array(0x2000).fill(0xff);
		signed.set(built);
		expect(withFlashHeader(signed, 0, wanted).ok).toBe(true);
		signed.set([0xe7, 0x02], 0x1000);
		expect(withFlashHeader(signed, 0, wanted)).toEqual({ ok: false, error: { kind: 'signed' } });
		expect(withFlashHeader(new Uint8Array(9), 0, wanted)).toEqual({ ok: false, error: { kind: 'no-image' } });
	});

	it('has the codes of its chip', () => {
		expect(flashFrequencies('ESP32')['80m']).toBe(15);
		expect(flashFrequencies('ESP32-H2')['48m']).toBe(15);
		expect(flashFrequencies('ESP32-C6')['80m']).toBe(0);
		expect([0x100000, 0x400000, 0x8000000, 0x300000].map(flashSizeCode)).toEqual([0, 2, 7, undefined]);
	});
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { err, ok } from '$lib/base';
import { findBytes, FlashReader, hexDump, readAddress, readNeedle } from './index';

const SIZE = 0x40000;
const FLASH = Uint8Array.from({ length: SIZE }, (_, i) => (i * 31 + (i >> 8) * 7 + (i >> 16)) & 0xff);
const LIVE = new AbortController().signal;

function made() {
	const asked: { offset: number; length: number }[] = [];
	let running = 0;
	const reader = new FlashReader(async (range) => {
		expect(++running, 'one act at a time').toBe(1);
		asked.push(range);
		await Promise.resolve();
		running--;
		return ok(FLASH.slice(range.offset, range.offset + range.length));
	}, SIZE);
	return { reader, asked };
}

describe('what was read of a flash', () => {
	it('is right for any ranges asked for at once, and no sector is asked for twice', async () => {
		const range = fc
			.record({ offset: fc.nat(SIZE - 1), length: fc.integer({ min: 1, max: 0x18000 }) })
			.map(({ offset, length }) => ({ offset, length: Math.min(length, SIZE - offset) }));
		await fc.assert(
			fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 5 }), async (ranges) => {
				const { reader, asked } = made();
				const all = await Promise.all(ranges.map((r) => reader.read(r, LIVE)));
				all.forEach((read, i) => {
					const { offset, length } = ranges[i]!;
					expect(read.ok && Buffer.compare(read.value, FLASH.subarray(offset, offset + length))).toBe(0);
				});
				const sectors = asked.flatMap(({ offset, length }) =>
					Array.from({ length: length / 0x1000 }, (_, s) => offset / 0x1000 + s)
				);
				expect(new Set(sectors).size).toBe(sectors.length);
				expect(Math.max(...asked.map(({ length }) => length))).toBeLessThanOrEqual(0x10000);
			}),
			{ numRuns: 30 }
		);
	});

	it('stays known after a failure or a cancel, and the next one is asked all the same', async () => {
		let fails = true;
		const reader = new FlashReader(({ offset, length }) => {
			if (!fails) return Promise.resolve(ok(FLASH.slice(offset, offset + length)));
			fails = false;
			return Promise.resolve(err({ kind: 'stub-failed', cause: 'no' } as const));
		}, SIZE);
		const gone = AbortSignal.abort(new Error('stop'));
		const [first, second, third] = await Promise.allSettled([
			reader.read({ offset: 0, length: 16 }, LIVE),
			reader.read({ offset: 0, length: 16 }, gone),
			reader.read({ offset: 0, length: 16 }, LIVE)
		]);
		expect(first).toMatchObject({ value: { ok: false } });
		expect(second.status).toBe('rejected');
		expect(third).toMatchObject({ value: { ok: true } });
		expect(reader.peek({ offset: 8, length: 4 })).toStrictEqual(FLASH.slice(8, 12));
		expect(reader.peek({ offset: 0x1000, length: 1 })).toBeUndefined();
	});
});

describe('a search', () => {
	it('finds what stands across sectors, from where it is asked, and counts what nobody read', async () => {
		const { reader } = made();
		await reader.read({ offset: 0, length: 0x8000 }, LIVE);
		const whole = { offset: 0, length: 0x10000 };
		// Mostly just before the end of a sector, where a needle lies over two.
		const near = fc.oneof(
			fc.nat(0x7f00),
			fc.tuple(fc.integer({ min: 1, max: 7 }), fc.nat(38)).map(([sector, back]) => 0x1000 * sector - 1 - back)
		);
		fc.assert(
			fc.property(near, fc.integer({ min: 2, max: 40 }), fc.nat(0x7fff), (at, length, from) => {
				const needle = FLASH.slice(at, at + length);
				const wanted = Buffer.from(FLASH.subarray(0, 0x8000)).indexOf(needle, from);
				expect(findBytes(reader, whole, needle, from)).toStrictEqual({
					at: wanted < 0 ? undefined : wanted,
					unreadBytes: 0x8000
				});
			})
		);
	});
});

it('reads addresses and needles as people write them', () => {
	expect(['0x9000', '9000h', '36864', '36k', '1M', ' 0X10 '].map(readAddress)).toStrictEqual([
		...[0x9000, 0x9000, 36864, 36864, 1 << 20, 16]
	]);
	expect(['', 'abc', '-1', '0x', '1.5'].map(readAddress)).toStrictEqual(Array(5).fill(undefined));
	expect(readNeedle('DE ad 0xbe', 'hex')).toStrictEqual(Uint8Array.of(0xde, 0xad, 0xbe));
	expect(readNeedle('abc', 'hex')).toBeUndefined();
	expect(readNeedle('', 'text')).toBeUndefined();
	expect(readNeedle('é', 'text')).toStrictEqual(Uint8Array.of(0xc3, 0xa9));
});

it('writes lines for the clipboard as hexdump does', () => {
	expect(hexDump(new TextEncoder().encode('hello, bench 123\n'), 0x9000)).toBe(
		`00009000  68 65 6c 6c 6f 2c 20 62 65 6e 63 68 20 31 32 33  |hello, bench 123|
00009010  0a                                               |.|
`
	);
});

import { expect, test } from 'vitest';
import { ByteSource } from './byte-source';

const sevenTimes = (byte: number, last: number) => Uint8Array.of(...Array<number>(7).fill(byte), last);

test('a varint may be anything below 2^53', () => {
	const source = new ByteSource(sevenTimes(0xff, 0x0f));
	expect(source.varint()).toBe(2 ** 53 - 1);
	expect(source.ok && source.atEnd).toBe(true);
});

test.each([
	['of 2^53', sevenTimes(0x80, 0x10)],
	['of nine bytes', Uint8Array.of(...sevenTimes(0x80, 0x80), 1)],
	['of two forms', Uint8Array.of(0x80, 0)],
	['that is cut', Uint8Array.of(0x80)],
	['of no bytes', Uint8Array.of()]
])('a varint %s is none', (_, bytes) => {
	const source = new ByteSource(bytes);
	expect(source.varint()).toBe(0);
	expect(source.ok).toBe(false);
});

test('zigzag has whole numbers of both signs up to its ends', () => {
	expect(new ByteSource(sevenTimes(0xff, 0x0f)).zigzag()).toBe(-(2 ** 52));
	expect(new ByteSource(Uint8Array.of(0xfe, ...sevenTimes(0xff, 0x0f).subarray(1))).zigzag()).toBe(
		2 ** 52 - 1
	);
});

test('a source that ended gives zeros, and says so', () => {
	const source = new ByteSource(Uint8Array.of(1, 2));
	expect(source.bytes(3)).toHaveLength(0);
	expect([source.byte(), source.u32(), source.double(), source.varint(), source.zigzag()]).toEqual([
		0, 0, 0, 0, 0
	]);
	expect(source.ok).toBe(false);
});

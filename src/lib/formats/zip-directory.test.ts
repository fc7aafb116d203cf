import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { crc32 } from '$lib/base';
import { findZipEnd, parseZipDirectory, zipDataOffset, ZIP_TAIL_BYTES } from './index';

/** The whole list, or the fault's kind. */
function list(zip: Uint8Array) {
	const end = findZipEnd(zip.subarray(-ZIP_TAIL_BYTES), zip.length);
	if (!end.ok) return end.error.kind;
	const { offset, lengthBytes } = end.value;
	const entries = parseZipDirectory(zip.subarray(offset, offset + lengthBytes), end.value);
	return entries.ok ? entries.value : entries.error.kind;
}

describe('a zip’s directory', () => {
	it('lists what was packed, with its CRC and where it lies', () => {
		const app = new Uint8Array(5000).fill(7);
		const zip = zipSync({ build: { 'app.bin': app, 'args.json': [Uint8Array.of(1, 2), { level: 0 }] } });
		const entries = list(zip);
		if (typeof entries === 'string') throw new Error(entries);
		expect(entries.map(({ path }) => path)).toStrictEqual(['build/app.bin', 'build/args.json']);
		const stored = entries[1]!.entry;
		if (!stored.ok) throw new Error(stored.error.kind);
		expect(stored.value).toMatchObject({ method: 'stored', sizeBytes: 2, crc: crc32(Uint8Array.of(1, 2)) });
		const data = zipDataOffset(zip.subarray(stored.value.headerOffset));
		const at = stored.value.headerOffset + (data.ok ? data.value : 0);
		expect([...zip.subarray(at, at + 2)]).toStrictEqual([1, 2]);
		expect(entries[0]!.entry).toMatchObject({
			value: { method: 'deflated', sizeBytes: 5000, crc: crc32(app) }
		});
	});

	it('is found before a comment', () => {
		const zip = zipSync({ a: Uint8Array.of(1) });
		const commented = Uint8Array.from([...zip, ...new Uint8Array(300).fill(0x50)]);
		commented.set([300 & 0xff, 300 >> 8], zip.length - 2);
		expect(list(commented)).toHaveLength(1);
	});

	it('names what cannot be read', () => {
		const zip = zipSync({ a: Uint8Array.of(1) });
		const changed = (magic: number, at: number, value: readonly number[]) => {
			const copy = zip.slice();
			const start = copy.findIndex((_, i) => new DataView(copy.buffer).getUint32(i, true) === magic);
			copy.set(value, start + at);
			return list(copy);
		};
		expect(list(new Uint8Array(100))).toBe('not-a-zip');
		expect(list(zip.subarray(0, -1))).toBe('not-a-zip');
		expect(list(zip.subarray(20))).toBe('cut-short');
		expect(changed(0x06054b50, 10, [0xff, 0xff])).toBe('zip64');
		expect(changed(0x06054b50, 10, [0xfe, 0xff])).toBe('too-many-entries');
		expect(changed(0x06054b50, 10, [9, 0])).toBe('cut-short');
		expect(changed(0x02014b50, 8, [1, 0])).toMatchObject([{ entry: { error: { kind: 'encrypted' } } }]);
		expect(changed(0x02014b50, 10, [12, 0])).toMatchObject([
			{ entry: { error: { kind: 'unknown-method', method: 12 } } }
		]);
	});

	it('survives any bytes and any change to a real one', () => {
		fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => void list(bytes)));
		const zip = zipSync({ 'a/b.bin': new Uint8Array(300), 'c.json': Uint8Array.of(1, 2, 3) });
		const change = fc.tuple(fc.nat(zip.length - 1), fc.nat(255));
		fc.assert(
			fc.property(fc.array(change, { maxLength: 8 }), (changes) => {
				const copy = zip.slice();
				for (const [at, value] of changes) copy[at] = value;
				void list(copy);
			})
		);
	});
});

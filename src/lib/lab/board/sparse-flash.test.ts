import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameBytes } from '$lib/base';
import { MemorySparseFlash, SECTOR_BYTES } from './sparse-flash';

const SIZE = 4 * SECTOR_BYTES;

describe('a sparse flash', () => {
	it('is 0xFF where nothing was programmed, and beyond its end', () => {
		expect([...new MemorySparseFlash(SIZE).read(SIZE - 2, 4)]).toEqual([255, 255, 255, 255]);
	});

	it('behaves as a whole array of which programming clears bits and erasing sets sectors', () => {
		const act = fc.oneof(
			fc.record({ at: fc.nat(SIZE + 100), bytes: fc.uint8Array({ maxLength: 2 * SECTOR_BYTES }) }),
			fc.record({ sector: fc.nat(3), sectors: fc.integer({ min: 1, max: 4 }) })
		);
		fc.assert(
			fc.property(fc.array(act, { maxLength: 12 }), (acts) => {
				const flash = new MemorySparseFlash(SIZE);
				const model = new Uint8Array(SIZE).fill(255);
				for (const a of acts) {
					if ('sector' in a) {
						flash.erase(a.sector * SECTOR_BYTES, a.sectors * SECTOR_BYTES);
						model.fill(255, a.sector * SECTOR_BYTES, (a.sector + a.sectors) * SECTOR_BYTES);
					} else {
						flash.program(a.at, a.bytes);
						a.bytes.forEach((byte, i) => {
							if (a.at + i < SIZE) model[a.at + i]! &= byte;
						});
					}
				}
				// Compared by hand: a matcher takes a millisecond a kilobyte, and this runs a hundred times.
				expect(sameBytes(flash.read(0, SIZE), model)).toBe(true);
			})
		);
	});

	it('tells which sectors are no longer what they were', () => {
		const told: [number, boolean][] = [];
		const flash = new MemorySparseFlash(SIZE, [], (sector, bytes) =>
			told.push([sector, bytes !== undefined])
		);
		flash.program(SECTOR_BYTES - 1, Uint8Array.of(1, 2));
		flash.erase(0, SIZE);
		expect(told).toEqual([
			[0, true],
			[1, true],
			[0, false],
			[1, false]
		]);
	});
});

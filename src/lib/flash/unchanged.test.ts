import { describe, expect, it } from 'vitest';
import { bench, bytesOf, holds, planOf } from './fake-bench';
import { FakeChip } from './fake-chip';

const OFFSET = 0x10000;
const K64 = 0x10000;

/** A chip that holds these bytes already. */
function chipWith(bytes: Uint8Array, offset = OFFSET): FakeChip {
	const chip = new FakeChip();
	chip.flash.set(bytes, offset);
	return chip;
}

/** The line damages the answer to the digest of this number, as a flipped bit does. */
function flipDigest(chip: FakeChip, number: number): void {
	chip.onDigest = (count) => {
		if (count !== number) return;
		chip.mangle = (bytes, way) => {
			if (way === 'to-chip' || bytes[2] !== 0x13) return bytes;
			chip.mangle = (later) => later;
			bytes[12]! ^= 0x01;
			return bytes;
		};
	};
}

describe('what the flash holds already', () => {
	it('is neither erased nor written, and is proven by the MD5 of each region', async () => {
		const [small, large] = [bytesOf(5000), bytesOf(700_000, 2)];
		const chip = chipWith(large);
		chip.flash.set(small, 0x8000);
		const { write, states } = await bench(chip);
		const report = await write(planOf({ offset: 0x8000, bytes: small }, { offset: OFFSET, bytes: large }));
		expect(report).toMatchObject({ ok: true, value: { totalBytes: 705_000, unchangedBytes: 705_000 } });
		expect(chip.seen.begins).toEqual([]);
		expect(chip.seen.digests).toContainEqual({ offset: 0x8000, length: 5000 });
		expect(chip.seen.digests).toContainEqual({ offset: OFFSET, length: 700_000 });
		expect(states.map(({ kind }) => kind).slice(-4)).toEqual(['comparing', 'comparing', 'resetting', 'done']);
	});

	it('is left out where only a stretch differs, to the block, and counted', async () => {
		const bytes = bytesOf(10 * K64);
		const chip = chipWith(bytes);
		for (const at of [2 * K64 + 77, 3 * K64 + 5, 9 * K64 - 1]) chip.flash[OFFSET + at]! ^= 0xff;
		const { write, states } = await bench(chip);
		const report = await write(planOf({ offset: OFFSET, bytes }));
		expect(report).toMatchObject({ ok: true, value: { unchangedBytes: 7 * K64 } });
		expect(chip.seen.begins).toEqual([
			{ offset: OFFSET + 2 * K64, length: 2 * K64 },
			{ offset: OFFSET + 8 * K64, length: K64 }
		]);
		expect(holds(chip, OFFSET, bytes)).toBe(true);
		const writing = states.filter((state) => state.kind === 'writing');
		expect(writing.at(-1)).toMatchObject({
			reachedBytes: 9 * K64,
			writtenBytes: 3 * K64,
			unchangedBytes: 7 * K64,
			totalBytes: 10 * K64
		});
	});

	it('costs a few digests of sectors where the flash holds something else', async () => {
		const chip = chipWith(bytesOf(700_000, 3));
		const { write } = await bench(chip);
		const bytes = bytesOf(700_000, 2);
		expect(await write(planOf({ offset: OFFSET, bytes }))).toMatchObject({
			ok: true,
			value: { unchangedBytes: 0 }
		});
		const glances = chip.seen.digests.slice(0, -1);
		expect(glances.length).toBeLessThanOrEqual(8);
		expect(glances.every(({ length }) => length <= 0x1000)).toBe(true);
		expect(chip.seen.digests.at(-1)).toEqual({ offset: OFFSET, length: bytes.length });
	});

	it('is not asked about where the whole chip is erased first', async () => {
		const bytes = bytesOf(9000);
		const chip = chipWith(bytes);
		const { write } = await bench(chip);
		expect(await write({ ...planOf({ offset: OFFSET, bytes }), eraseAll: true })).toMatchObject({
			ok: true,
			value: { unchangedBytes: 0 }
		});
		expect(chip.seen.digests).toEqual([{ offset: OFFSET, length: 9000 }]);
	});

	it('is written where the chip’s answer came damaged: time is lost, never the truth', async () => {
		const bytes = bytesOf(3 * K64);
		for (const number of [1, 8, 9]) {
			const chip = chipWith(bytes);
			flipDigest(chip, number);
			const { write } = await bench(chip);
			expect(await write(planOf({ offset: OFFSET, bytes }))).toMatchObject({ ok: true });
			expect(chip.seen.begins.length).toBeGreaterThan(0);
			expect(holds(chip, OFFSET, bytes)).toBe(true);
		}
	});

	it('can be left while it is asked about, with nothing written', async () => {
		const bytes = bytesOf(3 * K64);
		const chip = chipWith(bytes);
		const stop = new AbortController();
		chip.onDigest = (count) => count === 4 && stop.abort();
		const { write, states } = await bench(chip);
		await expect(write(planOf({ offset: OFFSET, bytes }), stop.signal)).rejects.toMatchObject({
			name: 'AbortError'
		});
		expect(states.at(-1)).toEqual({ kind: 'cancelled', wroteAnything: false });
		expect(chip.seen.resets.at(-1)).toBe('program');
		expect(chip.readable).toBeNull();
	});

	it('says that the cable was pulled while it was asked about', async () => {
		const bytes = bytesOf(3 * K64);
		const chip = chipWith(bytes);
		chip.onDigest = (count) => count === 4 && chip.unplug();
		const { write, states } = await bench(chip);
		expect(await write(planOf({ offset: OFFSET, bytes }))).toEqual({
			ok: false,
			error: { kind: 'unplugged' }
		});
		expect(states.at(-1)).toMatchObject({ kind: 'failed', wroteAnything: false });
	});
});

describe('what the chip does not read back', () => {
	it('is written again where a block was lost on its way into the flash', async () => {
		const bytes = bytesOf(5 * K64);
		const chip = new FakeChip();
		chip.badByteAt = OFFSET + K64 + 9;
		chip.onDigest = () => {
			if (chip.seen.digests.at(-1)?.length === bytes.length) chip.badByteAt = undefined;
		};
		const { write } = await bench(chip);
		expect(await write(planOf({ offset: OFFSET, bytes }))).toMatchObject({ ok: true });
		expect(holds(chip, OFFSET, bytes)).toBe(true);
		expect(chip.seen.begins.at(-1)).toEqual({ offset: OFFSET + K64, length: K64 });
	});

	it('is found in every region after the last was written', async () => {
		const [first, second] = [bytesOf(9000), bytesOf(9000, 2)];
		const chip = new FakeChip();
		// What is written second harms what was written first, as where a command's offset came damaged.
		chip.onBlock = () => {
			if (chip.seen.begins.at(-1)?.offset === 0x20000) chip.flash[OFFSET + 3]! ^= 0xff;
		};
		const { write } = await bench(chip);
		const report = await write(planOf({ offset: OFFSET, bytes: first }, { offset: 0x20000, bytes: second }));
		expect(report).toMatchObject({ ok: true });
		expect(holds(chip, OFFSET, first)).toBe(true);
		expect(holds(chip, 0x20000, second)).toBe(true);
	});
});

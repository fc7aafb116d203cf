import { describe, expect, it } from 'vitest';
import { bench, bytesOf, holds, planOf } from './fake-bench';
import { FakeChip } from './fake-chip';

const SETTINGS = bytesOf(0x5000, 3);
const APP = bytesOf(40_000, 2);
const CLEARED = [
	{ offset: 0x1000, length: 0x8000 },
	{ offset: 0xe000, length: 0x2000 },
	{ offset: 0x1a000, length: 0x3e6000 }
];

function usedChip(): FakeChip {
	const chip = new FakeChip();
	chip.flash.set(bytesOf(0x400000, 9));
	chip.flash.set(SETTINGS, 0x9000);
	return chip;
}
const plan = () => ({ ...planOf({ offset: 0x10000, bytes: APP }), cleared: CLEARED });
const isClear = (chip: FakeChip) =>
	CLEARED.every(({ offset, length }) =>
		chip.flash.subarray(offset, offset + length).every((byte) => byte === 0xff)
	);

describe('erasing all but the settings', () => {
	it('never touches them, erases the rest, and writes what is to be written', async () => {
		const chip = usedChip();
		const { write, states } = await bench(chip);
		expect(await write(plan())).toMatchObject({ ok: true });
		expect(isClear(chip)).toBe(true);
		expect(holds(chip, 0x10000, APP)).toBe(true);
		expect(holds(chip, 0x9000, SETTINGS)).toBe(true);
		for (const { offset, length } of [...chip.seen.erases, ...chip.seen.begins])
			expect(offset + length <= 0x9000 || offset >= 0xe000).toBe(true);
		const told = states.filter((state) => state.kind === 'erasing');
		expect(told.at(-1)).toMatchObject({ doneBytes: 0x3f0000, totalBytes: 0x3f0000 });
	});

	it('leaves alone what is erased already', async () => {
		const chip = usedChip();
		for (const { offset, length } of CLEARED) chip.flash.fill(0xff, offset, offset + length);
		const { write } = await bench(chip);
		expect(await write(plan())).toMatchObject({ ok: true });
		expect(chip.seen.erases).toEqual([]);
	});

	it('leaves the settings whole wherever the power is lost, and is ended by the next write', async () => {
		for (const packet of [1, 3, 6]) {
			const chip = usedChip();
			chip.onDigest = (count) => count === packet && chip.unplug();
			const broken = await (await bench(chip)).write(plan());
			expect(broken).toEqual({ ok: false, error: { kind: 'unplugged' } });
			expect(holds(chip, 0x9000, SETTINGS)).toBe(true);
			chip.onDigest = () => undefined;
			chip.plug();
			expect(await (await bench(chip)).write(plan())).toMatchObject({ ok: true });
			expect(isClear(chip) && holds(chip, 0x9000, SETTINGS)).toBe(true);
		}
	}, 20_000);

	it('is no success where a cell does not erase', async () => {
		const chip = usedChip();
		chip.stuckAt = 0xe123;
		const { write, states } = await bench(chip);
		expect(await write(plan())).toEqual({ ok: false, error: { kind: 'verify-failed', offsetBytes: 0xe000 } });
		expect(states.at(-1)).toMatchObject({ kind: 'failed', wroteAnything: true });
	});

	it('tells the digest of each region in its report', async () => {
		const { write } = await bench(usedChip());
		const report = await write(plan());
		expect(report).toMatchObject({
			ok: true,
			value: { digests: [expect.stringMatching(/^[0-9a-f]{32}$/u)] }
		});
	});
});

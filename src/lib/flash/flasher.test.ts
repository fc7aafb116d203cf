import { describe, expect, it } from 'vitest';
import { bench, bytesOf, holds, MAC, planOf } from './fake-bench';
import { SHORT_STRETCH_BYTES, STRETCH_BYTES } from './stretches';
import { FakeChip } from './fake-chip';

describe('connecting', () => {
	it('tells what the chip is, by esptool-js over the port', async () => {
		const { flasher, page } = await bench();
		const board = await flasher.connect(page.signal);
		expect(board).toMatchObject({
			ok: true,
			value: {
				chip: 'ESP32-C3',
				mac: MAC,
				flashSizeBytes: 0x400000,
				practice: true,
				crystalMhz: 40,
				secureBoot: false
			}
		});
		await flasher.leave();
	});

	it('tells a chip without the mark from a practice board', async () => {
		const chip = new FakeChip();
		chip.practice = false;
		const { flasher, page } = await bench(chip);
		expect(await flasher.connect(page.signal)).toMatchObject({ ok: true, value: { practice: false } });
		await flasher.leave();
	});

	it('says that a program is heard where no ROM answers, and frees the port', async () => {
		const chip = new FakeChip();
		chip.log = 'I (312) main: hello from the program\r\n';
		const { flasher, page } = await bench(chip);
		const attempts: number[] = [];
		expect(await flasher.connect(page.signal, (n) => attempts.push(n))).toEqual({
			ok: false,
			error: { kind: 'no-answer', heard: 'boot-log' }
		});
		expect(attempts).toEqual([1, 2, 3, 4, 5]);
		expect(chip.readable).toBeNull();
	}, 20_000);

	it('can be cancelled while it asks, and leaves the chip in its program', async () => {
		const chip = new FakeChip();
		chip.mangle = () => new Uint8Array();
		const { flasher } = await bench(chip);
		const stop = new AbortController();
		const asked = flasher.connect(stop.signal, () => setTimeout(() => stop.abort(), 30));
		await expect(asked).rejects.toMatchObject({ name: 'AbortError' });
		expect(chip.seen.resets.at(-1)).toBe('program');
		expect(chip.readable).toBeNull();
	});
});

describe('writing', () => {
	it('writes every region, verifies it, resets the chip and closes the port', async () => {
		const { chip, write, states } = await bench();
		const [small, large] = [bytesOf(5000), bytesOf(700_000, 2)];
		const report = await write(planOf({ offset: 0x8000, bytes: small }, { offset: 0x10000, bytes: large }));
		expect(report).toMatchObject({ ok: true, value: { totalBytes: 705_000, retries: 0, baud: 921_600 } });
		expect(holds(chip, 0x8000, small)).toBe(true);
		expect(holds(chip, 0x10000, large)).toBe(true);
		expect(chip.seen.resets.at(-1)).toBe('program');
		expect(chip.readable).toBeNull();
		const writing = states.filter((state) => state.kind === 'writing');
		expect(writing.at(-1)).toMatchObject({ writtenBytes: 705_000, totalBytes: 705_000, region: 1 });
		expect(writing.map((state) => state.writtenBytes)).toEqual(
			writing.map((state) => state.writtenBytes).toSorted((a, b) => a - b)
		);
		expect(states.map(({ kind }) => kind).slice(-3)).toEqual(['verifying', 'resetting', 'done']);
	});

	it('writes nothing to another board than the plan was made for', async () => {
		const { chip, write, states } = await bench();
		const plan = { ...planOf({ offset: 0x10000, bytes: bytesOf(5000) }), mac: 'fa:b0:99:99:99:99' };
		expect(await write(plan)).toEqual({
			ok: false,
			error: { kind: 'other-board', expected: plan.mac, found: MAC }
		});
		expect(states.at(-1)).toMatchObject({ kind: 'failed', wroteAnything: false });
		expect(chip.flash.every((byte) => byte === 0xff)).toBe(true);
	});

	it('never calls a success what the chip does not read back', async () => {
		const chip = new FakeChip();
		chip.badByteAt = 0x12345;
		const { write, states } = await bench(chip);
		const report = await write(planOf({ offset: 0x10000, bytes: bytesOf(50_000) }));
		expect(report).toEqual({ ok: false, error: { kind: 'verify-failed', offsetBytes: 0x10000 } });
		expect(states.at(-1)).toMatchObject({ kind: 'failed', wroteAnything: true });
		expect(chip.seen.resets.at(-1)).toBe('program');
	});

	it('sends a block again that came damaged', async () => {
		const chip = new FakeChip();
		let damaged = 0;
		chip.mangle = (bytes, way) => {
			if (way === 'to-chip' && bytes.length > 10_000 && damaged++ === 1) bytes[5000]! ^= 0x04;
			return bytes;
		};
		const { write } = await bench(chip);
		const bytes = bytesOf(60_000);
		expect(await write(planOf({ offset: 0x10000, bytes }))).toMatchObject({
			ok: true,
			value: { retries: 1 }
		});
		expect(holds(chip, 0x10000, bytes)).toBe(true);
	});

	it('begins a stretch anew where an answer was lost', async () => {
		const chip = new FakeChip();
		chip.onBlock = (count) => {
			const clean = chip.mangle;
			if (count === 2)
				chip.mangle = (bytes, way) => {
					if (way === 'to-chip') return bytes;
					chip.mangle = clean;
					return new Uint8Array();
				};
		};
		const { write } = await bench(chip);
		const bytes = bytesOf(60_000);
		expect(await write(planOf({ offset: 0x10000, bytes }))).toMatchObject({
			ok: true,
			value: { retries: 1 }
		});
		expect(holds(chip, 0x10000, bytes)).toBe(true);
	});

	it('deflates what gets shorter by it, and sends the rest as it is', async () => {
		const { chip, write } = await bench();
		const random = bytesOf(60_000);
		const plain = new Uint8Array(60_000).fill(0x5a);
		const plan = planOf({ offset: 0x10000, bytes: random }, { offset: 0x40000, bytes: plain });
		expect(await write(plan)).toMatchObject({ ok: true });
		expect(chip.seen).toMatchObject({ deflated: 1, begins: [{ offset: 0x10000 }, { offset: 0x40000 }] });
		expect(holds(chip, 0x10000, random)).toBe(true);
		expect(holds(chip, 0x40000, plain)).toBe(true);
	});

	it('sends a long stretch that failed again as short ones, and all that follows', async () => {
		const chip = new FakeChip();
		chip.onBlock = (count) => {
			const clean = chip.mangle;
			if (count === 5) chip.mangle = (bytes, way) => (way === 'to-chip' ? bytes : new Uint8Array());
			if (count === 5) setTimeout(() => (chip.mangle = clean), 20);
		};
		const { write } = await bench(chip);
		const bytes = bytesOf(STRETCH_BYTES + 3 * SHORT_STRETCH_BYTES);
		const report = await write(planOf({ offset: STRETCH_BYTES, bytes }));
		expect(report).toMatchObject({ ok: true, value: { retries: 1 } });
		const [long, ...short] = chip.seen.begins.map(({ length }) => length);
		expect(long).toBe(STRETCH_BYTES);
		// The one that was made ahead is as long as it was going to be.
		const cut = short.filter((length) => length === SHORT_STRETCH_BYTES).length;
		expect(cut).toBe(STRETCH_BYTES / SHORT_STRETCH_BYTES);
		expect(holds(chip, STRETCH_BYTES, bytes)).toBe(true);
	});

	it('takes a slower rate where the wished one does not get through', async () => {
		const chip = new FakeChip();
		chip.topBaud = 300_000;
		const { write, log } = await bench(chip);
		const report = await write(planOf({ offset: 0, bytes: bytesOf(9000) }));
		expect(report).toMatchObject({ ok: true, value: { baud: 230_400 } });
		expect(log).toContain('The line does not work at 460800 baud.');
	}, 30_000);

	it('stops in the middle when asked, restarts the chip, and can begin again', async () => {
		const { chip, port, lease, write, states, page } = await bench();
		const stop = new AbortController();
		chip.onBlock = (count) => count === 3 && stop.abort();
		const plan = planOf({ offset: 0x10000, bytes: bytesOf(200_000) });
		await expect(write(plan, stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
		expect(states.at(-1)).toEqual({ kind: 'cancelled', wroteAnything: true });
		expect(chip.seen.resets.at(-1)).toBe('program');
		expect(chip.readable).toBeNull();
		await lease.release();
		expect(port.state).toEqual({ kind: 'free' });
		chip.onBlock = () => undefined;
		expect(page.signal.aborted).toBe(false);
		expect(await (await bench(chip)).write(plan)).toMatchObject({ ok: true });
	});

	it('says that the cable was pulled, and flashes after it is back', async () => {
		const { chip, write, states } = await bench();
		chip.onBlock = (count) => count === 3 && chip.unplug();
		const plan = planOf({ offset: 0x10000, bytes: bytesOf(200_000) });
		expect(await write(plan)).toEqual({ ok: false, error: { kind: 'unplugged' } });
		expect(states.at(-1)).toEqual({ kind: 'failed', error: { kind: 'unplugged' }, wroteAnything: true });
		chip.onBlock = () => undefined;
		chip.plug();
		expect(await (await bench(chip)).write(plan)).toMatchObject({ ok: true });
	});
});

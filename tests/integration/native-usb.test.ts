import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock, textOf, type Clock } from '$lib/base';
import { Flasher, plainPlan, sameThreadCompressor, type FlashState, type WritePlan } from '$lib/flash';
import { BoardPort } from '$lib/link';
import {
	doorTo,
	INSTANT_TIMING,
	MemorySparseFlash,
	PracticeBoard,
	PracticePort,
	RADIO_TIMES,
	type BoardChip
} from '../../src/lib/lab/board';

vi.setConfig({ testTimeout: 30_000 });

/** Waits a twentieth. The board has the system's clock: it is away from the bus for 20 ms, which are 400 here. */
const quickClock: Clock = {
	now: () => systemClock.now() * 20,
	after: (ms, fn) => systemClock.after(ms / 20, fn)
};
const MAC = 'fa:b0:01:02:03:04';
const never = () => new AbortController().signal;
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
	for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

function bench(chip: BoardChip = 'ESP32-S3') {
	const flash = new MemorySparseFlash(4 << 20);
	const board = new PracticeBoard({
		...{
			chip,
			usb: 'native',
			mac: 'fab001020304',
			name: 'Board',
			timing: INSTANT_TIMING,
			clock: systemClock
		},
		...{ flash, random: () => 0.5 },
		world: {
			...{ air: [], radio: RADIO_TIMES },
			connector: () => Promise.reject(new Error('there is no network')),
			dial: () => ({ kind: 'none', note: 'no network' })
		}
	});
	cleanUps.push(() => board.unplug());
	board.plug();
	const first = new PracticePort(doorTo(board), 'native');
	const came: PracticePort[] = [];
	first.bus.addEventListener('connect', (event) => came.push(event.target as PracticePort));
	const port = new BoardPort(first, { clock: quickClock, serial: first.bus });
	cleanUps.push(() => port.leave());
	return { board, flash, port, came };
}

async function flasherOn(port: BoardPort) {
	const lease = await port.lease('flash', never());
	if (!lease.ok) throw new Error(lease.error.kind);
	const log: string[] = [];
	const compress = sameThreadCompressor(quickClock);
	const flasher = new Flasher(lease.value, { clock: quickClock, compress, log: (line) => log.push(line) });
	return { flasher, lease: lease.value, log };
}

/** On the bus: a board that was just plugged in needs a moment. */
const onBus = (board: PracticeBoard) => vi.waitFor(() => expect(board.onBus).toBe(true));

const noise = (length: number): Uint8Array<ArrayBuffer> => {
	let state = 7;
	return Uint8Array.from({ length }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24);
};
const planOf = (bytes: Uint8Array<ArrayBuffer>): WritePlan => plainPlan(MAC, [{ offset: 0x10000, bytes }]);

describe('a board on its own USB', () => {
	it('is written though it was reset by hand, and was back, before anybody looked', async () => {
		const { board, flash, port, came } = bench();
		await onBus(board);
		const { flasher, lease } = await flasherOn(port);
		expect(await flasher.connect(never())).toMatchObject({ ok: true });
		const before = came.length;
		board.pressEn();
		await vi.waitFor(() => expect(came.length).toBe(before + 1));
		const bytes = noise(40_000);
		const written = await flasher.write(planOf(bytes), { baud: 921_600, onState: () => undefined }, never());
		expect(written).toMatchObject({ ok: true });
		expect(flash.read(0x10000, bytes.length)).toEqual(bytes);
		await lease.release();
	});

	it.each(['ESP32-S3', 'ESP32-C3', 'ESP32-C6', 'ESP32-H2'] as const)(
		'%s: is brought into download mode, asked and written, on one port after another',
		async (chip) => {
			const { board, flash, port, came } = bench(chip);
			await onBus(board);
			const { flasher, lease, log } = await flasherOn(port);
			const facts = await flasher.connect(never());
			expect(facts).toMatchObject({
				ok: true,
				value: { chip, mac: MAC, practice: true, usb: 'serial-jtag' }
			});
			expect(log).toContain('The board left the USB: waiting for it to come back…');
			expect(came.length).toBeGreaterThan(0);
			expect(lease.device).toBe(came.at(-1));

			const bytes = noise(100_000);
			const states: FlashState[] = [];
			const written = await flasher.write(
				planOf(bytes),
				{ baud: 921_600, onState: (state) => states.push(state) },
				never()
			);
			expect(written).toMatchObject({ ok: true, value: { retries: 0 } });
			expect(Buffer.from(flash.read(0x10000, bytes.length)).equals(Buffer.from(bytes))).toBe(true);
			expect(states.at(-1)?.kind).toBe('done');
			expect(log.join()).not.toContain('No reset pulse');
			await lease.release();
		}
	);

	it('is listened to after the write, on the port that its program comes back with', async () => {
		const { board, port } = bench();
		await onBus(board);
		const { flasher, lease } = await flasherOn(port);
		expect(await flasher.connect(never())).toMatchObject({ ok: true });
		await flasher.leave();
		await lease.release();
		// It is away now, and nobody has to be asked again.
		const line = await port.lease('line', never());
		if (!line.ok) throw new Error(line.error.kind);
		const opened = await line.value.open(115_200);
		if (!opened.ok) throw new Error(opened.error.kind);
		let heard = '';
		opened.value.onText((bytes) => (heard += textOf(bytes) ?? ''), never());
		await vi.waitFor(() => expect(heard).toContain('invalid header'), 10_000);

		heard = '';
		expect(await opened.value.reset()).toEqual({ ok: true, value: undefined });
		board.pressEn();
		await vi.waitFor(() => expect(heard).toContain('invalid header'), 10_000);
		expect(opened.value.signal.aborted).toBe(false);
		await line.value.release();
	});

	it('goes on with a write in whose middle the chip restarted', async () => {
		const { board, flash, port } = bench('ESP32-C3');
		await onBus(board);
		const { flasher } = await flasherOn(port);
		expect(await flasher.connect(never())).toMatchObject({ ok: true });
		const bytes = noise(300_000);
		let restarts = 0;
		const onState = (state: FlashState) => {
			if (state.kind === 'writing' && state.writtenBytes > 100_000 && restarts++ === 0) board.pressEn();
		};
		const written = await flasher.write(planOf(bytes), { baud: 921_600, onState }, never());
		expect(written).toMatchObject({ ok: true });
		expect(written.ok && written.value.retries).toBeGreaterThan(0);
		expect(Buffer.from(flash.read(0x10000, bytes.length)).equals(Buffer.from(bytes))).toBe(true);
	});

	it('is given up in bounded time where it does not come back, and is the same board when it does', async () => {
		const { board, port } = bench();
		await onBus(board);
		const { flasher, lease } = await flasherOn(port);
		expect(await flasher.connect(never())).toMatchObject({ ok: true });
		const onState = (state: FlashState) => {
			if (state.kind === 'writing' && state.writtenBytes > 50_000) board.unplug();
		};
		const written = await flasher.write(planOf(noise(300_000)), { baud: 921_600, onState }, never());
		expect(written).toEqual({ ok: false, error: { kind: 'not-back' } });
		expect(lease.signal.aborted).toBe(true);
		expect(port.state).toEqual({ kind: 'unplugged' });
		board.plug();
		await vi.waitFor(() => expect(port.state).toEqual({ kind: 'free' }));
		const again = await flasherOn(port);
		expect(await again.flasher.connect(never())).toMatchObject({ ok: true, value: { mac: MAC } });
		await again.flasher.leave();
	});
});

import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '$lib/base';
import { Flasher, plainPlan, sameThreadCompressor } from '$lib/flash';
import { BoardPort } from '$lib/link';
import {
	INSTANT_TIMING,
	MemorySparseFlash,
	PracticeBoard,
	PracticePort,
	RADIO_TIMES,
	type Cable
} from '../../src/lib/lab/board';

const OFFSET = 0x20_0000;
const LENGTH = 200_000;

/** Waits a fiftieth: what is tested takes no time but that of pauses. */
const quickClock: Clock = {
	now: () => systemClock.now() * 50,
	after: (ms, fn) => systemClock.after(ms / 50, fn)
};

/** A whole practice board with an empty flash, and its cable as a serial port. */
function bench(flash = new MemorySparseFlash(0x400000)) {
	const board = new PracticeBoard({
		...{ mac: 'fab011223344', name: 'Board', timing: INSTANT_TIMING, clock: quickClock, flash },
		random: () => 0.5,
		world: {
			...{ air: [], radio: RADIO_TIMES },
			connector: () => Promise.reject(new Error('there is no network')),
			dial: () => ({ kind: 'none', note: 'no network' })
		},
		onChange: () => undefined
	});
	board.plug();
	let cable: Cable | undefined;
	let plugged: () => void = () => undefined;
	const seen = { writes: 0 };
	const onWrite = { act: (_: number): void => undefined };
	const port = new PracticePort({
		open(baud, events) {
			const opened = board.openCable(baud);
			if (!opened.ok) return Promise.resolve(opened.error);
			cable = opened.value;
			cable.onBytes((bytes) => events.bytes(bytes));
			cable.onLost(() => events.lost());
			return Promise.resolve('ok');
		},
		async write(bytes) {
			onWrite.act(++seen.writes);
			await cable?.write(bytes);
		},
		setSignals: (signals) => Promise.resolve(cable?.setSignals(signals)),
		close: () => Promise.resolve(cable?.close()),
		whenPlugged: (fn) => (plugged = fn)
	});
	const write = async (bytes: Uint8Array<ArrayBuffer>) => {
		const never = new AbortController().signal;
		const lease = await new BoardPort(port, { clock: quickClock }).lease('flash', never);
		if (!lease.ok) throw new Error('no lease');
		const compress = sameThreadCompressor(quickClock);
		const flasher = new Flasher(lease.value, { clock: quickClock, compress, log: () => undefined });
		const plan = plainPlan('fa:b0:11:22:33:44', [{ offset: OFFSET, bytes }]);
		try {
			return await flasher.write(plan, { baud: 921_600, onState: () => undefined }, never);
		} finally {
			await lease.value.release();
		}
	};
	const plug = () => {
		board.plug();
		plugged();
	};
	return { board, flash, seen, onWrite, write, plug, port };
}

const image = Uint8Array.from({ length: LENGTH }, (_, i) => Math.imul(i, 2654435761) >>> 13);
const holds = (flash: MemorySparseFlash) =>
	Buffer.from(flash.read(OFFSET, LENGTH)).equals(Buffer.from(image));

describe('a practice board in the middle of a write', () => {
	it('that is unplugged at any packet is told as unplugged, and flashed after it is back', async () => {
		const whole = bench();
		expect(await whole.write(image)).toMatchObject({ ok: true, value: { retries: 0 } });
		const last = whole.seen.writes;
		expect(last).toBeGreaterThan(30);
		for (let at = 1; at <= last; at += Math.ceil(last / 16)) {
			const { board, flash, onWrite, write, plug, port } = bench();
			onWrite.act = (count) => count === at && board.unplug();
			expect(await write(image)).toEqual({ ok: false, error: { kind: 'unplugged' } });
			expect(port.readable).toBeNull();
			onWrite.act = () => undefined;
			plug();
			expect(await write(image)).toMatchObject({ ok: true });
			expect(holds(flash)).toBe(true);
			expect(await write(image)).toMatchObject({ ok: true, value: { unchangedBytes: LENGTH } });
		}
	}, 120_000);

	it('whose flash does not keep a bit is never told as written', async () => {
		const { flash, write } = bench();
		const program = flash.program.bind(flash);
		flash.program = (offset, bytes) => {
			program(offset, bytes);
			program(OFFSET + 0x11000, Uint8Array.of(0)); // a cell that is worn out
		};
		expect(image[0x11000]).not.toBe(0);
		expect(await write(image)).toEqual({
			ok: false,
			error: { kind: 'verify-failed', offsetBytes: OFFSET }
		});
		flash.program = program;
		const mended = await write(image);
		expect(mended).toMatchObject({ ok: true });
		expect(holds(flash)).toBe(true);
		expect(mended.ok && mended.value.unchangedBytes).toBeGreaterThan(0);
	}, 60_000);
});

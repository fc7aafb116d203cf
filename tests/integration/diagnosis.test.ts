import { afterEach, expect, it, vi } from 'vitest';
import { systemClock, type Clock } from '$lib/base';
import { Flasher, sameThreadCompressor } from '$lib/flash';
import { BoardPort } from '$lib/link';
import {
	doorTo,
	INSTANT_TIMING,
	MemorySparseFlash,
	PracticeBoard,
	PracticePort,
	RADIO_TIMES
} from '../../src/lib/lab/board';
import type { BoardFaults } from '../../src/lib/lab/board/board-faults';

vi.setConfig({ testTimeout: 30_000 });

/** Waits a twentieth, on both ends of the cable: an empty board restarts every eighth of a second. */
const quickClock: Clock = {
	now: () => systemClock.now() * 20,
	after: (ms, fn) => systemClock.after(ms / 20, fn)
};
const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
	for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** What connecting says of an empty practice board with these faults. */
async function diagnose(faults: BoardFaults) {
	const board = new PracticeBoard({
		...{ chip: 'ESP32', mac: 'fab001020304', name: 'Board', timing: INSTANT_TIMING, clock: quickClock },
		...{ flash: new MemorySparseFlash(4 << 20), random: () => 0.5 },
		world: {
			...{ air: [], radio: RADIO_TIMES },
			connector: () => Promise.reject(new Error('there is no network')),
			dial: () => ({ kind: 'none', note: 'no network' })
		}
	});
	cleanUps.push(() => board.unplug());
	board.misbehave(faults);
	board.plug();
	const { signal } = new AbortController();
	const lease = await new BoardPort(new PracticePort(doorTo(board)), { clock: quickClock }).lease(
		'flash',
		signal
	);
	if (!lease.ok) throw new Error(lease.error.kind);
	const compress = sameThreadCompressor(quickClock);
	const flasher = new Flasher(lease.value, { clock: quickClock, compress, log: () => undefined });
	const found = await flasher.connect(signal);
	await flasher.leave();
	return found;
}

it('names a cable that carries nothing', async () => {
	expect(await diagnose({ chargeOnly: true })).toEqual({
		ok: false,
		error: { kind: 'no-answer', heard: 'nothing' }
	});
});

it('names a board that starts over and over while no signal reaches it', async () => {
	expect(await diagnose({ noAutoReset: true })).toEqual({
		ok: false,
		error: { kind: 'no-answer', heard: 'boot-loop' }
	});
});

it('names a flashing program that is refused, and one that does not run', async () => {
	for (const stub of ['not-taken', 'does-not-run'] as const)
		expect(await diagnose({ stub }), stub).toMatchObject({ ok: false, error: { kind: 'stub-failed' } });
});

it('names an ESP32 that is well, with its minor revision and crystal', async () => {
	expect(await diagnose({})).toMatchObject({
		ok: true,
		value: { chip: 'ESP32', revision: 'v3.0', crystalMhz: 40, practice: true, usb: 'bridge' }
	});
});

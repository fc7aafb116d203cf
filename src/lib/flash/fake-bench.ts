import { systemClock, type Clock } from '$lib/base';
import { BoardPort } from '$lib/link';
import { sameThreadCompressor } from './compressor';
import type { FlashState } from './facts';
import { FakeChip } from './fake-chip';
import { Flasher } from './flasher';
import { plainPlan } from './plan';
import type { WritePlan } from './plan-facts';

/** Waits a twentieth: the pauses of a real board are not what is tested here. */
const quickClock: Clock = {
	now: () => systemClock.now() * 20,
	after: (ms, fn) => systemClock.after(ms / 20, fn)
};

/** Of the fake chip, by its eFuses. */
export const MAC = 'fa:b0:11:22:33:44';

export function bytesOf(length: number, seed = 1): Uint8Array<ArrayBuffer> {
	let state = seed;
	return Uint8Array.from({ length }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24);
}

export const planOf = (...parts: readonly { offset: number; bytes: Uint8Array<ArrayBuffer> }[]): WritePlan =>
	plainPlan(MAC, parts);

export async function bench(chip = new FakeChip()) {
	const page = new AbortController();
	const port = new BoardPort(chip, { clock: quickClock });
	const lease = await port.lease('flash', page.signal);
	if (!lease.ok) throw new Error('no lease');
	const states: FlashState[] = [];
	const log: string[] = [];
	const flasher = new Flasher(lease.value, {
		clock: quickClock,
		compress: sameThreadCompressor(quickClock),
		log: (line) => log.push(line)
	});
	const write = (plan: WritePlan, signal = page.signal) =>
		flasher.write(plan, { baud: 921_600, onState: (state) => states.push(state) }, signal);
	return { chip, port, lease: lease.value, flasher, write, states, log, page };
}

/** `toEqual` takes seconds for as many bytes. */
export const holds = (chip: FakeChip, offset: number, bytes: Uint8Array): boolean =>
	Buffer.from(chip.flash.subarray(offset, offset + bytes.length)).equals(Buffer.from(bytes));

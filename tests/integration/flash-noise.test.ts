import { afterAll, describe, expect, it } from 'vitest';
import { concatBytes, systemClock, type Clock } from '$lib/base';
import { Flasher, plainPlan, sameThreadCompressor, type FlashError, type WritePlan } from '$lib/flash';
import { BoardPort } from '$lib/link';
import { INSTANT_TIMING, MemorySparseFlash } from '../../src/lib/lab/board';
import { LoaderOnlyPort } from '../../src/lib/lab/board/fake-usb-port';

const SESSIONS = 50;
/** At once: most of a session is waiting for answers that do not come. */
const AT_ONCE = 10;
const OFFSET = 0x10000;
const LENGTH = 130_000;
const FAULTS = ['dropped', 'flipped', 'late'] as const;

/** Waits a fiftieth, so that a lost answer costs tens of milliseconds. */
const quickClock: Clock = {
	now: () => systemClock.now() * 50,
	after: (ms, fn) => systemClock.after(ms / 50, fn)
};

/** Numbers in [0, 1) that depend on the seed alone (mulberry32). */
function randomFrom(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let t = Math.imul(state ^ (state >>> 15), 1 | state);
		t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
		return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
	};
}

/** A line on which a byte in so many is dropped, flipped, or held back with all after it until more comes, both ways. */
function noisyLine(random: () => number, bytesPerFault: number, count: { faults: number }) {
	const held = { chip: new Uint8Array(), host: new Uint8Array() };
	return (bytes: Uint8Array, to: 'chip' | 'host'): Uint8Array => {
		const given = concatBytes([held[to], bytes]);
		held[to] = new Uint8Array();
		const out: number[] = [];
		for (const [i, byte] of given.entries()) {
			if (random() >= 1 / bytesPerFault) {
				out.push(byte);
				continue;
			}
			count.faults++;
			const fault = FAULTS[Math.floor(random() * FAULTS.length)];
			if (fault === 'flipped') out.push(byte ^ (1 << Math.floor(random() * 8)));
			if (fault === 'late') {
				held[to] = given.slice(i);
				break;
			}
		}
		return Uint8Array.from(out);
	};
}

/** The practice board's ROM and stub, with nothing that takes time. */
function practiceBoard() {
	const flash = new MemorySparseFlash(0x400000);
	const timing = INSTANT_TIMING;
	const port = new LoaderOnlyPort({ flash, timing, clock: systemClock, mac: 'fab011223344' });
	return { flash, port };
}

const planOf = (bytes: Uint8Array<ArrayBuffer>): WritePlan =>
	plainPlan('fa:b0:11:22:33:44', [{ offset: OFFSET, bytes }]);

/** Most of the image is in the flash already, and not to be written. */
function holdMost(flash: MemorySparseFlash, image: Uint8Array<ArrayBuffer>): void {
	flash.program(OFFSET, image);
	flash.erase(OFFSET + 0x10000, 0x3000);
}

async function flash(port: LoaderOnlyPort, plan: WritePlan) {
	const lease = await new BoardPort(port, { clock: quickClock }).lease('flash', new AbortController().signal);
	if (!lease.ok) throw new Error('no lease');
	const compress = sameThreadCompressor(quickClock);
	const flasher = new Flasher(lease.value, { clock: quickClock, compress, log: () => undefined });
	const onState = () => undefined;
	const report = await flasher.write(plan, { baud: 921_600, onState }, new AbortController().signal);
	await lease.value.release();
	return report;
}

describe('flashing over a line that drops, flips and delays bytes', () => {
	const outcomes: (FlashError['kind'] | 'success')[] = [];
	const count = { faults: 0 };
	let next = 0;
	const gate: (() => void)[] = [];
	let running = 0;
	const turn = async () => {
		if (running++ >= AT_ONCE) await new Promise<void>((go) => gate.push(go));
		next++;
	};
	const over = () => {
		running--;
		gate.shift()?.();
	};

	for (let seed = 1; seed <= SESSIONS; seed++)
		it.concurrent(
			`session ${seed}: success only with the image in the flash, and a clean flash afterwards`,
			async () => {
				await turn();
				try {
					const random = randomFrom(seed);
					const image = Uint8Array.from({ length: LENGTH }, () => random() * 256);
					const { flash: kept, port } = practiceBoard();
					if (seed % 2 === 0) holdMost(kept, image);
					// From a line that fails every few stretches to one that hardly lets a block through.
					port.meddle = noisyLine(random, [400_000, 150_000, 60_000, 20_000, 4000][seed % 5]!, count);
					const report = await flash(port, planOf(image));
					outcomes.push(report.ok ? 'success' : report.error.kind);
					if (report.ok) expect(kept.read(OFFSET, LENGTH)).toEqual(image);

					port.meddle = (bytes) => bytes;
					expect(await flash(port, planOf(image))).toMatchObject({ ok: true });
					expect(kept.read(OFFSET, LENGTH)).toEqual(image);
					expect(port.readable).toBeNull();
				} finally {
					over();
				}
			},
			120_000
		);

	afterAll(() => {
		// A line too good or too bad to try anything would prove nothing.
		expect(next).toBe(SESSIONS);
		expect(count.faults).toBeGreaterThan(SESSIONS);
		expect(outcomes.filter((kind) => kind === 'success').length).toBeGreaterThan(SESSIONS / 5);
		expect(outcomes.filter((kind) => kind !== 'success').length).toBeGreaterThan(0);
	});
});

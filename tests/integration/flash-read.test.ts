import { describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '$lib/base';
import { Flasher, sameThreadCompressor, type FlashRange, type ReadProgress } from '$lib/flash';
import { BoardPort } from '$lib/link';
import { INSTANT_TIMING, MemorySparseFlash, TYPICAL_TIMING } from '../../src/lib/lab/board';
import { LoaderOnlyPort } from '../../src/lib/lab/board/fake-usb-port';

const MAC = 'fa:b0:11:22:33:44';
const ALL: FlashRange = { offset: 0x10000, length: 700_000 };

/** Waits a fiftieth, so that a lost answer costs tens of milliseconds. */
const quickClock: Clock = {
	now: () => systemClock.now() * 50,
	after: (ms, fn) => systemClock.after(ms / 50, fn)
};

/** Numbers in [0, 1) that depend on the seed alone (a linear congruential generator). */
function randomFrom(seed: number): () => number {
	let state = seed;
	return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** The practice board's ROM and stub, with a flash full of noise. */
async function bench({ timing = INSTANT_TIMING, clock = quickClock } = {}) {
	const flash = new MemorySparseFlash(0x400000);
	const random = randomFrom(7);
	const held = Uint8Array.from({ length: ALL.length }, () => random() * 256);
	flash.program(ALL.offset, held);
	const port = new LoaderOnlyPort({ flash, timing, clock: systemClock, mac: 'fab011223344' });
	const lease = await new BoardPort(port, { clock }).lease('flash', new AbortController().signal);
	if (!lease.ok) throw new Error('no lease');
	const flasher = new Flasher(lease.value, {
		...{ clock, compress: sameThreadCompressor(clock), log: () => undefined }
	});
	const seen: ReadProgress[] = [];
	const got: Uint8Array[] = [];
	const stop = new AbortController();
	const read = (range = ALL, onProgress: (progress: ReadProgress) => void = () => undefined) =>
		flasher.readOut(
			range,
			{
				...{ baud: 921_600, mac: MAC, take: (bytes) => void got.push(bytes) },
				tell: (progress) => {
					seen.push(progress);
					onProgress(progress);
				}
			},
			stop.signal
		);
	const isWhole = () => Buffer.concat(got).equals(Buffer.from(held));
	return { flash, port, flasher, read, seen, got, held, stop, isWhole };
}

describe('reading a flash', () => {
	it('hands out every byte once, in order, and tells how far it is', async () => {
		const { read, seen, isWhole, got } = await bench();
		expect(await read()).toMatchObject({
			ok: true,
			value: { totalBytes: ALL.length, retries: 0, baud: 921_600 }
		});
		expect(isWhole()).toBe(true);
		expect(got.map(({ length }) => length)).toEqual([0x40000, 0x40000, ALL.length - 0x80000]);
		const counts = seen.map(({ readBytes }) => readBytes);
		expect(counts).toEqual(counts.toSorted((a, b) => a - b));
		expect(seen.at(-1)).toMatchObject({ kind: 'comparing', readBytes: ALL.length });
	});

	it('keeps the line full: half a megabyte takes hardly longer than its bytes do', async () => {
		const { read, got } = await bench({ timing: TYPICAL_TIMING, clock: systemClock });
		const length = 0x80000;
		const report = await read({ offset: ALL.offset, length });
		const lineMs = (10 * 1000 * length) / 921_600;
		const digestMs = (length / 0x100000) * TYPICAL_TIMING.md5PerMibMs;
		if (!report.ok) throw new Error(report.error.kind);
		const efficiency = (lineMs + digestMs) / report.value.durationMs;
		expect(Buffer.concat(got).length).toBe(length);
		expect(efficiency, `${Math.round(report.value.durationMs)} ms`).toBeGreaterThan(0.85);
	}, 30_000);

	it('has eight blocks on the way, and no more acknowledgements than a UART holds', async () => {
		const { port, read } = await bench();
		let ahead = 0;
		let most = 0;
		port.meddle = (bytes, to) => {
			if (to === 'host' && bytes.length > 4000) most = Math.max(most, ++ahead);
			else if (to === 'chip' && bytes.length < 12) ahead = Math.max(0, ahead - 1);
			return bytes;
		};
		expect(await read()).toMatchObject({ ok: true });
		expect(most).toBe(8);
	});

	it('refuses what the flash gives differently when the chip reads it again', async () => {
		const { flash, read } = await bench();
		const answer = await read(
			ALL,
			({ kind }) => kind === 'comparing' && flash.program(ALL.offset + 0x20, Uint8Array.of(0))
		);
		expect(answer).toEqual({ ok: false, error: { kind: 'read-unsteady', offsetBytes: ALL.offset } });
	});

	it('reads nothing from another board than the one that is meant', async () => {
		const { flasher } = await bench();
		const never = new AbortController().signal;
		const read = await flasher.read(ALL, () => undefined, { baud: 921_600, mac: 'fa:b0:99:99:99:99' }, never);
		expect(read).toEqual({
			ok: false,
			error: { kind: 'other-board', expected: 'fa:b0:99:99:99:99', found: MAC }
		});
	});
});

describe('reading over a line that drops and flips bytes', () => {
	// From a fault in every other stretch to one in every fourth block.
	for (const [seed, bytesPerFault] of [400_000, 150_000, 60_000, 20_000, 16_000].entries())
		it(`gives every byte as it is, with a fault in ${bytesPerFault}`, async () => {
			const { port, read, isWhole } = await bench();
			const random = randomFrom(seed + 1);
			port.meddle = (bytes) => {
				const out: number[] = [];
				for (const byte of bytes) {
					if (random() >= 1 / bytesPerFault) out.push(byte);
					else if (random() < 0.5) out.push(byte ^ (1 << Math.floor(random() * 8)));
				}
				return Uint8Array.from(out);
			};
			const report = await read();
			expect(report).toMatchObject({ ok: true });
			expect(isWhole()).toBe(true);
			if (report.ok) expect(report.value.retries).toBeGreaterThan(0);
		}, 60_000);

	it('gives up where nothing comes whole, and reads again when the line is good', async () => {
		const { port, read, isWhole, got } = await bench();
		port.meddle = (bytes, to) => (to === 'host' && bytes.length > 2000 ? bytes.slice(1) : bytes);
		expect(await read()).toMatchObject({
			ok: false,
			error: { kind: 'read-failed', offsetBytes: ALL.offset }
		});
		expect(got).toEqual([]);
		port.meddle = (bytes) => bytes;
		expect(await read()).toMatchObject({ ok: true });
		expect(isWhole()).toBe(true);
	}, 60_000);
});

describe('a read that is stopped', () => {
	for (const atBytes of [0x1000, 0x41000, 0xa0000])
		it(`at ${atBytes} bytes leaves a stub that reads again`, async () => {
			const { flasher, port, read, stop, held } = await bench();
			await expect(read(ALL, ({ readBytes }) => readBytes >= atBytes && stop.abort())).rejects.toMatchObject({
				name: 'AbortError'
			});
			expect(port.stubRunning).toBe(true);
			const starts = port.starts;
			const never = new AbortController().signal;
			const again = await flasher.read(ALL, () => undefined, { baud: 921_600, mac: MAC }, never);
			if (!again.ok) throw new Error(again.error.kind);
			expect(Buffer.from(again.value).equals(Buffer.from(held))).toBe(true);
			expect(port.starts).toBe(starts);
		});

	it('ends in the program where the stub is not met again, and can be connected anew', async () => {
		const { flasher, port, read, stop, held } = await bench();
		const aborted = read(ALL, ({ readBytes }) => {
			if (readBytes < 0x20000) return;
			port.meddle = () => new Uint8Array();
			stop.abort();
		});
		await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
		expect(port.stubRunning).toBe(false);
		expect(port.readable).toBeNull();
		port.meddle = (bytes) => bytes;
		const never = new AbortController().signal;
		const again = await flasher.read(ALL, () => undefined, { baud: 921_600, mac: MAC }, never);
		expect(again.ok && Buffer.from(again.value).equals(Buffer.from(held))).toBe(true);
	});

	it('passes on what its taker throws, such as a full disk', async () => {
		const { flasher, port } = await bench();
		const full = new DOMException('no room', 'QuotaExceededError');
		const never = new AbortController().signal;
		const reading = flasher.readOut(
			ALL,
			{
				...{ baud: 921_600, mac: MAC, tell: () => undefined },
				take: () => Promise.reject(full)
			},
			never
		);
		await expect(reading).rejects.toBe(full);
		expect(port.stubRunning).toBe(true);
	});
});

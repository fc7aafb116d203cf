import { describe, expect, it, vi } from 'vitest';
import { concatBytes, ManualClock } from '$lib/base';
import { faultsOf, wearing, type BoardFaults } from './board-faults';
import { LineNoise } from './line-noise';
import { PracticeBoard } from './practice-board';
import { practiceParts } from './practice-parts';
import { RADIO_TIMES } from './sim-network';
import { slipEncode } from './slip';
import { MemorySparseFlash } from './sparse-flash';
import { INSTANT_TIMING } from './timing';

/** A plugged-in board with its cable open, and what came over it. */
function bench(faults: BoardFaults, flash = new MemorySparseFlash(4 << 20)) {
	const clock = new ManualClock();
	const board = new PracticeBoard({
		...{ mac: 'fab001020304', name: 'Board', timing: INSTANT_TIMING, clock, flash, random: Math.random },
		world: {
			...{ air: [], radio: RADIO_TIMES },
			connector: () => Promise.reject(new Error('there is no network')),
			dial: () => ({ kind: 'none', note: 'no network' })
		}
	});
	board.misbehave(faults);
	board.plug();
	const heard: Uint8Array[] = [];
	const open = () => {
		const cable = board.openCable(115_200);
		if (!cable.ok) throw new Error(cable.error);
		cable.value.onBytes((bytes) => heard.push(bytes));
		return cable.value;
	};
	const cable = open();
	const text = () => new TextDecoder().decode(concatBytes(heard));
	return { board, clock, cable, text, heard, flash };
}
type Bench = ReturnType<typeof bench>;

function intoDownload({ cable }: Bench): void {
	cable.setSignals({ dataTerminalReady: false, requestToSend: true });
	cable.setSignals({ dataTerminalReady: true, requestToSend: false });
	cable.setSignals({ dataTerminalReady: false, requestToSend: false });
}

const command = (op: number, words: readonly number[], bytes = new Uint8Array()) => {
	const data = concatBytes([new Uint8Array(Uint32Array.from(words).buffer), bytes]);
	const packet = new Uint8Array(8 + data.length);
	packet.set([0, op, data.length & 255, data.length >> 8, bytes.reduce((sum, byte) => sum ^ byte, 0xef)]);
	packet.set(data, 8);
	return slipEncode(packet);
};
const say = ({ cable }: Bench, ...what: Parameters<typeof command>) => void cable.write(command(...what));
const MEM_END = [0x06, [0, 0x4038_0000]] as const;

/** Into the stub, and a raw write of sectors of 4 KiB begun. */
function begin(b: Bench): void {
	intoDownload(b);
	say(b, 0x05, [0x100, 1, 0x1800, 0x4038_0000]);
	say(b, ...MEM_END);
	say(b, 0x02, [0x8000, 8, 0x1000, 0x1_0000]);
}
const block = (b: Bench, seq: number) => say(b, 0x03, [0x1000, seq, 0, 0], new Uint8Array(0x1000).fill(7));

describe('a board that misbehaves', () => {
	it('browns out in the middle of a write: it restarts from its flash, and what came before is there', () => {
		const b = bench({ brownOutAtBlock: 3 });
		begin(b);
		block(b, 0);
		block(b, 1);
		expect(b.board.state).toEqual({ kind: 'download', stub: true });
		block(b, 2);
		expect(b.board.state.kind).toBe('stuck');
		expect(b.text()).toContain('Brownout detector was triggered');
		expect(b.text()).toContain('rst:0xf (RTCWDT_BROWN_OUT_RST)');
		expect([...b.flash.read(0x1_1fff, 2)]).toEqual([7, 0xff]);
	});

	it('browns out each time its program has started, until its supply is mended', async () => {
		const flash = new MemorySparseFlash(4 << 20);
		for (const { offset, bytes } of await practiceParts()) flash.program(offset, bytes);
		const b = bench({ brownOutAtBlock: 3 }, flash);
		const times = () => b.text().split('Brownout detector was triggered').length - 1;
		while (times() < 3) {
			b.clock.advance(100);
			await new Promise((resolve) => setImmediate(resolve));
		}
		b.board.misbehave({});
		const before = times();
		// Compiling takes the time it takes; from then on the program has long enough to be cut off.
		await vi.waitFor(() => {
			b.clock.advance(1);
			expect(b.board.state.kind).toBe('running');
		}, 20_000);
		b.clock.advance(5000);
		expect(times()).toBe(before);
		expect(b.board.state.kind).toBe('running');
	}, 60_000);

	it('loses its cable at a block, and has it back when it is plugged in', () => {
		const b = bench({ slipsOutAtBlock: 2 });
		let lost = 0;
		b.cable.onLost(() => lost++);
		begin(b);
		block(b, 0);
		expect(lost).toBe(0);
		block(b, 1);
		expect([lost, b.board.state.kind]).toEqual([1, 'unplugged']);
		b.board.plug();
		expect(b.board.openCable(115_200).ok).toBe(true);
	});

	it('does not take a stub, or takes it and says nothing more until it is reset', () => {
		const refusing = bench({ stub: 'not-taken' });
		intoDownload(refusing);
		say(refusing, 0x05, [4, 1, 0x1800, 0x4038_0000]);
		refusing.heard.length = 0;
		say(refusing, 0x07, [4, 0, 0, 0], Uint8Array.of(1, 2, 3, 4));
		expect([...refusing.heard[0]!.subarray(9, 11)]).toEqual([1, 6]);

		const dead = bench({ stub: 'does-not-run' });
		intoDownload(dead);
		say(dead, 0x05, [0x100, 1, 0x1800, 0x4038_0000]);
		say(dead, ...MEM_END);
		expect(dead.text()).not.toContain('OHAI');
		dead.heard.length = 0;
		say(dead, 0x0a, [0x4000_1000]);
		expect(dead.heard).toEqual([]);
		intoDownload(dead);
		say(dead, 0x0a, [0x4000_1000]);
		expect(dead.heard.length).toBeGreaterThan(0);
	});

	it('hears and says nothing over a cable that only charges, and has power all the same', () => {
		const b = bench({ chargeOnly: true });
		intoDownload(b);
		say(b, 0x0a, [0x4000_1000]);
		b.clock.advance(5000);
		expect(b.heard).toEqual([]);
		expect(b.board.state.kind).toBe('stuck');
	});

	it('without its transistors comes into download mode by hand only', () => {
		const b = bench({ noAutoReset: true });
		intoDownload(b);
		expect(b.board.state.kind).toBe('stuck');
		b.board.pressBoot(true);
		b.board.pressEn();
		expect(b.board.state.kind).toBe('download');
	});

	it('that floods fills its line, and not while it is flashed', () => {
		const b = bench({ floods: true });
		b.clock.advance(2000);
		expect(b.text().length).toBeGreaterThan(20_000);
		intoDownload(b);
		b.heard.length = 0;
		b.clock.advance(2000);
		expect(b.heard).toEqual([]);
	});
});

describe('a bad line', () => {
	/** What becomes of 100,000 bytes with a pseudo-random sequence. */
	function after(faults: BoardFaults) {
		let state = 1;
		const random = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32;
		const out: Uint8Array[] = [];
		const deliver = (bytes: Uint8Array) => void out.push(bytes);
		const noise = new LineNoise(
			{ faults: () => faults, random, clock: new ManualClock(), deliver },
			'to-chip'
		);
		for (let i = 0; i < 1000; i++) noise.pass(new Uint8Array(100).fill(0x55));
		return concatBytes(out);
	}

	it('drops and turns about as many bytes as it is told', () => {
		expect(after({})).toEqual(new Uint8Array(100_000).fill(0x55));
		const lost = 100_000 - after({ dropOneIn: 1000 }).length;
		expect(lost).toBeGreaterThan(50);
		expect(lost).toBeLessThan(200);
		const turned = after({ flipOneIn: 1000 }).filter((byte) => byte !== 0x55);
		expect(turned.length).toBeGreaterThan(50);
		expect(turned.length).toBeLessThan(200);
		expect(turned.every((byte) => [1, 2, 4, 8, 16, 32, 64, 128].includes(byte ^ 0x55))).toBe(true);
	});

	it('holds what is late back with all that follows, in order', () => {
		const clock = new ManualClock();
		const out: number[] = [];
		let random = 0;
		const noise = new LineNoise(
			{
				faults: () => ({ lateOneIn: 10 }),
				random: () => random,
				clock,
				deliver: (bytes) => out.push(...bytes)
			},
			'to-host'
		);
		noise.pass(Uint8Array.of(1));
		random = 0.9;
		noise.pass(Uint8Array.of(2));
		expect(out).toEqual([]);
		clock.advance(1000);
		noise.pass(Uint8Array.of(3));
		expect(out).toEqual([1, 2, 3]);
	});
});

it('a worn row of the flash reads as zeros wherever a reading meets it', () => {
	const flash = new MemorySparseFlash(0x10_0000);
	let faults: BoardFaults = { wornAt: 0x100 };
	const worn = wearing(flash, () => faults);
	worn.program(0xf0, new Uint8Array(0x40).fill(9));
	expect([...worn.read(0xff, 2)]).toEqual([9, 0]);
	expect([...worn.read(0x11f, 2)]).toEqual([0, 9]);
	expect(worn.read(0x108, 4)).toEqual(new Uint8Array(4));
	faults = {};
	expect(worn.read(0x108, 4)).toEqual(new Uint8Array(4).fill(9));
});

it('several faults are there at once', () => {
	expect(faultsOf([])).toEqual({});
	expect(faultsOf(['charge-only', 'floods'])).toEqual({ chargeOnly: true, floods: true });
});

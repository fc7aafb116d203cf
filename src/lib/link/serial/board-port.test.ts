import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock, utf8 } from '$lib/base';
import { FakePort, FakeSerial } from '../../../../tests/fixtures/serial/fake-port';
import { encodeFrame } from './api-frame';
import { encodeImprov } from './improv-packet';
import { BoardPort, REENUMERATION_MS } from './board-port';
import type { PortState } from './port';

const CP2102 = { usbVendorId: 0x10c4, usbProductId: 0xea60 };
let never: AbortSignal;
let clock: ManualClock;
let port: FakePort;
let board: BoardPort;

beforeEach(() => {
	never = new AbortController().signal;
	clock = new ManualClock();
	port = new FakePort(CP2102);
	board = new BoardPort(port, { clock });
});

async function heldLine(signal: AbortSignal = never) {
	const leased = await board.lease('line', signal);
	if (!leased.ok) throw new Error(leased.error.kind);
	return leased.value;
}

async function openLine() {
	const lease = await heldLine();
	const opened = await lease.open(115_200);
	if (!opened.ok) throw new Error(opened.error.kind);
	return { lease, line: opened.value };
}

/** Lets promises that are due settle; streams take several turns of them. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('BoardPort', () => {
	it('gives one lease at a time and says who has it', async () => {
		const states: PortState[] = [];
		board.watch((state) => states.push(state), never);
		const lease = await heldLine();
		expect(await board.lease('flash', never)).toEqual({ ok: false, error: { kind: 'held', by: 'line' } });
		await lease.release();
		await lease.release();
		expect((await board.lease('flash', never)).ok).toBe(true);
		expect(states).toEqual([{ kind: 'held', use: 'line' }, { kind: 'free' }, { kind: 'held', use: 'flash' }]);
	});

	it('hands the port on with nobody in between, closed', async () => {
		const { lease } = await openLine();
		const handing = lease.handTo('flash');
		const between = board.lease('line', never);
		const flash = await handing;
		expect(await between).toMatchObject({ error: { kind: 'held', by: 'flash' } });
		expect(lease.signal.reason).toMatchObject({ name: 'PortLost', why: 'handed-on' });
		expect(port.isOpen).toBe(false);
		expect(flash.device).toBe(port);
	});

	it('ends the lease of who is unplugged, and is free again when plugged in', async () => {
		const { lease, line } = await openLine();
		port.unplug();
		expect(board.state).toEqual({ kind: 'unplugged' });
		expect(lease.signal.reason).toMatchObject({ why: 'unplugged' });
		expect(await line.write(utf8('x'), never)).toEqual({ ok: false, error: { kind: 'unplugged' } });
		expect(await board.lease('line', never)).toEqual({ ok: false, error: { kind: 'unplugged' } });
		const gone = await lease.handTo('flash');
		expect(gone.signal.aborted).toBe(true);
		port.plug();
		expect(board.state).toEqual({ kind: 'free' });
		await openLine();
	});

	it('ends the lease with the signal it was asked with', async () => {
		const stop = new AbortController();
		const lease = await heldLine(stop.signal);
		await lease.open(115_200);
		stop.abort();
		expect(lease.signal.aborted).toBe(true);
		await settle();
		expect(port.isOpen).toBe(false);
		expect(board.state).toEqual({ kind: 'free' });
	});

	it('tells a port that is taken from one that is not allowed', async () => {
		for (const [name, kind] of [
			['NetworkError', 'port-busy'],
			['InvalidStateError', 'port-busy'],
			['SecurityError', 'permission'],
			['TypeError', 'failed']
		]) {
			port.failOpen = name;
			const lease = await heldLine();
			expect(await lease.open(115_200), name).toMatchObject({ ok: false, error: { kind } });
			await lease.release();
		}
	});

	describe('with native USB', () => {
		const rom = { usbVendorId: 0x303a, usbProductId: 0x1001 };
		const program = { usbVendorId: 0x303a, usbProductId: 0x4001 };
		let serial: FakeSerial;

		beforeEach(() => {
			serial = new FakeSerial();
			port = new FakePort(rom);
			board = new BoardPort(port, { clock, serial });
		});

		it('keeps the lease of a board that comes back as another product of the same maker', async () => {
			const { lease, line } = await openLine();
			const heard: string[] = [];
			line.onText((bytes) => heard.push(new TextDecoder().decode(bytes)), never);
			port.unplug();
			clock.advance(2000);
			serial.appear(new FakePort({ usbVendorId: 0x10c4, usbProductId: 1 }));
			expect(board.isOn(port)).toBe(true);
			const writing = line.write(utf8('while it is away'), never);
			const back = new FakePort(program);
			serial.appear(back);
			expect(board.state).toEqual({ kind: 'held', use: 'line' });
			expect(board.isOn(back)).toBe(true);
			expect(await writing).toEqual({ ok: true, value: undefined });
			expect(back.text).toBe('while it is away');
			back.say(utf8('here again'));
			await settle();
			expect(heard).toEqual(['here again']);
			expect(lease.signal.aborted).toBe(false);
			await lease.release();
			expect(back.isOpen).toBe(false);
		});

		it('ends the lease of a board that stays away', async () => {
			const { lease, line } = await openLine();
			port.unplug();
			expect(board.state).toEqual({ kind: 'held', use: 'line' });
			clock.advance(REENUMERATION_MS);
			expect(board.state).toEqual({ kind: 'unplugged' });
			expect(lease.signal.reason).toMatchObject({ why: 'unplugged' });
			await settle();
			expect(line.signal.aborted).toBe(true);
		});

		it('waits with a new lease for a board that is away, and not for ever', async () => {
			port.unplug();
			const leased = board.lease('line', never);
			await settle();
			const back = new FakePort(program);
			serial.appear(back);
			expect(await leased).toMatchObject({ ok: true });
			back.unplug();
			const stop = new AbortController();
			const given = board.lease('flash', stop.signal);
			stop.abort(new Error('enough'));
			await expect(given).rejects.toThrow('enough');
		});

		it('closes a line at once that waits for its board', async () => {
			const { lease } = await openLine();
			port.unplug();
			await settle();
			await lease.release();
			expect(board.state).toEqual({ kind: 'unplugged' });
			serial.appear(new FakePort(rom));
			expect(board.state).toEqual({ kind: 'free' });
		});

		it('takes only the same product for itself when it was away for long', () => {
			port.unplug();
			clock.advance(REENUMERATION_MS + 1);
			serial.appear(new FakePort(program));
			expect(board.state).toEqual({ kind: 'unplugged' });
			serial.appear(new FakePort(rom));
			expect(board.state).toEqual({ kind: 'free' });
		});

		it('leaves other ports alone while it is plugged in, and everything once it was left', async () => {
			serial.appear(new FakePort(rom));
			expect(board.isOn(port)).toBe(true);
			await board.leave();
			port.unplug();
			expect(board.state).toEqual({ kind: 'free' });
		});
	});
});

describe('a line', () => {
	it('takes text, frames and packets apart and sends frames', async () => {
		const { line } = await openLine();
		const heard: string[] = [];
		line.onText((bytes) => heard.push(`text ${new TextDecoder().decode(bytes)}`), never);
		line.onFrame((json) => heard.push(`frame ${new TextDecoder().decode(json)}`), never);
		const stop = new AbortController();
		line.onImprov(() => heard.push('improv'), stop.signal);
		stop.abort();
		port.say(utf8('log'));
		port.say(encodeFrame(utf8('{}')));
		port.say(encodeImprov(1, Uint8Array.of(2)));
		port.say(utf8('\u001exyz'));
		await settle();
		expect(heard.slice(0, 2)).toEqual(['text log', 'frame {}']);
		expect(heard).not.toContain('improv');
		expect(line.dropped.snapshot()).toMatchObject({ 'bad-frame': 1 });
		await line.sendFrame(utf8('{}'), never);
		expect(port.text).toBe('\u001ea3a6bf43{}\n');
	});

	it('counts what the adapter lost, and reads on', async () => {
		const { line } = await openLine();
		const heard: string[] = [];
		line.onText((bytes) => heard.push(new TextDecoder().decode(bytes)), never);
		for (const name of ['BreakError', 'FramingError', 'ParityError', 'BufferOverrunError']) {
			port.disturb(name);
			await settle();
		}
		port.say(utf8('still here'));
		await settle();
		expect(heard).toEqual(['still here']);
		expect(line.faults.snapshot()).toEqual({ break: 1, framing: 1, parity: 1, overrun: 1 });
	});

	it('lets go of a write that hangs', async () => {
		const { lease, line } = await openLine();
		port.hung = true;
		const stop = new AbortController();
		const writing = line.write(utf8('never'), stop.signal);
		const behind = line.write(utf8('behind'), stop.signal);
		stop.abort(new Error('enough'));
		await expect(writing).rejects.toThrow('enough');
		await expect(behind).rejects.toThrow('enough');
		await lease.release();
		expect(port.isOpen).toBe(false);
	});

	it('writes on after a write whose answer came before it was done', async () => {
		const { line } = await openLine();
		let taken = () => {};
		port.taken = new Promise((resolve) => (taken = resolve));
		const answered = new AbortController();
		const first = line.write(utf8('a'), answered.signal).catch(() => 'given up');
		await settle();
		answered.abort();
		expect(await first).toBe('given up');
		const second = line.write(utf8('b'), never);
		await settle();
		port.taken = undefined;
		taken();
		expect(await second).toEqual({ ok: true, value: undefined });
		expect(port.text).toBe('ab');
	});

	it('closes with a write that hangs', async () => {
		const { lease, line } = await openLine();
		port.hung = true;
		const writing = line.write(utf8('never'), never);
		await settle();
		await lease.release();
		expect(await writing).toEqual({ ok: false, error: { kind: 'unplugged' } });
		expect(port.isOpen).toBe(false);
	});

	it('pulls EN for 100 ms with IO0 let go', async () => {
		const { line } = await openLine();
		const resetting = line.reset();
		await settle();
		expect(port.signals).toEqual([{ dataTerminalReady: false, requestToSend: true }]);
		clock.advance(100);
		expect((await resetting).ok).toBe(true);
		expect(port.signals.at(-1)).toEqual({ dataTerminalReady: false, requestToSend: false });
	});

	it('changes its speed and keeps its listeners', async () => {
		const { line } = await openLine();
		const heard: string[] = [];
		line.onText((bytes) => heard.push(new TextDecoder().decode(bytes)), never);
		expect((await line.setBaud(921_600)).ok).toBe(true);
		port.say(utf8('fast'));
		await settle();
		expect([line.baud, port.bauds, heard]).toEqual([921_600, [115_200, 921_600], ['fast']]);
	});

	it('ends the lease when it cannot come back at another speed', async () => {
		const { lease, line } = await openLine();
		port.failOpen = 'NetworkError';
		expect(await line.setBaud(9600)).toMatchObject({ ok: false, error: { kind: 'port-busy' } });
		await settle();
		expect(lease.signal.aborted).toBe(true);
		expect(board.state).toEqual({ kind: 'free' });
	});
});

import { expect, it } from 'vitest';
import { ManualClock, textOf } from '$lib/base';
import { doorTo } from './board-door';
import type { BoardChip } from './chips';
import { PracticeBoard } from './practice-board';
import { PracticePort } from './practice-port';
import { RADIO_TIMES } from './sim-network';
import { MemorySparseFlash } from './sparse-flash';
import { TYPICAL_TIMING } from './timing';

/** An empty board on its own USB, plugged in and on the bus. */
function bench(chip: BoardChip = 'ESP32-S3') {
	const clock = new ManualClock();
	const board = new PracticeBoard({
		...{ chip, usb: 'native', mac: 'fab001020304', name: 'Board', timing: TYPICAL_TIMING, clock },
		flash: new MemorySparseFlash(4 << 20),
		random: () => 0.5,
		world: {
			...{ air: [], radio: RADIO_TIMES },
			connector: () => Promise.reject(new Error('there is no network')),
			dial: () => ({ kind: 'none', note: 'no network' })
		}
	});
	board.plug();
	clock.advance(1000);
	const port = new PracticePort(doorTo(board), 'native');
	const came: PracticePort[] = [];
	port.bus.addEventListener('connect', (event) => came.push(event.target as PracticePort));
	return { board, clock, port, came };
}

/** Espressif's sequence for its own USB (esptool, reset.py, USBJTAGSerialReset). */
async function intoDownload(port: PracticePort): Promise<void> {
	await port.setSignals({ dataTerminalReady: false, requestToSend: false });
	await port.setSignals({ dataTerminalReady: true, requestToSend: false });
	await port.setSignals({ dataTerminalReady: true, requestToSend: true });
	await port.setSignals({ dataTerminalReady: false, requestToSend: true });
}

it('is Espressif’s USB serial and JTAG, which a reset takes off the bus and brings back as another port', async () => {
	const { board, clock, port, came } = bench();
	expect(port.getInfo()).toEqual({ usbVendorId: 0x303a, usbProductId: 0x1001 });
	await port.open({ baudRate: 115_200 });
	const reading = port.readable!.getReader().read();
	let gone = 0;
	port.addEventListener('disconnect', () => gone++);
	await intoDownload(port);
	await expect(reading).rejects.toMatchObject({ name: 'NetworkError' });
	expect([gone, board.onBus, board.state.kind]).toEqual([1, false, 'download']);
	expect(came).toEqual([]);
	await expect(port.setSignals({ requestToSend: false })).rejects.toMatchObject({
		name: 'InvalidStateError'
	});
	clock.advance(1000);
	expect(came).toHaveLength(1);
	expect(came[0]).not.toBe(port);
	await came[0]!.open({ baudRate: 115_200 });
	expect(board.state.kind).toBe('download');
});

it('is not on the bus for a while after it is plugged in or EN is tapped, and cannot be opened then', async () => {
	const { board, clock, port } = bench();
	board.pressEn();
	await expect(port.open({ baudRate: 115_200 })).rejects.toMatchObject({ name: 'NetworkError' });
	clock.advance(1000);
	await port.open({ baudRate: 115_200 });
	await port.close();
	board.unplug();
	board.plug();
	expect(board.onBus).toBe(false);
	clock.advance(1000);
	expect(board.onBus).toBe(true);
});

it('starts its program when RTS alone comes, though a download was asked for before', async () => {
	const { board, clock, port, came } = bench();
	await port.open({ baudRate: 115_200 });
	await intoDownload(port);
	clock.advance(1000);
	await came[0]!.open({ baudRate: 115_200 });
	await came[0]!.setSignals({ dataTerminalReady: false, requestToSend: true });
	expect(board.state.kind).toBe('stuck');
	clock.advance(1000);
	expect(came).toHaveLength(2);
});

it('stays on the bus while a chip without a program restarts again and again', async () => {
	const { board, clock, port } = bench();
	await port.open({ baudRate: 115_200 });
	const reader = port.readable!.getReader();
	clock.advance(3000);
	const { value } = await reader.read();
	expect(textOf(value!)).toContain('rst:0x7 (TG0WDT_SYS_RST)');
	expect(board.onBus).toBe(true);
});

it('heeds no baud', async () => {
	const { clock, port } = bench('ESP32-C3');
	await port.open({ baudRate: 57_600 });
	const reader = port.readable!.getReader();
	clock.advance(3000);
	expect(textOf((await reader.read()).value!)).toContain('ESP-ROM:');
});

import { expect, it } from 'vitest';
import { ManualClock } from '$lib/base';
import { TYPICAL_TIMING } from './timing';
import { UartLine } from './uart-line';

function line() {
	const clock = new ManualClock();
	const chip: number[][] = [];
	const uart = new UartLine({
		timing: { ...TYPICAL_TIMING, bridgeMs: 0 },
		clock,
		onChip: (bytes) => chip.push([...bytes]),
		onHost: () => {}
	});
	return { clock, chip, uart };
}

it('takes ten bits a byte, and keeps the order of what is sent', () => {
	const { clock, chip, uart } = line();
	void uart.toChip(new Uint8Array(1152).fill(1));
	void uart.toChip(Uint8Array.of(2));
	clock.advance(99);
	expect(chip).toEqual([]);
	clock.advance(1.01);
	expect(chip.map((bytes) => bytes[0])).toEqual([1]);
	clock.advance(0.1);
	expect(chip.map((bytes) => bytes[0])).toEqual([1, 2]);
});

it('forgives two per cent between the ends, and makes noise of more', () => {
	const { clock, chip, uart } = line();
	uart.hostBaud = 117_500;
	void uart.toChip(Uint8Array.of(1, 2, 3));
	uart.hostBaud = 921_600;
	void uart.toChip(Uint8Array.of(1, 2, 3));
	clock.advance(10);
	expect(chip[0]).toEqual([1, 2, 3]);
	expect(chip[1]).not.toEqual([1, 2, 3]);
});

it('has the chip’s own speed where the host’s end has none', () => {
	const { clock, chip, uart } = line();
	uart.hostBaud = 'chip';
	uart.chipBaud = 921_600;
	void uart.toChip(Uint8Array.of(1, 2, 3));
	clock.advance(10);
	expect(chip).toEqual([[1, 2, 3]]);
});

it('loses what is on the way when it is cut', () => {
	const { clock, chip, uart } = line();
	void uart.toChip(Uint8Array.of(1));
	uart.cut();
	clock.advance(10);
	expect(chip).toEqual([]);
});

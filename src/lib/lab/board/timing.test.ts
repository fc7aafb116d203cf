import { describe, expect, it } from 'vitest';
import { eraseMs, INSTANT_TIMING, limitMs, lineMs, programMs, TYPICAL_TIMING } from './timing';

const MIB = 1 << 20;

describe('the time of a W25Q32', () => {
	it('erases by blocks where they are aligned and fit, else by sectors', () => {
		expect(eraseMs(TYPICAL_TIMING, 0x10000, 0x10000)).toBe(150);
		expect(eraseMs(TYPICAL_TIMING, 0x10000, 0xf000)).toBe(15 * 45);
		expect(eraseMs(TYPICAL_TIMING, 0xf000, 0x12000)).toBe(45 + 150 + 45);
	});

	it('programs pages whole, also those it only touches', () => {
		expect(programMs(TYPICAL_TIMING, 0, 256)).toBeCloseTo(0.4);
		expect(programMs(TYPICAL_TIMING, 255, 2)).toBeCloseTo(0.8);
		expect(programMs(TYPICAL_TIMING, 0, 0)).toBe(0);
	});

	it('sends ten bits a byte', () => {
		expect(lineMs(TYPICAL_TIMING, 115_200, 115_200)).toBe(10_000);
	});
});

describe('the limit of a job', () => {
	it('is the line’s at 921,600 baud, and the flash’s where little crosses the line', () => {
		const regions = [{ offset: 0x10000, length: MIB }];
		expect(limitMs(TYPICAL_TIMING, { bytesOnWire: MIB, baud: 921_600, regions })).toBeCloseTo(11_377.8, 1);
		expect(limitMs(TYPICAL_TIMING, { bytesOnWire: 1000, baud: 921_600, regions })).toBeCloseTo(
			16 * 150 + 4096 * 0.4,
			6
		);
	});

	it('is nothing where nothing takes time', () => {
		const regions = [{ offset: 0, length: MIB }];
		expect(limitMs(INSTANT_TIMING, { bytesOnWire: MIB, baud: 115_200, regions })).toBe(0);
	});
});

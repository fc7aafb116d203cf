import { describe, expect, it } from 'vitest';
import { concatBytes, ManualClock, utf8 } from '$lib/base';
import { classify, Ears } from './heard';
import { SlipReader, slipFrame } from './slip';
import { SpeedGauge } from './speed';

const read = (bytes: Uint8Array, cut = bytes.length) => {
	const packets: number[][] = [];
	const reader = new SlipReader((packet) => packets.push([...packet]));
	for (let at = 0; at < bytes.length; at += cut) reader.push(bytes.subarray(at, at + cut));
	return packets;
};

describe('SLIP', () => {
	it('frames as RFC 1055 and reads it back, however it is cut', () => {
		const packet = Uint8Array.of(1, 0xc0, 2, 0xdb, 3);
		const wire = slipFrame(packet);
		expect([...wire]).toEqual([0xc0, 1, 0xdb, 0xdc, 2, 0xdb, 0xdd, 3, 0xc0]);
		for (const cut of [1, 2, 3, 9]) expect(read(wire, cut)).toEqual([[...packet]]);
	});

	it('drops noise between frames and frames with a broken escape, and goes on', () => {
		const good = [0xc0, 7, 0xc0];
		expect(read(Uint8Array.of(1, 2, ...good, 3, ...good))).toEqual([[7], [7]]);
		expect(read(Uint8Array.of(0xc0, 1, 0xdb, 9, 2, 0xc0, ...good)).at(-1)).toEqual([7]);
	});
});

describe('what a line says that gives no answer', () => {
	it('is nothing, a log, or noise', () => {
		expect(classify(new Uint8Array())).toBe('nothing');
		expect(classify(Uint8Array.of(0))).toBe('nothing');
		expect(classify(utf8('\x1b[0;32mI (312) wifi: connected\x1b[0m\r\n'))).toBe('boot-log');
		expect(classify(utf8('I (312) main: up for 5 s\n'))).toBe('boot-log');
		expect(classify(Uint8Array.from({ length: 200 }, (_, i) => (i * 37) & 0xff))).toBe('noise');
	});
});

describe('what a ROM says of itself while it is asked', () => {
	const start = (cause: string, mode: string) =>
		`\r\nrst:${cause},boot:${mode}\r\nload:0x3fff0030,len:1184\r\n`;
	const POWER_ON = '0x1 (POWERON_RESET)';
	const FLASH = '0x13 (SPI_FAST_FLASH_BOOT)';

	it('is a start from flash where BOOT was not held, on each chip', () => {
		expect(classify(utf8(start(POWER_ON, FLASH)))).toBe('flash-boot');
		expect(classify(utf8(start('0x15 (USB_UART_CHIP_RESET)', '0xc (SPI_FAST_FLASH_BOOT)')))).toBe(
			'flash-boot'
		);
	});

	it('is a download that nobody hears us in', () => {
		const waits = start(POWER_ON, '0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))');
		expect(classify(utf8(`${waits}waiting for download\r\n`))).toBe('download-unheard');
		expect(classify(utf8(start('0x1 (POWERON)', '0x4 (DOWNLOAD(USB/UART0/1))')))).toBe('download-unheard');
	});

	it('is a brown-out where it comes again, and none where it came once', () => {
		const once = `${start(POWER_ON, FLASH)}\r\nBrownout detector was triggered\r\n`;
		expect(classify(utf8(once))).toBe('flash-boot');
		expect(classify(utf8(once + once))).toBe('brown-out');
		expect(classify(utf8(start('0xf (RTCWDT_BROWN_OUT_RESET)', FLASH).repeat(2)))).toBe('brown-out');
	});

	it('is a loop where the chip restarts by itself, and none where our lines did it', () => {
		expect(classify(utf8(start('0x7 (TG0WDT_SYS_RESET)', FLASH).repeat(4)))).toBe('boot-loop');
		expect(classify(utf8(start('0xc (SW_CPU_RESET)', FLASH).repeat(4)))).toBe('boot-loop');
		expect(classify(utf8(start(POWER_ON, FLASH).repeat(8)))).toBe('flash-boot');
	});

	it('is heard also in the middle of noise, and of the last that came', () => {
		const bytes = concatBytes([
			Uint8Array.from({ length: 400 }, (_, i) => (i * 37) | 0x80),
			utf8(start(POWER_ON, FLASH))
		]);
		expect(classify(bytes)).toBe('flash-boot');
		const ears = new Ears();
		for (let i = 0; i < 100; i++) ears.hear(new Uint8Array(1000).fill(0x81));
		for (const byte of utf8(start(POWER_ON, FLASH))) ears.hear(Uint8Array.of(byte));
		expect(ears.verdict).toBe('flash-boot');
	});
});

describe('SpeedGauge', () => {
	it('tells speed and time left over the last seconds, and nothing at the start', () => {
		const clock = new ManualClock();
		const gauge = new SpeedGauge(clock, 1_000_000);
		expect(gauge.mark(0)).toEqual({});
		for (let i = 1; i <= 10; i++) {
			clock.advance(1000);
			gauge.mark(i * 10_000);
		}
		clock.advance(1000);
		expect(gauge.mark(110_000)).toEqual({ bytesPerSecond: 10_000, secondsLeft: 89 });
		clock.advance(1000);
		expect(gauge.mark(50_000)).toEqual({});
	});
});

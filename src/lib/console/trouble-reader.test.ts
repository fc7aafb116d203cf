import { describe, expect, it } from 'vitest';
import { readReset } from './reset-reasons';
import { TroubleReader } from './trouble-reader';
import { logHeader } from './log-header';

/** Lines as they come, `stepMs` apart; a number waits so long. */
function read(script: readonly (string | number)[], stepMs = 1) {
	const reader = new TroubleReader();
	let atMs = 0;
	let id = 0;
	for (const item of script) {
		if (typeof item === 'number') atMs += item;
		else
			for (const text of item.split('\n')) {
				reader.read({ id: id++, atMs, from: 'board', text, runs: [], ...logHeader(text) });
				atMs += stepMs;
			}
	}
	return reader.found;
}
const kinds = (script: readonly (string | number)[]) => read(script).list.map(({ what }) => what.kind);

const XTENSA = `Guru Meditation Error: Core  1 panic'ed (StoreProhibited). Exception was unhandled.

Core  1 register dump:
PC      : 0x400d1f2c  PS      : 0x00060630  A0      : 0x800d2b3a  A1      : 0x3ffb5c90
EXCVADDR: 0x00000004  LBEG    : 0x400014fd  LEND    : 0x4000150d  LCOUNT  : 0xfffffffe

Backtrace: 0x400d1f29:0x3ffb5c90 0x400d2b37:0x3ffb5cb0 0x4008a1b5:0x3ffb5cd0 |<-CORRUPTED

ELF file SHA256: 2c1a9f3b8e7d6c5a

Rebooting...`;
const RISCV = `Guru Meditation Error: Core  0 panic'ed (Load access fault). Exception was unhandled.

Core  0 register dump:
MEPC    : 0x42008a3e  RA      : 0x42008a3a  SP      : 0x3fc90f10  GP      : 0x3fc8b200
MTVAL   : 0x00000000
Stack memory:
3fc90f10: 0x00000000 0x00000000 0x3c0a1b2c 0x4200a1b2`;
const BOOT = 'ets Jul 29 2019 12:21:46\n\nrst:0xc (SW_CPU_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)';
const POWER_ON = 'rst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)';

describe('what a crash says', () => {
	it('is one group on Xtensa, with the place of the fault', () => {
		const { list } = read([XTENSA, BOOT, 'I (30) boot: up']);
		expect(list).toHaveLength(1);
		expect(list[0]).toMatchObject({
			firstLine: 0,
			lastLine: 10,
			what: { kind: 'panic', core: 1, reason: 'StoreProhibited' },
			trace: {
				pc: '0x400d1f2c',
				address: '0x00000004',
				backtrace: ['0x400d1f29', '0x400d2b37', '0x4008a1b5'],
				corrupted: true,
				elfSha256: '2c1a9f3b8e7d6c5a'
			}
		});
	});

	it('is one group on RISC-V, with a stack that only an ELF explains', () => {
		expect(read([RISCV]).list[0]).toMatchObject({
			what: { kind: 'panic', reason: 'Load access fault' },
			trace: { pc: '0x42008a3e', address: '0x00000000', backtrace: [], stackDump: true }
		});
	});

	it.each([
		['abort() was called at PC 0x400d1234 on core 1', { kind: 'abort' }],
		[
			'assert failed: xQueueSend queue.c:832 (pxQueue)',
			{ kind: 'assert', said: 'xQueueSend queue.c:832 (pxQueue)' }
		],
		[
			'***ERROR*** A stack overflow in task sys_evt has been detected.',
			{ kind: 'stack-overflow', task: 'sys_evt' }
		],
		['Stack smashing protect failure!', { kind: 'stack-smashed' }],
		['CORRUPT HEAP: Bad tail at 0x3ffb1234.', { kind: 'heap-corrupt', said: 'Bad tail at 0x3ffb1234.' }],
		['Brownout detector was triggered', { kind: 'brownout' }],
		['invalid header: 0xffffffff', { kind: 'bad-image', said: 'invalid header: 0xffffffff' }],
		['flash read err, 1000', { kind: 'flash-read', said: 'flash read err, 1000' }],
		['waiting for download', { kind: 'download-mode' }],
		['E (9) app: esp_wifi_init failed: ESP_ERR_NO_MEM', { kind: 'out-of-memory', said: expect.any(String) }],
		['E (9) x: Failed to allocate 4096 bytes', { kind: 'out-of-memory', said: expect.any(String) }],
		[
			'[W][WiFiGeneric.cpp:1062] _eventCallback(): Reason: 202 - AUTH_FAIL',
			{ kind: 'wifi-refused', said: expect.any(String) }
		]
	])('%s', (line, what) => {
		expect(read([line]).list.map((one) => one.what)).toEqual([what]);
	});

	it('has the address of an abort', () => {
		expect(read(['abort() was called at PC 0x400d1234 on core 1']).list[0]?.trace).toMatchObject({
			pc: '0x400d1234',
			core: 1
		});
	});

	it('has the first cause for its name, not what follows from it', () => {
		expect(
			kinds(['CORRUPT HEAP: Bad head at 0x3ffb0000', 'assert failed: multi_heap_free x.c:1 (head)', BOOT])
		).toEqual(['heap-corrupt']);
	});

	it('is told from the same words in an ordinary log', () => {
		expect(
			kinds([
				'I (1) app: assertions are on',
				'I (2) heap: allocated 12 bytes',
				'I (3) x: no brownout so far',
				'abort'
			])
		).toEqual([]);
	});
});

describe('a task watchdog', () => {
	const BITES = [
		'E (6000) task_wdt: Task watchdog got triggered. The following tasks/users did not reset the watchdog in time:',
		'E (6000) task_wdt:  - IDLE0 (CPU 0)',
		'E (6000) task_wdt: Tasks currently running:',
		'E (6000) task_wdt: CPU 0: busy'
	];
	it('tells who starved and who ran, and ends where the program goes on', () => {
		const { list } = read([...BITES, 'I (6001) app: going on', ...BITES]);
		expect(list).toHaveLength(2);
		expect(list[0]).toMatchObject({
			lastLine: 3,
			what: { kind: 'task-watchdog', starved: ['IDLE0 (CPU 0)'], running: ['CPU 0: busy'], stopped: false }
		});
	});
	it('that stops the program stays the reason', () => {
		const { list } = read([
			...BITES,
			'E (6000) task_wdt: Aborting.',
			'abort() was called at PC 0x400d1111 on core 0',
			BOOT
		]);
		expect(list).toHaveLength(1);
		expect(list[0]).toMatchObject({
			what: { kind: 'task-watchdog', stopped: true },
			trace: { pc: '0x400d1111' }
		});
	});
});

describe('restarts', () => {
	it('are read off every ROM', () => {
		expect(readReset('rst:0x1 (POWERON),boot:0x8 (SPI_FAST_FLASH_BOOT)')).toMatchObject({
			cause: 'power-on'
		});
		expect(readReset('rst:0x10 (RTCWDT_RTC_RESET),boot:0x33 (SPI_FAST_FLASH_BOOT)')).toMatchObject({
			code: 16,
			name: 'RTCWDT_RTC_RESET',
			cause: 'rtc-watchdog'
		});
		expect(readReset('rst:0x15 (USB_UART_CHIP_RESET),boot:0x1 (DOWNLOAD(USB/UART0))')).toMatchObject({
			cause: 'usb',
			boot: 'DOWNLOAD(USB/UART0)'
		});
		expect(readReset('rst:0x7f (NEW),boot:0x0 (X)')?.cause).toBe('unknown');
		expect(readReset('the rst:0x1 was')).toBeUndefined();
	});

	it('by a watchdog of which the program said nothing are a trouble', () => {
		expect(kinds(['rst:0x8 (TG1WDT_SYS_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)'])).toEqual(['reset']);
	});

	it('of their own, woken from sleep, or after a power-on are none', () => {
		expect(kinds([POWER_ON])).toEqual([]);
		const sleeps = 'rst:0x5 (DEEPSLEEP_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)';
		expect(kinds([sleeps, 1000, sleeps, 1000, sleeps, 1000, sleeps])).toEqual([]);
	});

	it('one soon after another are one loop that grows', () => {
		const round = [
			'rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)',
			'invalid header: 0xffffffff',
			400
		];
		const { list } = read(Array.from({ length: 200 }, () => round).flat());
		expect(list.map(({ what }) => what.kind)).toEqual(['reset', 'bad-image', 'boot-loop']);
		expect(list.at(-1)?.what).toMatchObject({ restarts: 200, causes: ['rtc-watchdog'] });
	});

	it('far apart are no loop', () => {
		expect(kinds([POWER_ON, 40_000, POWER_ON, 40_000, POWER_ON, 40_000, POWER_ON])).toEqual([]);
	});

	it('that were asked for are no trouble', () => {
		const reader = new TroubleReader();
		for (let i = 0; i < 5; i++) {
			reader.restartAsked(i * 2000);
			reader.read({ id: i, atMs: i * 2000 + 100, from: 'board', text: POWER_ON, runs: [] });
		}
		expect(reader.found.list).toEqual([]);
	});
});

it('keeps the newest sixty, and counts all', () => {
	const found = read(Array.from({ length: 500 }, () => [XTENSA, 60_000]).flat());
	expect(found.list).toHaveLength(60);
	expect(found.dropped).toBe(440);
	expect(found.counts.panic).toBe(500);
});

it('reads a long line in no time', () => {
	const began = performance.now();
	for (const part of [
		"Guru Meditation Error: Core 0 panic'ed (",
		'assert ',
		'failed to ',
		'Backtrace: 0x400d1234:0x3ffb1234 ',
		'rst:0x1 ('
	])
		read([part.repeat(400).slice(0, 4000)]);
	expect(performance.now() - began).toBeLessThan(250);
});

import { ESPLoader, Transport } from 'esptool-js';
import fc from 'fast-check';
import { zlibSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ManualClock, systemClock, toHex } from '$lib/base';
import { DownloadMode } from './download-mode';
import { LoaderOnlyPort } from './fake-usb-port';
import { ChipRegisters, PRACTICE_MARK } from './chip-registers';
import { BOARD_CHIPS, CHIP_MAKES, type BoardChip } from './chips';
import { SlipDecoder, slipEncode } from './slip';
import { MemorySparseFlash } from './sparse-flash';
import { INSTANT_TIMING, TYPICAL_TIMING, type BoardTiming } from './timing';

const MAC = 'fab001020304';

/** The loader on a bare line: packets in, packets out. */
function loader(
	timing: BoardTiming = INSTANT_TIMING,
	clock = new ManualClock(),
	chip: BoardChip = 'ESP32-C3'
) {
	const flash = new MemorySparseFlash(4 << 20);
	const out: Uint8Array[] = [];
	const decoder = new SlipDecoder(70_000);
	let starts = 0;
	const mode = new DownloadMode({
		flash,
		timing,
		clock,
		chip: CHIP_MAKES[chip],
		registers: new ChipRegisters(CHIP_MAKES[chip], {
			mac: MAC,
			flashBytes: flash.sizeBytes,
			usb: 'bridge'
		}),
		send: (bytes) => decoder.push(bytes, (packet) => out.push(packet)),
		setBaud: () => {},
		restart: () => starts++
	});
	return {
		flash,
		mode,
		clock,
		out,
		starts: () => starts,
		say: (hex: string) => mode.receive(slipEncode(bytesOf(hex)))
	};
}

const bytesOf = (hex: string) =>
	Uint8Array.from(hex.replaceAll(' ', '').match(/../gu) ?? [], (b) => parseInt(b, 16));
const words = (...values: number[]) => toHex(new Uint8Array(Uint32Array.from(values).buffer));
const command = (op: string, data: string, check = 0) =>
	`00 ${op} ${toHex(new Uint8Array(Uint16Array.of(data.replaceAll(' ', '').length / 2).buffer))} ${words(check)} ${data}`;
const checksumOf = (bytes: Uint8Array) => bytes.reduce((sum, byte) => sum ^ byte, 0xef);

/** MEM_BEGIN and MEM_END with an entry inside: what then runs takes the stub's place. */
function startStub(board: ReturnType<typeof loader>) {
	board.say(command('05', words(0x100, 1, 0x1800, 0x4038_0000)));
	board.say(command('06', words(0, 0x4038_0000)));
	board.out.length = 0;
}

describe('the ROM loader, by the frames of Espressif’s documentation', () => {
	it('answers SYNC eight times, with a value that is not the stub’s', () => {
		const { say, out } = loader();
		// The frame as "Serial Protocol" has it: 07 07 12 20 and 32 times 55.
		say(`00 08 24 00 00 00 00 00 07 07 12 20 ${'55'.repeat(32)}`);
		expect(out).toHaveLength(8);
		expect(toHex(out[0]!)).toMatch(/^01080400(?!00000000)[0-9a-f]{8}00000000$/u);
	});

	it('ends its answers with four bytes of status, the stub with two', () => {
		const board = loader();
		board.say(command('0a', words(0x6000_8844)));
		expect(toHex(board.out.at(-1)!)).toBe('010a040004030201' + '00000000');
		startStub(board);
		board.say(command('0a', words(0x6000_8848)));
		expect(toHex(board.out.at(-1)!)).toBe('010a0200b0fa0000' + '0000');
	});

	it('says 5, an ESP32-C3, where its security is asked for', () => {
		const { say, out } = loader();
		say(command('14', ''));
		expect(out.at(-1)![8 + 12]).toBe(5);
		expect(out.at(-1)).toHaveLength(8 + 20 + 4);
	});

	it('has no such command on an ESP32, and says so as its ROM does: eight times, under another number', () => {
		const { say, out } = loader(INSTANT_TIMING, new ManualClock(), 'ESP32');
		say(command('14', ''));
		expect(out.map((packet) => packet[1])).toEqual(Array(8).fill(0));
		expect(toHex(out[0]!.subarray(8, 10))).toBe('0105');
	});

	it.each(BOARD_CHIPS)(
		'has the mark of a practice board in the eFuses for users of an %s, for good',
		(chip) => {
			const { say, out } = loader(INSTANT_TIMING, new ManualClock(), chip);
			const at = CHIP_MAKES[chip].userData;
			let mark = '';
			for (let i = 0; i < 4; i++) {
				say(command('09', words(at + 4 * i, 0, 0xffff_ffff, 0)));
				say(command('0a', words(at + 4 * i)));
				mark += String.fromCharCode(...out.at(-1)!.subarray(4, 8));
			}
			expect(mark).toBe(`${PRACTICE_MARK}\0`);
		}
	);

	it('refuses what only the stub knows, a wrong checksum, and RAM it has not got', () => {
		const { say, out } = loader();
		const status = () => toHex(out.at(-1)!.subarray(8, 10));
		say(command('d0', ''));
		expect(status()).toBe('0105');
		say(command('05', words(4, 1, 0x1800, 0x4038_0000)));
		say(command('07', words(4, 0, 0, 0) + '01020304', 0));
		expect(status()).toBe('0107');
		say(command('05', words(4, 1, 0x1800, 0x2000_0000)));
		expect(status()).toBe('0106');
		say(command('06', words(0, 0x4038_1000)));
		expect(status()).toBe('0106');
	});

	it('starts what was loaded with OHAI, after its answer', () => {
		const board = loader();
		board.say(command('05', words(4, 1, 0x1800, 0x4038_0000)));
		const bytes = bytesOf('01020304');
		board.say(command('07', words(4, 0, 0, 0) + toHex(bytes), checksumOf(bytes)));
		board.say(command('06', words(0, 0x4038_0000)));
		expect(board.out.slice(-2).map(toHex)).toEqual(['0106040000000000' + '00000000', '4f484149']);
		expect(board.mode.stubRunning).toBe(true);
	});
});

describe('the stub', () => {
	/** One raw region of `bytes`, begun. */
	function begun(timing = INSTANT_TIMING) {
		const board = loader(timing);
		startStub(board);
		board.say(command('02', words(0x2000, 2, 0x1000, 0x1_0000)));
		const block = (seq: number, fill: number) => {
			const bytes = new Uint8Array(0x1000).fill(fill);
			board.say(command('03', words(bytes.length, seq, 0, 0) + toHex(bytes), checksumOf(bytes)));
		};
		const status = () => toHex(board.out.at(-1)!.subarray(-2));
		return { ...board, block, status };
	}

	// stub_flasher.c of esptool-legacy-flasher-stub, cmd_loop: a block's number is not looked at.
	it('writes a block that is sent twice twice', () => {
		const { block, status, flash } = begun();
		block(0, 0xaa);
		block(0, 0xaa);
		expect(status()).toBe('0000');
		expect([...flash.read(0x1_0fff, 2)]).toEqual([0xaa, 0xaa]);
	});

	it('cannot go on with a zlib stream in which a block came twice, and says so at the next', () => {
		const board = loader();
		startStub(board);
		const zlib = zlibSync(Uint8Array.from({ length: 9000 }, (_, i) => (i * i) >> 3));
		board.say(command('10', words(9000, 3, 512, 0)));
		const block = (at: number) => {
			const bytes = zlib.subarray(at, at + 512);
			board.say(command('11', words(bytes.length, at / 512, 0, 0) + toHex(bytes), checksumOf(bytes)));
			return toHex(board.out.at(-1)!.subarray(-2));
		};
		expect([block(0), block(0)]).toEqual(['0000', '0000']);
		expect([block(512), block(1024)]).toContain('c700');
	});

	it('drops a block whose checksum is wrong, and takes it when it comes whole', () => {
		const { say, block, status, flash } = begun();
		say(command('03', words(4, 0, 0, 0) + '01020304', 0x12));
		expect(status()).toBe('c100');
		expect([...flash.read(0x1_0000, 4)]).toEqual([255, 255, 255, 255]);
		block(0, 7);
		expect(status()).toBe('0000');
	});

	it('erases as it writes: what a job did not come to is what it was', () => {
		const board = loader();
		board.flash.program(0x1_0000, new Uint8Array(0x4000).fill(0x5a));
		startStub(board);
		board.say(command('02', words(0x4000, 4, 0x400, 0x1_0000)));
		const bytes = new Uint8Array(0x400).fill(1);
		board.say(command('03', words(0x400, 0, 0, 0) + toHex(bytes), checksumOf(bytes)));
		expect([...board.flash.read(0x1_03ff, 2)]).toEqual([1, 0xff]);
		expect([...board.flash.read(0x1_1000, 1)]).toEqual([0x5a]);
	});

	it('says at the end that bytes are missing, and without a job that there is none', () => {
		const { block, say, status } = begun();
		block(0, 1);
		say(command('04', words(1)));
		expect(status()).toBe('c800');
		block(1, 1);
		say(command('04', words(1)));
		expect(status()).toBe('0000');
		say(command('04', words(1)));
		expect(status()).toBe('c600');
	});

	it('answers when a block has come, and programs while the next is on its way', () => {
		const { clock, block, out } = begun(TYPICAL_TIMING);
		out.length = 0;
		block(0, 1);
		expect(out).toHaveLength(1);
		block(1, 2);
		expect(out, 'the buffer is taken until the first is written').toHaveLength(1);
		// A block that fills its sector has the next one erased as well (stub_write_flash.c, last_sector).
		clock.advance(2 * 45 + 6.4 + 0.1);
		expect(out).toHaveLength(2);
	});

	it('restarts the chip when the flashing ends so', () => {
		const { say, block, starts } = begun();
		block(0, 1);
		block(1, 1);
		say(command('04', words(0)));
		expect(starts()).toBe(1);
	});

	it('reads with acknowledgements, and ends with the digest', () => {
		const board = loader();
		startStub(board);
		board.flash.program(0, new Uint8Array(3000).fill(7));
		board.say(command('d2', words(0, 2048, 1024, 1)));
		expect(board.out.map((p) => p.length)).toEqual([10, 1024]);
		board.say(words(1024));
		board.say(words(2048));
		expect(board.out.map((p) => p.length)).toEqual([10, 1024, 1024, 16]);
	});
});

describe('to esptool-js', () => {
	beforeEach(() => void vi.spyOn(console, 'log').mockImplementation(() => {}));
	afterEach(() => vi.restoreAllMocks());

	it.each([
		['ESP32', 4, 'ESP32-D0WD-V3 (revision 3)', 'Crystal is 40MHz'],
		['ESP32-S3', 16, 'ESP32-S3 (QFN56) (revision v0.2)', 'Embedded PSRAM 8MB (AP_3v3)'],
		['ESP32-S3', 8, 'ESP32-S3 (QFN56) (revision v0.2)', 'Crystal is 40MHz'],
		['ESP32-C3', 4, 'ESP32-C3 (QFN32) (revision v0.4)', 'Crystal is 40MHz'],
		['ESP32-C6', 8, 'ESP32-C6 (revision 1)', 'Wi-Fi 6'],
		['ESP32-H2', 4, 'ESP32-H2 (revision v0.1)', 'Crystal is 32MHz']
	] as const)(
		'it is an %s with %i MB that is written, verified and read',
		{ timeout: 30_000 },
		async (chip, mb, description, says) => {
			const flash = new MemorySparseFlash(mb << 20);
			const port = new LoaderOnlyPort({ flash, timing: INSTANT_TIMING, clock: systemClock, mac: MAC, chip });
			const said: string[] = [];
			const esploader = new ESPLoader({
				transport: new Transport(port),
				baudrate: 921_600,
				terminal: { clean: () => {}, write: (t) => void said.push(t), writeLine: (t) => void said.push(t) }
			});
			expect(await esploader.main()).toBe(description);
			expect(esploader.chip.CHIP_NAME).toBe(chip);
			expect(said.join('\n')).toContain('MAC: fa:b0:01:02:03:04');
			expect(said.join('\n')).toContain(says);
			expect(await esploader.detectFlashSize()).toBe(`${mb}MB`);
			const data = crypto.getRandomValues(new Uint8Array(50_001));
			for (const [compress, address] of [
				[true, 0x1_0000],
				[false, 0x4_0000]
			] as const) {
				await esploader.writeFlash({
					fileArray: [{ data, address }],
					...{ flashMode: 'keep', flashFreq: 'keep', flashSize: 'keep', eraseAll: false, compress }
				});
				expect(flash.read(address, data.length)).toEqual(data);
			}
			expect(await esploader.readFlash(0x1_0000, 5000)).toEqual(data.slice(0, 5000));
			await esploader.eraseFlash();
			expect([...flash.read(0x1_0000, 2)]).toEqual([255, 255]);
		}
	);
});

it('takes any bytes without a throw, and still answers afterwards', () => {
	fc.assert(
		fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 20 }), (chunks) => {
			const board = loader();
			for (const chunk of chunks) board.mode.receive(chunk);
			for (const op of [2, 3, 5, 6, 7, 9, 0x10, 0x11, 0x13, 0xd2])
				board.mode.receive(slipEncode(Uint8Array.of(0, op, 4, 0, 0, 0, 0, 0, 255, 255, 255, 255)));
			board.mode.receive(slipEncode(Uint8Array.of(0, 0, 0, 0)));
			board.out.length = 0;
			board.say(command('0a', words(0x6000_8844)));
			expect(board.out.length).toBeGreaterThan(0);
		})
	);
});

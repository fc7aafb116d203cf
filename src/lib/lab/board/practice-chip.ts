import { utf8 } from '$lib/base';

/** Registers of the ESP32-C3 that a loader reads (esptool, esptool/targets/esp32c3.py; ESP32-C3 TRM, chapters 4 and 24). */
const EFUSE_BASE = 0x6000_8800;
const MAC_LOW = EFUSE_BASE + 0x44;
const BLOCK1_WORD3 = EFUSE_BASE + 0x50;
const BLOCK1_WORD5 = EFUSE_BASE + 0x58;
const USER_DATA = EFUSE_BASE + 0x7c;
const CHIP_MAGIC = 0x4000_1000;
const SPI1 = 0x6000_2000;
const SPI_CMD = SPI1;
const SPI_USR2 = SPI1 + 0x20;
const SPI_W0 = SPI1 + 0x58;
const SPI_CMD_USR = 1 << 18;
const UART_CLKDIV = 0x6000_0014;
const UART_DATE = 0x6000_007c;
const RTC_SWD = 0x6000_80ac;

/** What the practice board's eFuses say in the block for users, so that nothing takes it for a chip of silicon. */
export const PRACTICE_MARK = 'FIELDBENCH-VIRT';
/** GET_SECURITY_INFO's chip id of an ESP32-C3. */
export const CHIP_ID = 5;

const READ_ID = 0x9f;
const READ_STATUS = 0x05;
/** Winbond W25Q32: maker, type, log2 of 4 MiB. */
const FLASH_ID = [0xef, 0x40, 0x16] as const;

/** The register file of a practice chip: eFuses that cannot be changed, an SPI controller that answers, and the rest as RAM. */
export class PracticeRegisters {
	readonly #values = new Map<number, number>();

	/** @param mac 12 hexadecimal digits */
	constructor(mac: string) {
		const bytes = Uint8Array.from(mac.match(/../gu) ?? [], (pair) => parseInt(pair, 16));
		const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
		this.#values.set(MAC_LOW, ((c << 24) | (d << 16) | (e << 8) | f) >>> 0);
		this.#values.set(MAC_LOW + 4, (a << 8) | b);
		this.#values.set(BLOCK1_WORD3, 4 << 18); // wafer minor 4: revision v0.4, package QFN32, no flash in package
		this.#values.set(BLOCK1_WORD5, 0);
		const mark = new Uint8Array(32);
		mark.set(utf8(PRACTICE_MARK));
		const words = new DataView(mark.buffer);
		for (let i = 0; i < 32; i += 4) this.#values.set(USER_DATA + i, words.getUint32(i, true));
		this.#values.set(CHIP_MAGIC, 0x1b31_506f); // CHIP_DETECT_MAGIC_VALUE of the C3, ECO 3 (esptool)
		this.#values.set(UART_CLKDIV, 347);
		this.#values.set(UART_DATE, 0x2008_270);
		this.#values.set(RTC_SWD, 0);
	}

	read(address: number): number {
		return this.#values.get(address >>> 0) ?? 0;
	}

	write(address: number, value: number, mask = 0xffff_ffff): void {
		const at = address >>> 0;
		if (at >= EFUSE_BASE && at < EFUSE_BASE + 0x200) return; // read-only shadows of what is burnt
		const next = ((this.read(at) & ~mask) | (value & mask)) >>> 0;
		this.#values.set(at, next);
		if (at === SPI_CMD && next & SPI_CMD_USR) this.#spiCommand();
	}

	/** One user-defined command to the flash; it is done before the next register is read. */
	#spiCommand(): void {
		const command = this.read(SPI_USR2) & 0xff;
		const [maker, type, size] = FLASH_ID;
		if (command === READ_ID) this.#values.set(SPI_W0, maker | (type << 8) | (size << 16));
		else if (command === READ_STATUS) this.#values.set(SPI_W0, 0);
		this.#values.set(SPI_CMD, this.read(SPI_CMD) & ~SPI_CMD_USR);
	}
}

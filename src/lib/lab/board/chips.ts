import type { ChipFamily } from '$lib/formats';

/** The chips that a practice board can have. */
export const BOARD_CHIPS = [
	'ESP32',
	'ESP32-S3',
	'ESP32-C3',
	'ESP32-C6',
	'ESP32-H2'
] as const satisfies readonly ChipFamily[];
export type BoardChip = (typeof BOARD_CHIPS)[number];

/** Causes of a reset, by their number in every chip's `RESET_REASON` (ESP-IDF, `esp_rom/…/rom/rtc.h`). */
export const RESET = {
	powerOn: 1,
	/** The stub's or the bootloader's own. */
	software: 3,
	watchdog: 7,
	panic: 12,
	brownOut: 15,
	/** Asked for over the chip's own USB. */
	usb: 21
} as const;
export type Reset = (typeof RESET)[keyof typeof RESET];

type Range = readonly [from: number, to: number];

/** What tells one chip from another on the wire and in its log. */
export interface ChipMake {
	/** GET_SECURITY_INFO's chip id; undefined: its ROM has no such command, and a loader looks at `magic`. */
	readonly chipId: number | undefined;
	/** What 0x40001000 reads as (esptool, CHIP_DETECT_MAGIC_VALUE). */
	readonly magic: number;
	/** RAM that a loader may fill: instruction RAM and data RAM. */
	readonly ram: readonly Range[];
	/** Shadows of the eFuses, which are not written to. */
	readonly efuses: Range;
	/** Of the MAC's lower four bytes; the upper two follow. */
	readonly mac: number;
	/** BLOCK3, the block for users. */
	readonly userData: number;
	/** The SPI controller of the flash: its command register, and from there to USR2 and W0. */
	readonly spi: { readonly base: number; readonly usr2: number; readonly w0: number };
	readonly uartClockDivider: number;
	/** Variable of the ROM that names the port in use, and what it holds for the chip's own USB; undefined: it has none. */
	readonly portInUse: { readonly address: number; readonly usb: number } | undefined;
	/** The rest of what is burnt: revision, package and what is in the package. */
	readonly burnt: readonly (readonly [address: number, value: number])[];
	/** Flashes that such boards come with, bytes; the first is the usual one. */
	readonly flashes: readonly number[];
	/** JEDEC's code of the flash's maker, and its type. */
	readonly flashMaker: readonly [maker: number, type: number];
	readonly hasWifi: boolean;
	/** What the ROM answers to SYNC. */
	readonly syncValue: number;
	/** As its ROM writes them. */
	readonly words: {
		readonly banner: readonly string[];
		readonly fromFlash: string;
		readonly download: string;
		readonly resets: Readonly<Record<Reset, string>>;
	};
}

const MiB = 1 << 20;
const WINBOND = [0xef, 0x40] as const;
const GIGADEVICE = [0xc8, 0x40] as const;
/** `UARTDEV_BUF_NO` where the chip's USB serial and JTAG is in use. */
const USB_BUFFER = 3;

const RISCV_RESETS = {
	[RESET.powerOn]: 'POWERON',
	[RESET.software]: 'RTC_SW_SYS_RST',
	[RESET.watchdog]: 'TG0WDT_SYS_RST',
	[RESET.panic]: 'RTC_SW_CPU_RST',
	[RESET.brownOut]: 'RTCWDT_BROWN_OUT_RST',
	[RESET.usb]: 'USB_UART_CHIP_RESET'
} as const;

const words = (chip: BoardChip, fromFlash: string, download: string): ChipMake['words'] => ({
	banner: [`ESP-ROM:practice board of Fieldbench, an ${chip} that is virtual`, 'Build:Nov 21 2026'],
	fromFlash,
	download,
	resets: RISCV_RESETS
});

/**
 * Sources: esptool 4.8, `targets/*.py`; esptool-js 0.7.0, `lib/targets`; the chips' technical reference manuals, eFuse controller;
 * their ROMs' logs. What is burnt is one chip of each kind that is sold: see docs/practice-board.md.
 */
export const CHIP_MAKES: Readonly<Record<BoardChip, ChipMake>> = {
	ESP32: {
		chipId: undefined,
		magic: 0x00f0_1d83,
		ram: [
			[0x3ffa_e000, 0x4000_0000],
			[0x4008_0000, 0x400c_0000]
		],
		efuses: [0x3ff5_a000, 0x3ff5_a098],
		mac: 0x3ff5_a004,
		userData: 0x3ff5_a078,
		spi: { base: 0x3ff4_2000, usr2: 0x24, w0: 0x80 },
		uartClockDivider: 0x3ff4_0014,
		portInUse: undefined,
		burnt: [
			[0x3ff5_a00c, (1 << 15) | (1 << 13) | (1 << 9)], // first bit of revision 3, 240 MHz, package D0WD
			[0x3ff5_a014, 1 << 20], // the second bit
			[0x3ff6_607c, 0x9604_2000] // the third is in APB_CTRL_DATE
		],
		flashes: [4 * MiB, 8 * MiB, 16 * MiB],
		flashMaker: WINBOND,
		hasWifi: true,
		syncValue: 0x5520_1207,
		words: {
			banner: ['ets practice board of Fieldbench, an ESP32 that is virtual', ''],
			fromFlash: 'boot:0x13 (SPI_FAST_FLASH_BOOT)',
			download: 'boot:0x3 (DOWNLOAD_BOOT(UART0/UART1/SDIO_REI_REO_V2))',
			resets: {
				[RESET.powerOn]: 'POWERON_RESET',
				[RESET.software]: 'SW_RESET',
				[RESET.watchdog]: 'TG0WDT_SYS_RESET',
				[RESET.panic]: 'SW_CPU_RESET',
				[RESET.brownOut]: 'RTCWDT_BROWN_OUT_RESET',
				[RESET.usb]: 'POWERON_RESET'
			}
		}
	},
	'ESP32-S3': {
		chipId: 9,
		magic: 0x9,
		ram: [
			[0x3fc8_8000, 0x3fd0_0000],
			[0x4037_0000, 0x403e_0000]
		],
		efuses: [0x6000_7000, 0x6000_7200],
		mac: 0x6000_7044,
		userData: 0x6000_707c,
		spi: { base: 0x6000_2000, usr2: 0x20, w0: 0x58 },
		uartClockDivider: 0x6000_0014,
		portInUse: { address: 0x3fce_f14c, usb: 4 },
		burnt: [
			[0x6000_7050, 2 << 18], // v0.2, QFN56
			[0x6000_7054, (1 << 3) | (1 << 7)] // 8 MiB of PSRAM in the package, 3.3 V
		],
		flashes: [8 * MiB, 16 * MiB, 4 * MiB],
		flashMaker: GIGADEVICE,
		hasWifi: true,
		syncValue: 0x2012_0707,
		words: words('ESP32-S3', 'boot:0x8 (SPI_FAST_FLASH_BOOT)', 'boot:0x0 (DOWNLOAD(USB/UART0))')
	},
	'ESP32-C3': {
		chipId: 5,
		magic: 0x1b31_506f,
		ram: [
			[0x4037_c000, 0x403e_0000],
			[0x3fc8_0000, 0x3fce_0000]
		],
		efuses: [0x6000_8800, 0x6000_8a00],
		mac: 0x6000_8844,
		userData: 0x6000_887c,
		spi: { base: 0x6000_2000, usr2: 0x20, w0: 0x58 },
		uartClockDivider: 0x6000_0014,
		portInUse: { address: 0x3fcd_f07c, usb: USB_BUFFER },
		burnt: [[0x6000_8850, 4 << 18]], // v0.4, QFN32, no flash in the package
		flashes: [4 * MiB],
		flashMaker: WINBOND,
		hasWifi: true,
		syncValue: 0x2012_0707,
		words: words('ESP32-C3', 'boot:0xc (SPI_FAST_FLASH_BOOT)', 'boot:0x4 (DOWNLOAD(USB/UART0/1))')
	},
	'ESP32-C6': {
		chipId: 13,
		magic: 0x2ce0_806f,
		ram: [[0x4080_0000, 0x4088_0000]],
		efuses: [0x600b_0800, 0x600b_0a00],
		mac: 0x600b_0844,
		userData: 0x600b_087c,
		spi: { base: 0x6000_3000, usr2: 0x20, w0: 0x58 },
		uartClockDivider: 0x6000_0014,
		portInUse: { address: 0x4087_f580, usb: USB_BUFFER },
		burnt: [[0x600b_0850, 1 << 18]], // v0.1, QFN40
		flashes: [8 * MiB, 4 * MiB],
		flashMaker: GIGADEVICE,
		hasWifi: true,
		syncValue: 0x2012_0707,
		words: words('ESP32-C6', 'boot:0xc (SPI_FAST_FLASH_BOOT)', 'boot:0x4 (DOWNLOAD(USB/UART0/SDIO_FEI_FEO))')
	},
	'ESP32-H2': {
		chipId: 16,
		magic: 0xd7b7_3e80,
		ram: [[0x4080_0000, 0x4085_0000]],
		efuses: [0x600b_0800, 0x600b_0a00],
		mac: 0x600b_0844,
		userData: 0x600b_087c,
		spi: { base: 0x6000_3000, usr2: 0x20, w0: 0x58 },
		uartClockDivider: 0x6000_0014,
		portInUse: { address: 0x4084_fefc, usb: USB_BUFFER },
		burnt: [[0x600b_0850, 1 << 18]], // v0.1, QFN32
		flashes: [4 * MiB],
		flashMaker: WINBOND,
		hasWifi: false,
		syncValue: 0x2012_0707,
		words: words('ESP32-H2', 'boot:0xc (SPI_FAST_FLASH_BOOT)', 'boot:0x4 (DOWNLOAD(USB/UART0/SPI_SLAVE))')
	}
};

/** Its cable's two kinds: a bridge to the UART, or the chip's own USB serial and JTAG, which an ESP32 has not. */
export type BoardUsb = 'bridge' | 'native';
export const usbsOf = (chip: BoardChip): readonly BoardUsb[] =>
	CHIP_MAKES[chip].portInUse ? ['bridge', 'native'] : ['bridge'];

/** Why a chip began anew, of the kinds that matter to a person. */
export type ResetCause =
	| 'power-on'
	| 'software'
	| 'deep-sleep'
	| 'interrupt-watchdog'
	| 'task-watchdog'
	| 'rtc-watchdog'
	| 'super-watchdog'
	| 'brownout'
	| 'glitch'
	| 'efuse'
	| 'usb'
	| 'jtag'
	| 'sdio'
	| 'external'
	| 'unknown';

/** One `rst:0x… (NAME),boot:0x… (MODE)` of a ROM. */
export interface Reset {
	readonly code: number;
	/** As the ROM wrote it. */
	readonly name: string;
	/** What the strapping pins chose, as the ROM wrote it: SPI_FAST_FLASH_BOOT, DOWNLOAD(USB/UART0/1) … */
	readonly boot: string;
	readonly cause: ResetCause;
}

const RESET = /(?:^|\s)rst:0x([\da-f]{1,2}) \(([^)]{1,40})\),boot:0x[\da-f]{1,3} \(([^\n]{1,60})\)/iu;

/**
 * The numbers mean the same on ESP32, S2, S3, C3, C6 and H2 wherever a chip has them (esp_rom/include/<chip>/rom/rtc.h), but for 14,
 * which only the ESP32 has (the first core resets the second), and 4, which is the ESP32's and ESP8266's watchdog.
 */
const CAUSES: Readonly<Record<number, ResetCause>> = {
	1: 'power-on',
	2: 'external',
	3: 'software',
	4: 'rtc-watchdog',
	5: 'deep-sleep',
	6: 'sdio',
	7: 'task-watchdog',
	8: 'interrupt-watchdog',
	9: 'rtc-watchdog',
	10: 'unknown', // said to be an intrusion; no program of ESP-IDF turns it on
	11: 'task-watchdog',
	12: 'software',
	13: 'rtc-watchdog',
	14: 'software',
	15: 'brownout',
	16: 'rtc-watchdog',
	17: 'interrupt-watchdog',
	18: 'super-watchdog',
	19: 'glitch',
	20: 'efuse',
	21: 'usb',
	22: 'usb',
	23: 'glitch',
	24: 'jtag'
};

/** The reset that a ROM's line tells of; undefined where it is another line. */
export function readReset(text: string): Reset | undefined {
	const match = RESET.exec(text);
	if (!match) return undefined;
	const code = parseInt(match[1]!, 16);
	return { code, name: match[2]!, boot: match[3]!, cause: CAUSES[code] ?? 'unknown' };
}

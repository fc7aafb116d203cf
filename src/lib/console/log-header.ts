import type { LogLevel } from './console-line';

export interface LogHeader {
	readonly level: LogLevel;
	readonly tag: string;
}

const LEVELS: Readonly<Record<string, LogLevel>> = {
	E: 'error',
	W: 'warning',
	I: 'info',
	C: 'info', // ESPHome's "config"
	D: 'debug',
	V: 'verbose',
	VV: 'verbose'
};
/** A tag is a short name; more is text that happens to have a colon. */
const MAX_TAG = 40;

/** `I (1234) tag: text` or, with the system's time, `I (12:34:56.789) tag: text` (esp_log.h); the space before a text may lack. */
const IDF = /^([EWIDV]) \([\d:. -]+\) ?([^\s:]{1,40}):/u;
/** `[  1234][E][file.cpp:12] function(): text` (esp32-hal-log.h of Arduino-ESP32). */
const ARDUINO = /^\[ *\d+\]\[([EWIDV])\]\[([^\]:]{1,40}):\d+\]/u;
/** `[12:34:56][D][wifi:123]: text`, the time only where ESPHome's own tool adds it (esphome/core/log.h). */
const ESPHOME = /^(?:\[[\d:.]+\])?\[([EWICDV]|VV)\]\[([^\]:]{1,40}):\d+\]/u;

/** Level and tag of a line, where it has the form of a log that we know. */
export function logHeader(text: string): LogHeader | undefined {
	const first = text.charCodeAt(0);
	const match =
		first === 0x5b // [
			? (ARDUINO.exec(text.slice(0, 2 * MAX_TAG)) ?? ESPHOME.exec(text.slice(0, 2 * MAX_TAG)))
			: text.charCodeAt(2) === 0x28 // (
				? IDF.exec(text)
				: undefined;
	const level = match && LEVELS[match[1]!];
	return level ? { level, tag: match[2]! } : undefined;
}

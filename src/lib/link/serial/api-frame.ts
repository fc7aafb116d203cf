import { assert, concatBytes, crc32, utf8 } from '$lib/base';

/** Begins a Device API frame: ASCII's record separator, which no log text holds (docs/protocol.md §8). */
export const FRAME_START = 0x1e;
/** Digits of the CRC-32 of the JSON, lower-case hexadecimal. */
export const FRAME_CRC_DIGITS = 8;
export const MAX_FRAME_JSON = 4096;

const LINE_FEED = 0x0a;

/** A frame as it goes on the wire. @param json UTF-8 without raw control characters, at most 4,096 bytes */
export function encodeFrame(json: Uint8Array): Uint8Array<ArrayBuffer> {
	assert(json.length <= MAX_FRAME_JSON, 'a Device API frame holds at most 4,096 bytes');
	return concatBytes([Uint8Array.of(FRAME_START), crcDigits(json), json, Uint8Array.of(LINE_FEED)]);
}

/** The check of `json` as the frame carries it. */
export const crcDigits = (json: Uint8Array): Uint8Array<ArrayBuffer> =>
	utf8(crc32(json).toString(16).padStart(FRAME_CRC_DIGITS, '0'));

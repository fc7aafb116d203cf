import { sameBytes, utf8 } from '$lib/base';

/** Espressif's formats are little-endian throughout; these read where the caller has checked that the bytes are. */
export const viewOf = (bytes: Uint8Array): DataView =>
	new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const u16At = (bytes: Uint8Array, at: number): number => viewOf(bytes).getUint16(at, true);
export const u32At = (bytes: Uint8Array, at: number): number => viewOf(bytes).getUint32(at, true);

/** A C string in a field of fixed size: up to the first NUL, or the whole field. What is not UTF-8 shows as U+FFFD. */
export function fieldText(bytes: Uint8Array, at: number, length: number): string {
	const field = bytes.subarray(at, at + length);
	const end = field.indexOf(0);
	return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end));
}

/** Writes as much of the text as fits, whole characters only; the rest of the field stays as it is. */
export function setFieldText(bytes: Uint8Array, at: number, length: number, text: string): void {
	new TextEncoder().encodeInto(text, bytes.subarray(at, at + length));
}

export const utf8Length = (text: string): number => utf8(text).length;

/** Whether these ASCII letters stand there. */
export const equalText = (bytes: Uint8Array, at: number, text: string): boolean =>
	sameBytes(bytes.subarray(at, at + text.length), utf8(text));

export const isErased = (bytes: Uint8Array): boolean => bytes.every((b) => b === 0xff);

/** `value` raised to the next multiple of `step`, a power of two below 2^31. */
export const alignUp = (value: number, step: number): number => Math.ceil(value / step) * step;

import type { NvsMedium } from './nvs-types';

/** A partition in memory, over the caller's bytes. */
export function memoryMedium(bytes: Uint8Array): NvsMedium {
	return {
		sizeBytes: bytes.length,
		read: (offset, length) => bytes.slice(offset, offset + length),
		program(offset, written) {
			for (let i = 0; i < written.length; i++) bytes[offset + i]! &= written[i]!;
		},
		erase: (offset, length) => void bytes.fill(0xff, offset, offset + length)
	};
}

/** A partition's part of a whole flash; offsets then count from the partition's start. */
export function mediumWindow(
	flash: Omit<NvsMedium, 'sizeBytes'>,
	offset: number,
	sizeBytes: number
): NvsMedium {
	return {
		sizeBytes,
		read: (at, length) => flash.read(offset + at, length),
		program: (at, bytes) => flash.program(offset + at, bytes),
		erase: (at, length) => flash.erase(offset + at, length)
	};
}

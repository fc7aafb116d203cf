import { concatBytes, utf8 } from '$lib/base';

/** Every Improv serial packet begins so: the name and the version of the protocol (improv-wifi.com/serial). */
export const IMPROV_HEADER: Uint8Array = concatBytes([utf8('IMPROV'), Uint8Array.of(1)]);

/** Header, type and length before the data; the checksum after it. */
export const IMPROV_DATA_AT = IMPROV_HEADER.length + 2;

/** The low byte of the sum of all bytes before the checksum. */
export function improvSum(bytes: Uint8Array): number {
	let sum = 0;
	for (const byte of bytes) sum += byte;
	return sum & 0xff;
}

/** A packet as it goes on the wire, with the line feed that the standard's own clients end it with. @param data at most 255 bytes */
export function encodeImprov(type: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
	const body = concatBytes([IMPROV_HEADER, Uint8Array.of(type, data.length), data]);
	return concatBytes([body, Uint8Array.of(improvSum(body), 0x0a)]);
}

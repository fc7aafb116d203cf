/** Commands of Espressif's serial protocol (docs.espressif.com, esptool, "Serial Protocol"). */
export const OP = {
	flashBegin: 0x02,
	flashData: 0x03,
	flashEnd: 0x04,
	memBegin: 0x05,
	memEnd: 0x06,
	memData: 0x07,
	sync: 0x08,
	writeReg: 0x09,
	readReg: 0x0a,
	spiSetParams: 0x0b,
	spiAttach: 0x0d,
	readFlashSlow: 0x0e,
	changeBaud: 0x0f,
	deflBegin: 0x10,
	deflData: 0x11,
	deflEnd: 0x12,
	md5: 0x13,
	securityInfo: 0x14,
	eraseFlash: 0xd0,
	eraseRegion: 0xd1,
	readFlash: 0xd2,
	runUserCode: 0xd3
} as const;

/** Errors of the ROM ("Serial Protocol", Error codes) and of the stub (esptool-legacy-flasher-stub, stub_flasher.h). */
export const ROM_ERROR = {
	invalid: 0x05,
	failed: 0x06,
	crc: 0x07,
	flashRead: 0x09,
	deflate: 0x0b
} as const;
export const STUB_ERROR = {
	badLength: 0xc0,
	badChecksum: 0xc1,
	badBlockSize: 0xc2,
	spi: 0xc4,
	notInMode: 0xc6,
	inflate: 0xc7,
	notEnough: 0xc8,
	tooMuch: 0xc9,
	notImplemented: 0xff
} as const;

/** The longest block, SLIP aside, with its header. */
export const MOST_BLOCK_BYTES = 0x4000;
export const LONGEST_PACKET = MOST_BLOCK_BYTES + 8 + 16 + 64;

/** A command as it came: its words are little-endian, and zero beyond its end. */
export interface Command {
	readonly op: number;
	readonly data: Uint8Array<ArrayBuffer>;
	readonly check: number;
}

/** @returns undefined: no command; its `data` has not the length that it says where `whole` is false */
export function readCommand(
	packet: Uint8Array<ArrayBuffer>
): (Command & { readonly whole: boolean }) | undefined {
	if (packet.length < 8 || packet[0] !== 0) return undefined;
	const view = new DataView(packet.buffer, packet.byteOffset);
	const data = packet.subarray(8);
	const whole = view.getUint16(2, true) === data.length;
	return { op: packet[1]!, data, check: view.getUint32(4, true), whole };
}

export const wordAt = (data: Uint8Array<ArrayBuffer>, i: number): number =>
	4 * i + 4 <= data.length ? new DataView(data.buffer, data.byteOffset).getUint32(4 * i, true) : 0;

/** @param status two bytes from a stub, four from the ROM of the ESP32 family */
export function answerPacket(
	op: number,
	value: number,
	data: Uint8Array,
	status: readonly number[]
): Uint8Array<ArrayBuffer> {
	const packet = new Uint8Array(8 + data.length + status.length);
	const view = new DataView(packet.buffer);
	packet[0] = 1;
	packet[1] = op;
	view.setUint16(2, data.length + status.length, true);
	view.setUint32(4, value, true);
	packet.set(data, 8);
	packet.set(status, 8 + data.length);
	return packet;
}

const CHECKSUM_SEED = 0xef;

export function checksum(bytes: Uint8Array): number {
	let sum = CHECKSUM_SEED;
	for (const byte of bytes) sum ^= byte;
	return sum;
}

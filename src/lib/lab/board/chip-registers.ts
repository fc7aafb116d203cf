import { utf8 } from '$lib/base';
import type { BoardUsb, ChipMake } from './chips';

const CHIP_MAGIC = 0x4000_1000;
const SPI_CMD_USR = 1 << 18;
/** 40 MHz ÷ 115,200. */
const DIVIDER_AT_115200 = 347;
const READ_ID = 0x9f;
const READ_STATUS = 0x05;

/** What the practice board's eFuses say in the block for users, so that nothing takes it for a chip of silicon. */
export const PRACTICE_MARK = 'FIELDBENCH-VIRT';

/** The register file of a practice chip: eFuses that cannot be changed, an SPI controller that answers, and the rest as RAM. */
export class ChipRegisters {
	readonly #values = new Map<number, number>();

	/** @param parts.mac 12 hexadecimal digits */
	constructor(
		private readonly make: ChipMake,
		private readonly parts: { readonly mac: string; readonly flashBytes: number; readonly usb: BoardUsb }
	) {
		const bytes = Uint8Array.from(parts.mac.match(/../gu) ?? [], (pair) => parseInt(pair, 16));
		const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = bytes;
		this.#values.set(make.mac, ((c << 24) | (d << 16) | (e << 8) | f) >>> 0);
		this.#values.set(make.mac + 4, (a << 8) | b);
		for (const [address, value] of make.burnt) this.#values.set(address, value);
		const mark = new Uint8Array(32);
		mark.set(utf8(PRACTICE_MARK));
		const words = new DataView(mark.buffer);
		for (let i = 0; i < 32; i += 4) this.#values.set(make.userData + i, words.getUint32(i, true));
		this.#values.set(CHIP_MAGIC, make.magic);
		this.#values.set(make.uartClockDivider, DIVIDER_AT_115200);
		if (make.portInUse && parts.usb === 'native')
			this.#values.set(make.portInUse.address, make.portInUse.usb);
	}

	read(address: number): number {
		return this.#values.get(address >>> 0) ?? 0;
	}

	write(address: number, value: number, mask = 0xffff_ffff): void {
		const at = address >>> 0;
		const [from, to] = this.make.efuses;
		if (at >= from && at < to) return; // read-only shadows of what is burnt
		const next = ((this.read(at) & ~mask) | (value & mask)) >>> 0;
		this.#values.set(at, next);
		if (at === this.make.spi.base && next & SPI_CMD_USR) this.#spiCommand();
	}

	/** One user-defined command to the flash; it is done before the next register is read. */
	#spiCommand(): void {
		const { base, usr2, w0 } = this.make.spi;
		const command = this.read(base + usr2) & 0xff;
		const [maker, type] = this.make.flashMaker;
		// JEDEC's third byte is the size as a power of two.
		const id = maker | (type << 8) | (Math.log2(this.parts.flashBytes) << 16);
		if (command === READ_ID) this.#values.set(base + w0, id);
		else if (command === READ_STATUS) this.#values.set(base + w0, 0);
		this.#values.set(base, this.read(base) & ~SPI_CMD_USR);
	}
}

import { md5 } from '@noble/hashes/legacy.js';
import type { SparseFlash } from './sparse-flash';

/** What READ_FLASH asks for. */
interface ReadWish {
	readonly offset: number;
	readonly length: number;
	readonly blockBytes: number;
	/** What may be unacknowledged, in bytes: the 64 that esptool gives is one block. */
	readonly windowBytes: number;
}

/** The stub's READ_FLASH: blocks as far as the window reaches, and at the end the MD5 of what was sent (stub_commands.c). */
export class FlashReading {
	#sent = 0;
	#acknowledged = 0;

	constructor(
		private readonly flash: SparseFlash,
		private readonly wish: ReadWish,
		private readonly send: (packet: Uint8Array) => void
	) {}

	/** Sends what may be sent now. @returns true when that was the end */
	go(): boolean {
		const { offset, length, blockBytes, windowBytes } = this.wish;
		if (this.#acknowledged <= this.#sent)
			while (this.#sent < length && this.#sent - this.#acknowledged < windowBytes) {
				const size = Math.min(blockBytes, length - this.#sent);
				const packet = this.flash.read(offset + this.#sent, size);
				this.#sent += size;
				this.send(packet);
			}
		if (this.#acknowledged < length && this.#acknowledged <= this.#sent) return false;
		this.send(Uint8Array.from(md5(this.flash.read(offset, this.#sent))));
		return true;
	}

	/** Whatever is said while it reads, by its first four bytes: one that is shorter, or names more than was sent, ends it. */
	acknowledge(packet: Uint8Array<ArrayBuffer>): void {
		this.#acknowledged = packet.length < 4 ? Infinity : new DataView(packet.buffer).getUint32(0, true);
	}
}

import { md5 } from '@noble/hashes/legacy.js';
import type { SparseFlash } from './sparse-flash';

/** The stub's READ_FLASH: blocks, of which so many may be unacknowledged, and the MD5 of all at the end. */
export class FlashReading {
	#sent = 0;
	#acknowledged = 0;

	constructor(
		private readonly flash: SparseFlash,
		private readonly wish: { offset: number; length: number; blockBytes: number; mostInFlight: number },
		private readonly send: (packet: Uint8Array) => void
	) {}

	/** Sends what may be sent now. @returns true when that was the end */
	go(): boolean {
		const { offset, length, blockBytes, mostInFlight } = this.wish;
		while (this.#sent < length && this.#sent - this.#acknowledged < blockBytes * mostInFlight) {
			const size = Math.min(blockBytes, length - this.#sent);
			const packet = this.flash.read(offset + this.#sent, size);
			this.#sent += size;
			this.send(packet);
		}
		if (this.#acknowledged < length) return false;
		this.send(Uint8Array.from(md5(this.flash.read(offset, length))));
		return true;
	}

	/** @param bytes of the whole that the host has */
	acknowledge(bytes: number): void {
		this.#acknowledged = Math.min(this.#sent, bytes);
	}
}

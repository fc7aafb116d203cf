import { Malformed } from './byte-stream';

const LOW_BITS = 26;
const LOW = 2 ** LOW_BITS;

/** Packs unsigned integers of up to 53 bits, high bit first, into bytes; the last byte is filled with zeros. */
export class BitWriter {
	#bytes = new Uint8Array(64);
	#length = 0;
	/** Bits not yet in a byte, at most 7. */
	#held = 0;
	#heldBits = 0;

	/** @param width 0 … 53; `value` < 2^width */
	write(value: number, width: number): void {
		if (width > LOW_BITS) {
			this.#short(Math.floor(value / LOW), width - LOW_BITS);
			this.#short(value % LOW, LOW_BITS);
		} else this.#short(value, width);
	}

	/** At most 27 bits, so that 7 held bits more still fit in 34: high part by multiplication. */
	#short(value: number, width: number): void {
		let bits = width;
		while (bits > 0) {
			const take = Math.min(8 - this.#heldBits, bits);
			bits -= take;
			this.#held = (this.#held << take) | ((value >>> bits) & ((1 << take) - 1));
			this.#heldBits += take;
			if (this.#heldBits === 8) this.#flushByte();
		}
	}

	done(): Uint8Array<ArrayBuffer> {
		if (this.#heldBits > 0) {
			this.#held <<= 8 - this.#heldBits;
			this.#flushByte();
		}
		return this.#bytes.slice(0, this.#length);
	}

	#flushByte(): void {
		if (this.#length === this.#bytes.length) {
			const grown = new Uint8Array(this.#bytes.length * 2);
			grown.set(this.#bytes);
			this.#bytes = grown;
		}
		this.#bytes[this.#length++] = this.#held;
		this.#held = 0;
		this.#heldBits = 0;
	}
}

export class BitReader {
	#at = 0;
	#held = 0;
	#heldBits = 0;

	constructor(readonly source: Uint8Array) {}

	/** @param width 0 … 53. Throws `Malformed` past the end. */
	read(width: number): number {
		if (width > LOW_BITS) return this.#short(width - LOW_BITS) * LOW + this.#short(LOW_BITS);
		return this.#short(width);
	}

	#short(width: number): number {
		let value = 0;
		let bits = width;
		while (bits > 0) {
			if (this.#heldBits === 0) {
				const next = this.source[this.#at++];
				if (next === undefined) throw new Malformed('bits end early');
				this.#held = next;
				this.#heldBits = 8;
			}
			const take = Math.min(this.#heldBits, bits);
			this.#heldBits -= take;
			bits -= take;
			value = (value << take) | ((this.#held >>> this.#heldBits) & ((1 << take) - 1));
		}
		return value;
	}
}

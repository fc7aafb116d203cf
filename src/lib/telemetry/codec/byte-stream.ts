/** Thrown by readers on input that ends early or is malformed; caught at the parser's edge, where it becomes a value. */
export class Malformed extends Error {}

/** Growing output of little-endian numbers, LEB128 varints and byte runs. */
export class ByteWriter {
	#bytes = new Uint8Array(256);
	#view = new DataView(this.#bytes.buffer);
	#length = 0;

	get length(): number {
		return this.#length;
	}

	byte(value: number): void {
		this.#room(1);
		this.#bytes[this.#length++] = value;
	}

	/** Unsigned, up to 2⁵³ − 1: seven bits a byte, low first. */
	varint(value: number): void {
		this.#room(8);
		let rest = value;
		while (rest >= 0x80) {
			this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
			rest = Math.floor(rest / 0x80);
		}
		this.#bytes[this.#length++] = rest;
	}

	/** Signed, |value| ≤ 2⁵²: zigzag, then varint. */
	signed(value: number): void {
		this.varint(zigzag(value));
	}

	uint32(value: number): void {
		this.#room(4);
		this.#view.setUint32(this.#length, value, true);
		this.#length += 4;
	}

	bytes(value: Uint8Array): void {
		this.#room(value.length);
		this.#bytes.set(value, this.#length);
		this.#length += value.length;
	}

	/** A varint length, then the bytes. */
	sized(value: Uint8Array): void {
		this.varint(value.length);
		this.bytes(value);
	}

	/** A copy of what was written. */
	done(): Uint8Array<ArrayBuffer> {
		return this.#bytes.slice(0, this.#length);
	}

	#room(more: number): void {
		if (this.#length + more <= this.#bytes.length) return;
		const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + more));
		grown.set(this.#bytes);
		this.#bytes = grown;
		this.#view = new DataView(grown.buffer);
	}
}

/** Reads what a ByteWriter wrote. Every method throws `Malformed` rather than read past the end. */
export class ByteReader {
	#at = 0;

	constructor(readonly source: Uint8Array) {}

	get left(): number {
		return this.source.length - this.#at;
	}

	byte(): number {
		const value = this.source[this.#at++];
		if (value === undefined) throw new Malformed('ends early');
		return value;
	}

	varint(): number {
		let value = 0;
		for (let scale = 1; scale <= 2 ** 49; scale *= 0x80) {
			const byte = this.byte();
			value += (byte & 0x7f) * scale;
			if (byte < 0x80) {
				if (!Number.isSafeInteger(value)) break;
				return value;
			}
		}
		throw new Malformed('varint beyond 2^53');
	}

	signed(): number {
		return unzigzag(this.varint());
	}

	uint32(): number {
		const at = this.#at;
		this.bytes(4);
		return new DataView(this.source.buffer, this.source.byteOffset + at, 4).getUint32(0, true);
	}

	/** A view, not a copy. */
	bytes(length: number): Uint8Array {
		if (length > this.left) throw new Malformed('ends early');
		this.#at += length;
		return this.source.subarray(this.#at - length, this.#at);
	}

	sized(): Uint8Array {
		return this.bytes(this.varint());
	}
}

/** Small magnitudes first: 0, −1, 1, −2, … Exact for |n| ≤ 2⁵². */
export const zigzag = (n: number): number => (n >= 0 ? n * 2 : -n * 2 - 1);
export const unzigzag = (z: number): number => (z % 2 === 0 ? z / 2 : -(z + 1) / 2);

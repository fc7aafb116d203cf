/** Varints are below this: each is exact as a number. */
const VARINT_LIMIT = 2 ** 53;
const VARINT_BYTES = 8;

/** `truncated`: it ends too early; `bomb`: it would make more values than it may. */
export type ByteFault = 'truncated' | 'bomb' | 'corrupt';

/**
 * Reads a batch's numbers (docs/protocol.md §3.5). Total: from the first thing that does not fit on it gives zeros, and `ok`
 * is false.
 */
export class ByteSource {
	readonly #view: DataView;
	#at = 0;
	#fault: ByteFault | undefined;

	constructor(private readonly from: Uint8Array) {
		this.#view = new DataView(from.buffer, from.byteOffset, from.byteLength);
	}

	get ok(): boolean {
		return this.#fault === undefined;
	}

	/** The first thing that did not fit. */
	get fault(): ByteFault | undefined {
		return this.#fault;
	}

	get atEnd(): boolean {
		return this.#at === this.from.length;
	}

	spoil(fault: ByteFault = 'corrupt'): void {
		this.#fault ??= fault;
	}

	byte(): number {
		return this.#has(1) ? this.from[this.#at++]! : 0;
	}

	/** A view of the source's bytes; empty where there are not so many. */
	bytes(length: number): Uint8Array {
		if (!this.#has(length)) return new Uint8Array();
		this.#at += length;
		return this.from.subarray(this.#at - length, this.#at);
	}

	u32(): number {
		if (!this.#has(4)) return 0;
		this.#at += 4;
		return this.#view.getUint32(this.#at - 4, true);
	}

	double(): number {
		if (!this.#has(8)) return 0;
		this.#at += 8;
		return this.#view.getFloat64(this.#at - 8, true);
	}

	varint(): number {
		let value = 0;
		for (let i = 0, worth = 1; i < VARINT_BYTES; i++, worth *= 128) {
			const next = this.byte();
			value += (next & 0x7f) * worth;
			if (next & 0x80) continue;
			// Each number has one form.
			if (value >= VARINT_LIMIT || (next === 0 && i > 0)) this.spoil();
			return this.ok ? value : 0;
		}
		this.spoil();
		return 0;
	}

	zigzag(): number {
		const value = this.varint();
		const half = Math.floor(value / 2);
		return value % 2 === 1 ? -half - 1 : half;
	}

	#has(length: number): boolean {
		if (length > this.from.length - this.#at) this.spoil('truncated');
		return this.ok;
	}
}

/** Fields of equal width, packed lowest bit first. */
export class BitSource {
	#byte = 0;
	#left = 0;

	constructor(private readonly from: ByteSource) {}

	/** @param width 0 … 52 bits */
	get(width: number): number {
		let value = 0;
		for (let got = 0; got < width;) {
			if (this.#left === 0) {
				this.#byte = this.from.byte();
				this.#left = 8;
			}
			const taken = Math.min(this.#left, width - got);
			value += (this.#byte & ((1 << taken) - 1)) * 2 ** got;
			this.#byte >>= taken;
			this.#left -= taken;
			got += taken;
		}
		return value;
	}

	/** What is left over of the last byte must be zeros. */
	finish(): void {
		if (this.#byte !== 0) this.from.spoil();
		this.#byte = this.#left = 0;
	}
}

/** RFC 1055, as Espressif's loader speaks it: every packet between two END bytes. */
const END = 0xc0;
const ESC = 0xdb;
const ESC_END = 0xdc;
const ESC_ESC = 0xdd;

/** One packet with its END bytes. */
export function slipEncode(packet: Uint8Array): Uint8Array<ArrayBuffer> {
	let extra = 0;
	for (const byte of packet) if (byte === END || byte === ESC) extra++;
	const out = new Uint8Array(packet.length + extra + 2);
	let at = 0;
	out[at++] = END;
	for (const byte of packet) {
		if (byte === END || byte === ESC) {
			out[at++] = ESC;
			out[at++] = byte === END ? ESC_END : ESC_ESC;
		} else out[at++] = byte;
	}
	out[at] = END;
	return out;
}

/** Takes packets out of a stream, whatever its chunks. What is broken or too long is dropped whole and counted. */
export class SlipDecoder {
	readonly #buffer: Uint8Array<ArrayBuffer>;
	#size = 0;
	#inside = false;
	#escaped = false;
	#dropping = false;
	#broken = 0;

	/** @param longest bytes of a packet; longer ones are dropped */
	constructor(longest: number) {
		this.#buffer = new Uint8Array(longest);
	}

	/** Packets that were dropped. */
	get broken(): number {
		return this.#broken;
	}

	/** Calls `take` with each whole packet; the bytes are the callee's. */
	push(bytes: Uint8Array, take: (packet: Uint8Array<ArrayBuffer>) => void): void {
		for (const byte of bytes) {
			if (byte === END) this.#end(take);
			else if (this.#inside && !this.#dropping) this.#byte(byte);
		}
	}

	#end(take: (packet: Uint8Array<ArrayBuffer>) => void): void {
		// An END closes a packet, or, where nothing is between, begins the next.
		if (this.#inside && !this.#dropping && !this.#escaped && this.#size > 0) {
			const packet = this.#buffer.slice(0, this.#size);
			this.#begin(false);
			return take(packet);
		}
		if (this.#escaped) this.#broken++;
		this.#begin(true);
	}

	#begin(inside: boolean): void {
		this.#inside = inside;
		this.#size = 0;
		this.#escaped = this.#dropping = false;
	}

	#byte(byte: number): void {
		let value = byte;
		if (this.#escaped) {
			if (byte !== ESC_END && byte !== ESC_ESC) return this.#drop();
			value = byte === ESC_END ? END : ESC;
			this.#escaped = false;
		} else if (byte === ESC) {
			this.#escaped = true;
			return;
		}
		if (this.#size === this.#buffer.length) return this.#drop();
		this.#buffer[this.#size++] = value;
	}

	#drop(): void {
		this.#dropping = true;
		this.#escaped = false;
		this.#broken++;
	}
}

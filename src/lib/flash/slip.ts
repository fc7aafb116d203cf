/** RFC 1055, as the ROM and the stub frame their packets: END before and after. */
const END = 0xc0;
const ESC = 0xdb;
const ESC_END = 0xdc;
const ESC_ESC = 0xdd;

/** Longer than any answer that we ask for: a frame that grows beyond it is noise. */
const MOST_BYTES = 0x8000;

/** One packet on the wire. @param options.opening leave the first END out, to meet a receiver that believes itself inside a frame */
export function slipFrame(
	packet: Uint8Array,
	{ opening = true }: { readonly opening?: boolean } = {}
): Uint8Array<ArrayBuffer> {
	const wire = new Uint8Array(2 * packet.length + 2);
	let at = 0;
	if (opening) wire[at++] = END;
	for (const byte of packet) {
		if (byte === END) {
			wire[at++] = ESC;
			wire[at++] = ESC_END;
		} else if (byte === ESC) {
			wire[at++] = ESC;
			wire[at++] = ESC_ESC;
		} else wire[at++] = byte;
	}
	wire[at++] = END;
	return wire.subarray(0, at);
}

/** Takes packets out of a stream, any way it is cut. What lies between frames and frames with a broken escape are left out. */
export class SlipReader {
	#packet = new Uint8Array(256);
	#length = 0;
	#inside = false;
	#escaped = false;

	constructor(private readonly emit: (packet: Uint8Array<ArrayBuffer>) => void) {}

	push(bytes: Uint8Array): void {
		for (const byte of bytes) this.#take(byte);
	}

	/** Forgets a frame that has begun. */
	reset(): void {
		this.#inside = false;
		this.#escaped = false;
		this.#length = 0;
	}

	#take(byte: number): void {
		if (byte === END) this.#end();
		else if (!this.#inside) return;
		else if (this.#escaped) {
			this.#escaped = false;
			if (byte === ESC_END) this.#add(END);
			else if (byte === ESC_ESC) this.#add(ESC);
			else this.reset();
		} else if (byte === ESC) this.#escaped = true;
		else this.#add(byte);
	}

	/** An END after nothing is the first of a frame, as when one between two frames was lost. */
	#end(): void {
		const whole = this.#inside && !this.#escaped && this.#length > 0;
		const packet = whole ? this.#packet.slice(0, this.#length) : undefined;
		this.reset();
		if (packet) this.emit(packet);
		else this.#inside = true;
	}

	#add(byte: number): void {
		if (this.#length === MOST_BYTES) return this.reset();
		if (this.#length === this.#packet.length) {
			const larger = new Uint8Array(2 * this.#length);
			larger.set(this.#packet);
			this.#packet = larger;
		}
		this.#packet[this.#length++] = byte;
	}
}

import { md5 } from '@noble/hashes/legacy.js';
import { Unzlib } from 'fflate';
import { concatBytes, utf8 } from '$lib/base';
import type { SerialPortLike, SerialSignals } from '$lib/link';
import { SlipReader, slipFrame } from './slip';

/** What a test does to the bytes on the line: none, some, others, or later ones. */
export type Mangle = (bytes: Uint8Array<ArrayBuffer>, way: 'to-chip' | 'to-host') => Uint8Array<ArrayBuffer>;

interface FlashRange {
	readonly offset: number;
	readonly length: number;
}

/**
 * The ROM and the stub of an ESP32-C3 as far as the flasher's own tests need them: written from Espressif's description of the
 * protocol. The practice board is the full one.
 */
export class FakeChip implements SerialPortLike {
	readable: ReadableStream<Uint8Array> | null = null;
	writable: WritableStream<Uint8Array> | null = null;
	readonly flash = new Uint8Array(0x400000).fill(0xff);
	/** What a test looks at. */
	readonly seen = {
		resets: [] as string[],
		opens: [] as number[],
		blocks: 0,
		begins: [] as FlashRange[],
		/** How many of them announced a zlib stream. */
		deflated: 0,
		erases: [] as FlashRange[],
		digests: [] as FlashRange[]
	};
	mangle: Mangle = (bytes) => bytes;
	/** Told before each block is taken. */
	onBlock: (count: number) => void = () => undefined;
	/** Told before each digest is made. */
	onDigest: (count: number) => void = () => undefined;
	/** What a running program says instead of answering. */
	log: string | undefined;
	practice = true;
	/** Rates above this do not get through. */
	topBaud = 921_600;
	/** The flash keeps another byte than it was given, here. */
	badByteAt: number | undefined;

	/** This byte does not erase. */
	stuckAt: number | undefined;

	readonly #listeners = new Map<string, Set<(event: Event) => void>>();
	#toHost: ReadableStreamDefaultController<Uint8Array> | undefined;
	#slip = new SlipReader((packet) => this.#command(packet));
	#signals = { dtr: false, rts: false };
	#mode: 'program' | 'rom' | 'stub' = 'program';
	#baud = 115_200;
	#chipBaud = 115_200;
	#at = 0;
	#left = 0;
	#take: ((chunk: Uint8Array<ArrayBuffer>) => void) | undefined;
	#failed = 0;
	#reading: { readonly bytes: Uint8Array; readonly window: number; sent: number } | undefined;
	#gone = false;

	open({ baudRate }: { baudRate: number }): Promise<void> {
		if (this.#gone) return Promise.reject(new DOMException('gone', 'NetworkError'));
		if (this.readable) return Promise.reject(new DOMException('open already', 'InvalidStateError'));
		this.#baud = baudRate;
		this.seen.opens.push(baudRate);
		this.#newReadable();
		this.writable = new WritableStream({ write: (bytes) => this.#heard(Uint8Array.from(bytes)) });
		return Promise.resolve();
	}

	close(): Promise<void> {
		if (!this.readable) return Promise.reject(new DOMException('not open', 'InvalidStateError'));
		if (this.readable.locked || this.writable?.locked) return Promise.reject(new TypeError('locked'));
		this.readable = this.writable = null;
		return Promise.resolve();
	}

	setSignals({ dataTerminalReady, requestToSend }: SerialSignals): Promise<void> {
		if (this.#gone || !this.readable) return Promise.reject(new DOMException('gone', 'NetworkError'));
		const was = this.#signals;
		const now = { dtr: dataTerminalReady ?? was.dtr, rts: requestToSend ?? was.rts };
		this.#signals = now;
		const wasReset = was.rts && !was.dtr;
		if (wasReset && !(now.rts && !now.dtr)) this.#reset(now.dtr && !now.rts);
		return Promise.resolve();
	}

	getInfo() {
		return { usbVendorId: 0x10c4, usbProductId: 0xea60 };
	}

	addEventListener(type: string, fn: (event: Event) => void): void {
		this.#listeners.set(type, (this.#listeners.get(type) ?? new Set()).add(fn));
	}
	removeEventListener(type: string, fn: (event: Event) => void): void {
		this.#listeners.get(type)?.delete(fn);
	}

	/** The cable is pulled. */
	unplug(): void {
		this.#gone = true;
		this.#toHost?.error(new DOMException('The device has been lost.', 'NetworkError'));
		this.readable = null;
		for (const fn of this.#listeners.get('disconnect') ?? []) fn(new Event('disconnect'));
	}

	plug(): void {
		this.#gone = false;
		this.readable = this.writable = null;
		this.#signals = { dtr: false, rts: false };
		for (const fn of this.#listeners.get('connect') ?? []) fn(new Event('connect'));
	}

	#newReadable(): void {
		this.readable = new ReadableStream<Uint8Array>({
			start: (controller) => void (this.#toHost = controller),
			cancel: () => {
				if (!this.#gone) this.#newReadable(); // a port that is open gives a new stream
			}
		});
	}

	#reset(download: boolean): void {
		this.seen.resets.push(download ? 'download' : 'program');
		this.#mode = download && this.log === undefined ? 'rom' : 'program';
		this.#chipBaud = 115_200;
		this.#slip.reset();
		this.#take = undefined;
		this.#reading = undefined;
		if (this.log !== undefined) this.#send(utf8(this.log));
	}

	#heard(bytes: Uint8Array<ArrayBuffer>): void {
		if (this.#gone) throw new DOMException('gone', 'NetworkError');
		if (this.#mode === 'program' || this.#baud !== this.#chipBaud || this.#baud > this.topBaud) return;
		this.#slip.push(this.mangle(bytes, 'to-chip'));
	}

	/** Bytes that the line held back come after all. */
	deliver(bytes: Uint8Array<ArrayBuffer>, way: Parameters<Mangle>[1]): void {
		if (this.#gone || !this.readable) return;
		if (way === 'to-host') this.#toHost?.enqueue(bytes);
		else if (this.#mode !== 'program') this.#slip.push(bytes);
	}

	#send(bytes: Uint8Array<ArrayBuffer>): void {
		if (this.#gone || this.#baud !== this.#chipBaud) return;
		const out = this.mangle(bytes, 'to-host');
		if (out.length > 0) this.#toHost?.enqueue(out);
	}

	#answer(op: number, options: { value?: number; body?: Uint8Array; code?: number } = {}): void {
		const { value = 0, body = new Uint8Array(), code = 0 } = options;
		const status = this.#mode === 'rom' ? [code ? 1 : 0, code, 0, 0] : [code, 0];
		const packet = concatBytes([new Uint8Array(8), body, Uint8Array.from(status)]);
		const view = new DataView(packet.buffer);
		view.setUint8(0, 1);
		view.setUint8(1, op);
		view.setUint16(2, packet.length - 8, true);
		view.setUint32(4, value, true);
		this.#send(slipFrame(packet));
	}

	/** Blocks as far as the window reaches; the digest when all is acknowledged, or more than was sent. */
	#sendRead(acknowledged: number): void {
		const reading = this.#reading;
		if (!reading) return;
		const { bytes, window } = reading;
		if (acknowledged < bytes.length && acknowledged <= reading.sent) {
			while (reading.sent < bytes.length && reading.sent - acknowledged < window) {
				this.#send(slipFrame(bytes.subarray(reading.sent, reading.sent + 0x1000)));
				reading.sent = Math.min(bytes.length, reading.sent + 0x1000);
			}
			return;
		}
		this.#reading = undefined;
		this.#send(slipFrame(md5(bytes.subarray(0, reading.sent))));
	}

	#command(packet: Uint8Array<ArrayBuffer>): void {
		if (this.#reading)
			return this.#sendRead(packet.length < 4 ? Infinity : new DataView(packet.buffer).getUint32(0, true));
		if (packet.length < 8 || packet[0] !== 0) return;
		const op = packet[1]!;
		const data = packet.subarray(8);
		const view = new DataView(packet.buffer, packet.byteOffset);
		const word = (i: number) => (8 + 4 * i + 4 <= packet.length ? view.getUint32(8 + 4 * i, true) : 0);
		if (data.length !== view.getUint16(2, true)) return this.#answer(op, { code: 0xc0 });
		switch (op) {
			case 0x08:
				for (let i = 0; i < (this.#mode === 'rom' ? 8 : 1); i++)
					this.#answer(op, { value: this.#mode === 'rom' ? 0x20120707 : 0 });
				return;
			case 0x0a:
				return this.#answer(op, { value: this.#register(word(0)) });
			case 0x14: {
				const body = new Uint8Array(20);
				body[12] = 5;
				return this.#answer(op, { body });
			}
			case 0x06:
				this.#answer(op);
				this.#mode = 'stub';
				return this.#send(slipFrame(utf8('OHAI')));
			case 0x0f:
				this.#answer(op);
				this.#chipBaud = word(0);
				return;
			case 0x02:
			case 0x10:
				this.#begin(word(0), word(3), op === 0x10);
				return this.#answer(op);
			case 0x03:
			case 0x11:
				return this.#block(op, data, view.getUint32(4, true));
			case 0x13:
				this.onDigest(this.seen.digests.push({ offset: word(0), length: word(1) }));
				return this.#answer(op, { body: md5(this.flash.subarray(word(0), word(0) + word(1))) });
			case 0xd0:
				this.flash.fill(0xff);
				return this.#answer(op);
			case 0xd1:
				this.seen.erases.push({ offset: word(0), length: word(1) });
				this.flash.fill(0xff, word(0), word(0) + word(1));
				if (this.stuckAt !== undefined) this.flash[this.stuckAt] = 0;
				return this.#answer(op);
			case 0xd2:
				this.#answer(op);
				this.#reading = { bytes: this.flash.slice(word(0), word(0) + word(1)), window: word(3), sent: 0 };
				return this.#sendRead(0);
			default:
				return this.#answer(op);
		}
	}

	#begin(length: number, offset: number, deflated: boolean): void {
		this.seen.begins.push({ offset, length });
		if (deflated) this.seen.deflated++;
		this.#at = offset;
		this.#left = length;
		this.#failed = 0;
		this.flash.fill(0xff, offset, Math.ceil((offset + length) / 0x1000) * 0x1000);
		const program = (chunk: Uint8Array) => {
			this.flash.set(chunk.subarray(0, this.#left), this.#at);
			const bad = this.badByteAt;
			if (bad !== undefined && bad >= this.#at && bad < this.#at + chunk.length) this.flash[bad]! ^= 1;
			this.#at += chunk.length;
			this.#left = Math.max(0, this.#left - chunk.length);
		};
		this.#take = program;
		if (!deflated) return;
		const inflate = new Unzlib(program);
		this.#take = (chunk) => inflate.push(chunk);
	}

	/** Answers before it inflates, as the stub does: what goes wrong then is told with the next block. */
	#block(op: number, data: Uint8Array, wanted: number): void {
		this.onBlock(++this.seen.blocks);
		const body = data.subarray(16);
		const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
		if (!this.#take) return this.#answer(op, { code: 0xc6 });
		if (length !== body.length) return this.#answer(op, { code: 0xc0 });
		if (body.reduce((sum, byte) => sum ^ byte, 0xef) !== wanted) return this.#answer(op, { code: 0xc1 });
		this.#answer(op, { code: this.#failed });
		try {
			if (!this.#failed) this.#take(Uint8Array.from(body));
		} catch {
			this.#failed = 0xc7;
		}
	}

	#register(address: number): number {
		const mark = address - (0x60008800 + 0x7c);
		if (mark >= 0 && mark < 32) {
			const text = concatBytes([utf8(this.practice ? 'FIELDBENCH-VIRT\0' : ''), new Uint8Array(32)]);
			return new DataView(text.buffer).getUint32(mark, true);
		}
		if (address === 0x60008844) return 0x11223344;
		if (address === 0x60008848) return 0xfab0;
		if (address === 0x60002058) return 0x1640ef; // SPI_W0 after RDID: 4 MB
		return 0;
	}
}

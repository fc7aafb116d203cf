import type { FlashError } from '../../facts';
import { findBytes, type FlashReader } from '../../inspect';
import type { FlashRange } from '../../read-loop';

/** Read at a time as one scrolls. */
const BLOCK_BYTES = 0x1000;

/** A stretch of the flash being looked at byte by byte. What is in view is read; the rest is not. */
export class ByteDesk {
	#range = $state.raw<FlashRange>({ offset: 0, length: 0 });
	#title = $state('');
	#cursor = $state(0);
	/** The other end of what is selected. */
	#anchor = $state(0);
	/** Rises with each block that came. */
	#known = $state(0);
	#error = $state.raw<FlashError | undefined>(undefined);
	#wanted: FlashRange | undefined;
	#reading = $state(false);
	#savedBytes = $state<number>();

	constructor(
		private readonly reader: FlashReader,
		private readonly life: () => AbortSignal
	) {
		this.show('Whole flash', { offset: 0, length: reader.sizeBytes });
	}

	get flashBytes(): number {
		return this.reader.sizeBytes;
	}

	get title(): string {
		return this.#title;
	}

	get range(): FlashRange {
		return this.#range;
	}

	/** Bytes from the flash's start, within the range. */
	get cursor(): number {
		return this.#cursor;
	}

	get selection(): FlashRange {
		const [from, to] = [Math.min(this.#cursor, this.#anchor), Math.max(this.#cursor, this.#anchor)];
		return { offset: from, length: to - from + 1 };
	}

	get reading(): boolean {
		return this.#reading;
	}

	get error(): FlashError | undefined {
		return this.#error;
	}

	/** While a range is read for a file: how many of its bytes are here. */
	get savedBytes(): number | undefined {
		return this.#savedBytes;
	}

	/** Clipped to the flash. */
	show(title: string, { offset, length }: FlashRange): void {
		const from = Math.min(offset, this.reader.sizeBytes);
		this.#range = { offset: from, length: Math.min(length, this.reader.sizeBytes - from) };
		this.#title = title;
		this.#cursor = this.#anchor = from;
	}

	/** To an address, clipped to the range. @param extend keeps the selection's other end */
	moveTo(address: number, extend = false): void {
		const { offset, length } = this.#range;
		this.#cursor = Math.max(offset, Math.min(offset + length - 1, address));
		if (!extend) this.#anchor = this.#cursor;
	}

	select({ offset, length }: FlashRange): void {
		this.moveTo(offset);
		this.moveTo(offset + length - 1, true);
	}

	/** Follows what is read. */
	peek(range: FlashRange): Uint8Array<ArrayBuffer> | undefined {
		// Read so that what is shown follows each block; the reader itself is no state.
		return this.#known >= 0 ? this.reader.peek(range) : undefined;
	}

	/** What is in view now; an older wish that was not begun is forgotten. */
	want(range: FlashRange): void {
		this.#wanted = range;
		if (!this.#reading && !this.#error) void this.#follow();
	}

	again(): void {
		this.#error = undefined;
		if (this.#wanted) void this.#follow();
	}

	search(needle: Uint8Array, from: number) {
		return findBytes(this.reader, this.#range, needle, from);
	}

	/** All bytes of a range, read where they are not known; undefined where that failed or was stopped. */
	async fetch(range: FlashRange): Promise<Uint8Array<ArrayBuffer> | undefined> {
		const signal = this.life();
		this.#savedBytes = 0;
		try {
			const read = await this.reader.read(range, signal, (bytes) => (this.#savedBytes = bytes));
			if (read.ok) return read.value;
			this.#error = read.error;
			return undefined;
		} catch (cause) {
			if (!signal.aborted) throw cause;
			return undefined;
		} finally {
			this.#savedBytes = undefined;
			this.#known++;
		}
	}

	async #follow(): Promise<void> {
		const signal = this.life();
		this.#reading = true;
		try {
			while (this.#wanted && !signal.aborted) {
				const next = this.#firstUnknown(this.#wanted);
				if (!next) break;
				const read = await this.reader.read(next, signal);
				if (!read.ok) {
					this.#error = read.error;
					break;
				}
				this.#known++;
			}
		} catch (cause) {
			if (!signal.aborted) throw cause;
		} finally {
			this.#reading = false;
		}
	}

	#firstUnknown({ offset, length }: FlashRange): FlashRange | undefined {
		for (let at = offset - (offset % BLOCK_BYTES); at < offset + length; at += BLOCK_BYTES) {
			const block = { offset: at, length: Math.min(BLOCK_BYTES, this.reader.sizeBytes - at) };
			if (!this.reader.peek(block)) return block;
		}
		return undefined;
	}
}

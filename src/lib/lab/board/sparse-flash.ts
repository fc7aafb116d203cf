import { assert } from '$lib/base';

export const SECTOR_BYTES = 4096;

/**
 * A board's flash: 0xFF where nothing was programmed; programming only clears bits, erasing sets whole sectors. Kept by the
 * sector, so that an empty chip costs nothing.
 */
export interface SparseFlash {
	readonly sizeBytes: number;
	/** What is asked beyond the end reads as 0xFF. */
	read(offset: number, length: number): Uint8Array<ArrayBuffer>;
	/** Clears bits: a byte becomes what it was AND what is given. */
	program(offset: number, bytes: Uint8Array): void;
	/** Both multiples of a sector. */
	erase(offset: number, length: number): void;
	/** Resolves when what was written so far is kept. */
	flush(): Promise<void>;
}

/** A partition of a flash as a flash of its own; what goes beyond it is nothing. */
export function flashWindow(flash: SparseFlash, offset: number, sizeBytes: number): SparseFlash {
	const within = (at: number, length: number) => Math.max(0, Math.min(length, sizeBytes - at));
	return {
		sizeBytes,
		read(at, length) {
			const out = new Uint8Array(length).fill(0xff);
			const there = within(at, length);
			if (there > 0) out.set(flash.read(offset + at, there));
			return out;
		},
		program(at, bytes) {
			const there = within(at, bytes.length);
			if (there > 0) flash.program(offset + at, bytes.subarray(0, there));
		},
		erase(at, length) {
			const there = within(at, length);
			if (there > 0) flash.erase(offset + at, there);
		},
		flush: () => flash.flush()
	};
}

/** In memory; `changed` hears of each sector that is no longer what it was (undefined: it is erased). */
export class MemorySparseFlash implements SparseFlash {
	readonly #sectors: Map<number, Uint8Array<ArrayBuffer>>;

	constructor(
		readonly sizeBytes: number,
		sectors: Iterable<readonly [number, Uint8Array<ArrayBuffer>]> = [],
		private readonly changed: (sector: number, bytes: Uint8Array<ArrayBuffer> | undefined) => void = () => {}
	) {
		assert(sizeBytes % SECTOR_BYTES === 0, 'a flash is made of whole sectors');
		this.#sectors = new Map(sectors);
	}

	read(offset: number, length: number): Uint8Array<ArrayBuffer> {
		const out = new Uint8Array(length).fill(0xff);
		this.#each(offset, length, (sector, from, to, at) => {
			const bytes = this.#sectors.get(sector);
			if (bytes) out.set(bytes.subarray(from, to), at);
		});
		return out;
	}

	program(offset: number, bytes: Uint8Array): void {
		this.#each(offset, bytes.length, (sector, from, to, at) => {
			let there = this.#sectors.get(sector);
			if (!there) this.#sectors.set(sector, (there = new Uint8Array(SECTOR_BYTES).fill(0xff)));
			for (let i = from; i < to; i++) there[i]! &= bytes[at + i - from]!;
			this.changed(sector, there);
		});
	}

	erase(offset: number, length: number): void {
		assert(offset % SECTOR_BYTES === 0 && length % SECTOR_BYTES === 0, 'only whole sectors are erased');
		this.#each(offset, length, (sector) => {
			if (this.#sectors.delete(sector)) this.changed(sector, undefined);
		});
	}

	flush(): Promise<void> {
		return Promise.resolve();
	}

	/** Calls `fn` with each sector of the range that there is, the part of it, and where that part begins in the range. */
	#each(
		offset: number,
		length: number,
		fn: (sector: number, from: number, to: number, at: number) => void
	): void {
		const end = Math.min(offset + length, this.sizeBytes);
		for (let at = offset; at < end;) {
			const from = at % SECTOR_BYTES;
			const to = Math.min(SECTOR_BYTES, from + end - at);
			fn((at - from) / SECTOR_BYTES, from, to, at - offset);
			at += to - from;
		}
	}
}

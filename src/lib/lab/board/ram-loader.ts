import { checksum, ROM_ERROR } from './loader-protocol';
import type { ChipMake } from './chips';

/** What is brought into RAM before it is started. Nothing is kept of it: a stub's code cannot run here. Errors are the ROM's codes. */
export class RamLoader {
	/** What a MEM_BEGIN announced and MEM_DATA fills. */
	#now: { at: number; end: number; nextBlock: number } | undefined;
	#loaded: { from: number; to: number }[] = [];

	constructor(private readonly ram: ChipMake['ram']) {}

	begin(size: number, at: number): number | undefined {
		if (!this.ram.some(([from, to]) => at >= from && at + size <= to)) return ROM_ERROR.failed;
		this.#now = { at, end: at + size, nextBlock: 0 };
		this.#loaded.push({ from: at, to: at + size });
		return undefined;
	}

	block(number: number, bytes: Uint8Array, size: number, check: number): number | undefined {
		const now = this.#now;
		if (!now || bytes.length !== size || number !== now.nextBlock) return ROM_ERROR.invalid;
		if (checksum(bytes) !== (check & 0xff)) return ROM_ERROR.crc;
		if (now.at + size > now.end) return ROM_ERROR.failed;
		now.at += size;
		now.nextBlock++;
		return undefined;
	}

	/** @param entry undefined: nothing is to be started */
	end(entry: number | undefined): number | undefined {
		const known = entry === undefined || this.#loaded.some(({ from, to }) => entry >= from && entry < to);
		if (!known) return ROM_ERROR.failed;
		this.#now = undefined;
		return undefined;
	}
}

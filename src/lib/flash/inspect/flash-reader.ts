import { assert, ok, type Result } from '$lib/base';
import type { FlashError } from '../facts';
import { SECTOR_BYTES } from '../plan-erase';
import type { FlashRange } from '../read-loop';

/** Asks the board; it does one act at a time. Rejects only with the signal's reason. */
export type ReadFlash = (
	range: FlashRange,
	onBytes: (bytes: number) => void,
	signal: AbortSignal
) => Promise<Result<Uint8Array<ArrayBuffer>, FlashError>>;

/** Read in one go and checked by one digest. */
const MOST_AT_ONCE_BYTES = 0x10000;

/** What is known of a board's flash, by sectors. Asks for what is missing, in turn, and for nothing twice. */
export class FlashReader {
	readonly #sectors = new Map<number, Uint8Array<ArrayBuffer>>();
	#turn: Promise<unknown> = Promise.resolve();

	/** @param sizeBytes of the flash: nothing beyond is asked for */
	constructor(
		private readonly readFlash: ReadFlash,
		readonly sizeBytes: number
	) {}

	/** Bytes that are known, of the whole flash. */
	get knownBytes(): number {
		return this.#sectors.size * SECTOR_BYTES;
	}

	/** undefined where not all of it was read yet. */
	peek({ offset, length }: FlashRange): Uint8Array<ArrayBuffer> | undefined {
		const out = new Uint8Array(length);
		for (let at = sectorOf(offset); at < offset + length; at += SECTOR_BYTES) {
			const sector = this.#sectors.get(at);
			if (!sector) return undefined;
			const from = Math.max(at, offset);
			out.set(sector.subarray(from - at, Math.min(at + SECTOR_BYTES, offset + length) - at), from - offset);
		}
		return out;
	}

	/**
	 * @param onBytes told how many of the range are known
	 * Rejects only with the signal's reason.
	 */
	async read(
		range: FlashRange,
		signal: AbortSignal,
		onBytes: (bytes: number) => void = () => undefined
	): Promise<Result<Uint8Array<ArrayBuffer>, FlashError>> {
		assert(range.offset + range.length <= this.sizeBytes, 'only what the flash has is read');
		const before = this.#turn;
		const act = before
			.catch(() => undefined) // told to whoever asked for it
			.then(() => this.#fill(range, signal, onBytes));
		this.#turn = act;
		const filled = await act;
		if (!filled.ok) return filled;
		const bytes = this.peek(range);
		assert(bytes, 'what was read is known');
		return ok(bytes);
	}

	async #fill(
		range: FlashRange,
		signal: AbortSignal,
		onBytes: (bytes: number) => void
	): Promise<Result<void, FlashError>> {
		for (;;) {
			signal.throwIfAborted();
			const missing = this.#firstMissing(range);
			if (!missing) break;
			const known = Math.max(0, missing.offset - range.offset);
			const read = await this.readFlash(missing, (bytes) => onBytes(known + bytes), signal);
			if (!read.ok) return read;
			for (let at = 0; at < missing.length; at += SECTOR_BYTES)
				this.#sectors.set(missing.offset + at, read.value.slice(at, at + SECTOR_BYTES));
		}
		onBytes(range.length);
		return ok(undefined);
	}

	/** Whole sectors that lie beside each other. */
	#firstMissing({ offset, length }: FlashRange): FlashRange | undefined {
		let begin: number | undefined;
		let end = sectorOf(offset);
		for (; end < offset + length; end += SECTOR_BYTES) {
			const known = this.#sectors.has(end);
			if (!known) begin ??= end;
			if (begin !== undefined && (known || end - begin >= MOST_AT_ONCE_BYTES)) break;
		}
		return begin === undefined ? undefined : { offset: begin, length: end - begin };
	}
}

const sectorOf = (offset: number): number => offset - (offset % SECTOR_BYTES);

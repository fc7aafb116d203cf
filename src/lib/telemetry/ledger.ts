import { crc32 } from '$lib/base';
import { ByteReader, ByteWriter, Malformed } from './codec/byte-stream';
import { IntervalSet } from './interval-set';

/** Logs remembered per series; a device that loses its log at each boot makes a new one each time. */
export const MAX_EPOCHS = 1024;

/** Intervals of all logs of a series together: the whole ledger is encoded at each seal. */
export const MAX_LEDGER_INTERVALS = 16_384;

/** Which (epoch, seq) of one series have been received. Bounded: MAX_EPOCHS logs, and MAX_LEDGER_INTERVALS intervals in all of them. */
export class Ledger {
	/** In order of first arrival: the oldest is forgotten first. */
	readonly #epochs = new Map<number, IntervalSet>();
	#total = 0;

	/** False where it was there already. */
	add(epoch: number, seq: number): boolean {
		let set = this.#epochs.get(epoch);
		if (!set) {
			set = new IntervalSet();
			this.#epochs.set(epoch, set);
			const oldest = this.#epochs.keys().next();
			if (this.#epochs.size > MAX_EPOCHS && !oldest.done) {
				this.#total -= this.#epochs.get(oldest.value)?.intervals.length ?? 0;
				this.#epochs.delete(oldest.value);
			}
		}
		const before = set.intervals.length;
		const added = set.add(seq);
		this.#total += set.intervals.length - before;
		if (this.#total > MAX_LEDGER_INTERVALS) this.#bound();
		return added;
	}

	/** Closes the oldest gaps, from the oldest log on: there are fewer logs than intervals, so there is one. */
	#bound(): void {
		for (const set of this.#epochs.values())
			while (this.#total > MAX_LEDGER_INTERVALS && set.intervals.length > 1) {
				set.closeOldestGap();
				this.#total--;
			}
	}

	has(epoch: number, seq: number): boolean {
		return this.#epochs.get(epoch)?.has(seq) ?? false;
	}

	/** Takes back what was dropped before it was written, so that backfill may bring it again. */
	remove(epoch: number, seq: number): void {
		const set = this.#epochs.get(epoch);
		if (!set) return;
		const before = set.intervals.length;
		set.remove(seq);
		this.#total += set.intervals.length - before;
	}

	/** Received intervals of one log, both ends inclusive, ascending. */
	intervals(epoch: number): readonly (readonly [number, number])[] {
		return this.#epochs.get(epoch)?.intervals ?? [];
	}

	encode(): Uint8Array<ArrayBuffer> {
		const out = new ByteWriter();
		out.byte(1);
		out.varint(this.#epochs.size);
		for (const [epoch, set] of this.#epochs) {
			out.uint32(epoch);
			out.varint(set.intervals.length);
			let last = 0;
			for (const [from, to] of set.intervals) {
				out.varint(from - last);
				out.varint(to - from);
				last = to;
			}
		}
		out.uint32(crc32(out.done()));
		return out.done();
	}

	/** The ledger, or undefined where the bytes are damaged. */
	static decode(bytes: Uint8Array): Ledger | undefined {
		try {
			const body = bytes.subarray(0, Math.max(0, bytes.length - 4));
			if (crc32(body) !== new ByteReader(bytes.subarray(body.length)).uint32()) return undefined;
			const reader = new ByteReader(body);
			if (reader.byte() !== 1) return undefined;
			const ledger = new Ledger();
			for (let left = reader.varint(); left > 0; left--) {
				const epoch = reader.uint32();
				const intervals: [number, number][] = [];
				let last = 0;
				for (let n = reader.varint(); n > 0; n--) {
					const from = last + reader.varint();
					last = from + reader.varint();
					intervals.push([from, last]);
				}
				ledger.#epochs.set(epoch, new IntervalSet(intervals));
				ledger.#total += intervals.length;
			}
			return ledger;
		} catch (error) {
			if (error instanceof Malformed) return undefined;
			throw error;
		}
	}
}

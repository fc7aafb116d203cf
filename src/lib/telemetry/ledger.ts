import { crc32 } from '$lib/base';
import { ByteReader, ByteWriter, Malformed } from './codec/byte-stream';
import { IntervalSet } from './interval-set';

/** Logs remembered per series; a device that loses its log at each boot makes a new one each time. */
export const MAX_EPOCHS = 1024;

/** Which (epoch, seq) of one series have been received. Bounded: MAX_EPOCHS logs of MAX_INTERVALS intervals each. */
export class Ledger {
	/** In order of first arrival: the oldest is forgotten first. */
	readonly #epochs = new Map<number, IntervalSet>();

	/** False where it was there already. */
	add(epoch: number, seq: number): boolean {
		let set = this.#epochs.get(epoch);
		if (!set) {
			set = new IntervalSet();
			this.#epochs.set(epoch, set);
			const oldest = this.#epochs.keys().next();
			if (this.#epochs.size > MAX_EPOCHS && !oldest.done) this.#epochs.delete(oldest.value);
		}
		return set.add(seq);
	}

	has(epoch: number, seq: number): boolean {
		return this.#epochs.get(epoch)?.has(seq) ?? false;
	}

	/** Takes back what was dropped before it was written, so that backfill may bring it again. */
	remove(epoch: number, seq: number): void {
		this.#epochs.get(epoch)?.remove(seq);
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
			}
			return ledger;
		} catch (error) {
			if (error instanceof Malformed) return undefined;
			throw error;
		}
	}
}

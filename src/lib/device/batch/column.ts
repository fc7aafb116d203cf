import { BitSource, type ByteSource } from './byte-source';

/** All values of one metric in a batch. */
export interface BatchColumn {
	/** One a sample; 0 where there is none. */
	readonly values: Float64Array<ArrayBuffer>;
	/** 1 where the sample has the metric. */
	readonly present: Uint8Array<ArrayBuffer>;
}

const CODECS = ['raw', 'dictionary', 'delta', 'rle', 'bitpack'] as const;

/** The scale of doubles that are written as they are. */
const DOUBLES = 15;
const TENS = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9] as const;
const SCALED_LIMIT = 2 ** 51;
const MAX_WORDS = 64;
const MAX_WIDTH = 52;

/** Reads a column of docs/protocol.md §3.5. Where `from` is not ok afterwards, it was none. */
export function readColumn(from: ByteSource, samples: number): BatchColumn {
	const head = from.byte();
	const codec = CODECS[head & 7];
	const scale = head >> 4;
	const present = new Uint8Array(samples).fill(1);
	if (head & 8) {
		const bits = new BitSource(from);
		for (let i = 0; i < samples; i++) present[i] = bits.get(1);
		bits.finish();
	}
	const values = new Float64Array(samples);
	const column = { values, present };
	if (codec === undefined || !fits(codec, scale) || (codec !== 'raw' && !present.includes(1))) from.spoil();
	if (!from.ok || codec === undefined) return column;
	READERS[codec](from, new Filling(values, present), new Words(from, scale));
	return column;
}

type Codec = (typeof CODECS)[number];

function fits(codec: Codec, scale: number): boolean {
	if (codec === 'raw') return scale === DOUBLES;
	return scale < TENS.length || (scale === DOUBLES && (codec === 'dictionary' || codec === 'rle'));
}

/** Takes values to their places, in the order of the samples. */
class Filling {
	#at = 0;

	constructor(
		private readonly values: Float64Array,
		private readonly present: Uint8Array
	) {}

	get full(): boolean {
		while (this.#at < this.present.length && this.present[this.#at] === 0) this.#at++;
		return this.#at === this.present.length;
	}

	/** Only while it is not full. */
	put(value: number): void {
		this.values[this.#at++] = value;
	}
}

/** Reads words: doubles, or scaled numbers as differences from one to the next. */
class Words {
	#before = 0;

	constructor(
		private readonly from: ByteSource,
		private readonly scale: number
	) {}

	next(): number {
		if (this.scale === DOUBLES) return this.from.double();
		this.#before += this.from.zigzag();
		return this.unscaled(this.#before);
	}

	unscaled(scaled: number): number {
		if (Math.abs(scaled) >= SCALED_LIMIT) this.from.spoil();
		return this.from.ok ? scaled / TENS[this.scale]! : 0;
	}
}

const READERS: Record<Codec, (from: ByteSource, filling: Filling, words: Words) => void> = {
	raw: (from, filling) => {
		while (from.ok && !filling.full) filling.put(from.double());
	},
	dictionary: (from, filling, words) => {
		const count = from.byte();
		if (count === 0 || count > MAX_WORDS) return from.spoil();
		const known = Array.from({ length: count }, () => words.next());
		const width = 32 - Math.clz32(count - 1);
		const bits = new BitSource(from);
		while (from.ok && !filling.full) {
			const word = known[bits.get(width)];
			if (word === undefined) return from.spoil();
			filling.put(word);
		}
		bits.finish();
	},
	delta: (from, filling, words) => {
		while (from.ok && !filling.full) filling.put(words.next());
	},
	rle: (from, filling, words) => {
		while (from.ok && !filling.full) {
			const word = words.next();
			for (let more = from.varint() + 1; more > 0; more--) {
				if (filling.full) return from.spoil('bomb');
				filling.put(word);
			}
		}
	},
	bitpack: (from, filling, words) => {
		const least = from.zigzag();
		const width = from.byte();
		if (width > MAX_WIDTH) return from.spoil();
		const bits = new BitSource(from);
		while (from.ok && !filling.full) filling.put(words.unscaled(least + bits.get(width)));
		bits.finish();
	}
};

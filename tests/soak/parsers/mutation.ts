import fc from 'fast-check';

/** What is done to one place of a file; `at` is a fraction of its length, so that it means something for each of them. */
type Edit =
	| { readonly kind: 'flip'; readonly at: number; readonly bit: number }
	| { readonly kind: 'set'; readonly at: number; readonly bytes: readonly number[] }
	| { readonly kind: 'insert'; readonly at: number; readonly bytes: readonly number[] }
	| { readonly kind: 'cut'; readonly at: number; readonly length: number }
	| { readonly kind: 'copy'; readonly at: number; readonly from: number; readonly length: number }
	| { readonly kind: 'end'; readonly at: number };

/** Evenly over the file: a number of fast-check's own choice is near 0 too often. */
const place = fc.noBias(fc.nat(0xffffff)).map((n) => n / 0x1000000);
const byte = fc.nat(0xff);
/** Lengths, counts and offsets go wrong at their bounds. */
const number = fc
	.oneof(
		fc.constantFrom(0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff),
		fc.nat()
	)
	.chain((value) =>
		fc.constantFrom(1, 2, 4).map((size) => Array.from({ length: size }, (_, i) => (value >>> (8 * i)) & 0xff))
	);
const run = fc.array(byte, { minLength: 1, maxLength: 8 });

/** Mostly in place: what shifts or ends a file is refused for that alone. */
const edit: fc.Arbitrary<Edit> = fc.oneof(
	{ weight: 6, arbitrary: fc.record({ kind: fc.constant('flip' as const), at: place, bit: fc.nat(7) }) },
	{
		weight: 6,
		arbitrary: fc.record({ kind: fc.constant('set' as const), at: place, bytes: fc.oneof(number, run) })
	},
	fc.record({ kind: fc.constant('insert' as const), at: place, bytes: run }),
	fc.record({ kind: fc.constant('cut' as const), at: place, length: fc.nat(64) }),
	fc.record({ kind: fc.constant('copy' as const), at: place, from: place, length: fc.nat(64) }),
	fc.record({ kind: fc.constant('end' as const), at: place })
);

function applied(bytes: Uint8Array, edit: Edit): Uint8Array {
	const at = Math.floor(edit.at * bytes.length);
	switch (edit.kind) {
		case 'flip':
			return spliced(bytes, at, 1, at < bytes.length ? [bytes[at]! ^ (1 << edit.bit)] : []);
		case 'set':
			return spliced(bytes, at, edit.bytes.length, edit.bytes);
		case 'insert':
			return spliced(bytes, at, 0, edit.bytes);
		case 'cut':
			return spliced(bytes, at, edit.length, []);
		case 'copy': {
			const from = Math.floor(edit.from * bytes.length);
			return spliced(bytes, at, 0, bytes.subarray(from, from + edit.length));
		}
		case 'end':
			return bytes.slice(0, at);
	}
}

function spliced(bytes: Uint8Array, at: number, gone: number, put: ArrayLike<number>): Uint8Array {
	const rest = bytes.subarray(Math.min(at + gone, bytes.length));
	const out = new Uint8Array(at + put.length + rest.length);
	out.set(bytes.subarray(0, at));
	out.set(put, at);
	out.set(rest, at + put.length);
	return out;
}

/**
 * Real files with up to four places changed, and bytes of no origin.
 * @param mend makes checksums right again in half of the changed files, since a parser stops at a wrong one and what lies behind
 * it would never be tried
 */
export function damaged(
	files: readonly Uint8Array[],
	mend: (bytes: Uint8Array) => Uint8Array = (bytes) => bytes
): fc.Arbitrary<Uint8Array> {
	const real = fc
		.record({
			file: fc.constantFrom(...files),
			edits: fc.array(edit, { minLength: 1, maxLength: 4 }),
			mended: fc.boolean()
		})
		.map(({ file, edits, mended }) => {
			const bytes = edits.reduce(applied, file);
			return mended ? mend(bytes.slice()) : bytes;
		});
	return fc.oneof(
		{ weight: 4, arbitrary: real },
		{ weight: 1, arbitrary: fc.uint8Array({ maxLength: 256, size: 'max' }) }
	);
}

/** Whatever the bytes: what is no UTF-8 becomes U+FFFD. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** JSON of the shape that a reader expects with any of its members replaced, and damaged text. */
export function damagedJson(files: readonly unknown[]): fc.Arbitrary<string> {
	const texts = files.map((file) => new TextEncoder().encode(JSON.stringify(file)));
	const replaced = fc
		.record({
			file: fc.constantFrom(...files),
			edits: fc.array(fc.record({ at: fc.nat(200), value: oddValue }), { minLength: 1, maxLength: 3 })
		})
		.map(({ file, edits }) =>
			JSON.stringify(edits.reduce((json, { at, value }) => withMember(json, at, value), file))
		);
	const text = damaged(texts).map(textOf);
	return fc.oneof({ weight: 3, arbitrary: replaced }, { weight: 2, arbitrary: text }, fc.json());
}

const oddValue: fc.Arbitrary<unknown> = fc.oneof(
	fc.constantFrom<unknown>(null, true, '', [], {}, -1, 0.5, 1e300, 65536, '0x8000', '../x', 'javascript:0'),
	fc.constantFrom('https://[', '__proto__', '\u0000', '\ud800', 'esp32', 'ESP32-S3', '//h/x', 'data:,'),
	fc.string({ maxLength: 20 }),
	fc.integer(),
	fc.jsonValue({ maxDepth: 2 })
);

/** `json` with its `at`-th value replaced, depth first and modulo how many there are. */
function withMember(json: unknown, at: number, value: unknown): unknown {
	let left = at % Math.max(1, countOf(json));
	const walk = (node: unknown): unknown => {
		if (left-- === 0) return value;
		if (Array.isArray(node)) return node.map(walk);
		if (typeof node !== 'object' || node === null) return node;
		return Object.fromEntries(Object.entries(node).map(([name, member]) => [name, walk(member)]));
	};
	return walk(json);
}

function countOf(json: unknown): number {
	if (typeof json !== 'object' || json === null) return 1;
	return Object.values(json).reduce<number>((sum, member) => sum + countOf(member), 1);
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
	buildNvs,
	memoryMedium,
	NvsPartition,
	parseNvs,
	type NvsEntry,
	type NvsMedium,
	type NvsValue
} from './index';

const PAGE = 4096;
const SIZE = 5 * PAGE;

const blob = (length: number, seed = 1): NvsValue => ({
	type: 'blob',
	value: Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 7 + (i >> 8)) & 0xff)
});

const anyName = fc.stringMatching(/^[a-z0-9._]{1,15}$/u);
const anyValue: fc.Arbitrary<NvsValue> = fc.oneof(
	fc.integer({ min: 0, max: 0xff }).map((value) => ({ type: 'u8' as const, value })),
	fc.integer({ min: -0x8000, max: 0x7fff }).map((value) => ({ type: 'i16' as const, value })),
	fc.integer({ min: 0, max: 0xffffffff }).map((value) => ({ type: 'u32' as const, value })),
	fc.integer().map((value) => ({ type: 'i32' as const, value })),
	fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ type: 'i64' as const, value })),
	fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value) => ({ type: 'u64' as const, value })),
	fc
		.string({ maxLength: 300, unit: 'grapheme' })
		.filter((s) => !s.includes('\0'))
		.map((value) => ({ type: 'string' as const, value })),
	fc.uint8Array({ maxLength: 1500 }).map((a) => ({ type: 'blob' as const, value: Uint8Array.from(a) }))
);
const anyEntries = fc.uniqueArray(
	fc.record({ namespace: fc.constantFrom('a', 'fieldbench'), key: anyName, value: anyValue }),
	{ maxLength: 8, selector: ({ namespace, key }) => `${namespace}/${key}` }
);
const entry = (e: { namespace: string; key: string; value: NvsValue }): NvsEntry => ({
	namespace: e.namespace,
	key: e.key,
	...e.value
});

function built(entries: readonly NvsEntry[], size = SIZE): Uint8Array<ArrayBuffer> {
	const image = buildNvs(entries, size);
	if (!image.ok) throw new Error(image.error.kind);
	return image.value;
}

function opened(medium: NvsMedium): NvsPartition {
	const partition = NvsPartition.open(medium);
	if (!partition.ok) throw new Error(partition.error.kind);
	return partition.value;
}

describe('an NVS image', () => {
	it('gives back what was written, of every type', () => {
		fc.assert(
			fc.property(anyEntries, (list) => {
				const entries = list.map(entry);
				const read = parseNvs(built(entries));
				expect(read.ok && read.value.entries).toStrictEqual(entries);
				expect(read.ok && read.value.damage).toStrictEqual([]);
			}),
			{ numRuns: 60 }
		);
	});

	it('spreads a blob over pages and joins it again', () => {
		const entries = [{ namespace: 'n', key: 'big', ...blob(10_000) }];
		const read = parseNvs(built(entries));
		expect(read.ok && read.value.entries).toStrictEqual(entries);
		expect(read.ok && read.value.pages.map((p) => p.state)).toStrictEqual([
			'full',
			'full',
			'active',
			'uninitialised',
			'uninitialised'
		]);
	});

	it('refuses what the format cannot hold', () => {
		const of = (key: string, value: NvsValue) => buildNvs([{ namespace: 'n', key, ...value }], SIZE);
		expect(of('sixteen_letters_', blob(1))).toMatchObject({ error: { kind: 'bad-key' } });
		expect(of('k', { type: 'u8', value: 256 })).toMatchObject({ error: { kind: 'bad-value' } });
		expect(of('k', { type: 'u8', value: 1.5 })).toMatchObject({ error: { kind: 'bad-value' } });
		expect(of('k', { type: 'i64', value: 2n ** 63n })).toMatchObject({ error: { kind: 'bad-value' } });
		expect(of('k', { type: 'string', value: 'x'.repeat(3999) })).toMatchObject({ ok: true });
		expect(of('k', { type: 'string', value: 'x'.repeat(4000) })).toMatchObject({
			error: { kind: 'too-long' }
		});
		expect(of('k', blob(4 * PAGE))).toMatchObject({ error: { kind: 'full', key: 'k' } });
		expect(buildNvs([], PAGE)).toMatchObject({ error: { kind: 'bad-size' } });
		const twice = { namespace: 'n', key: 'k', ...blob(1) };
		expect(buildNvs([twice, twice], SIZE)).toMatchObject({ error: { kind: 'repeated' } });
	});

	it('reads the rest and says so when a bit is flipped, and never another value for a key', () => {
		const entries: NvsEntry[] = [
			{ namespace: 'n', key: 'number', type: 'u32', value: 77 },
			{ namespace: 'n', key: 'text', type: 'string', value: 'hello, hello, hello, hello, hello' },
			{ namespace: 'n', key: 'blob', ...blob(200) }
		];
		const good = built(entries, 3 * PAGE);
		const used = 64 + 32 * 14;
		for (let bit = 0; bit < used * 8; bit++) {
			const bytes = good.slice();
			bytes[bit >> 3]! ^= 1 << (bit & 7);
			const read = parseNvs(bytes);
			if (!read.ok) continue;
			for (const found of read.value.entries) expect(entries).toContainEqual(found);
		}
	}, 30_000); // each of some four thousand bits

	it('survives random bytes and every truncation', () => {
		fc.assert(
			fc.property(fc.uint8Array({ minLength: PAGE, maxLength: PAGE }), (a) => {
				parseNvs(Uint8Array.from(a));
			}),
			{ numRuns: 20 }
		);
		const image = built([{ namespace: 'n', key: 'k', ...blob(300) }], 3 * PAGE);
		for (let n = 0; n < image.length; n += 97) {
			expect(parseNvs(image.subarray(0, n)).ok).toBe(n > 0 && n % PAGE === 0);
		}
	});
});

describe('a partition in place', () => {
	it('agrees with a map over any run of sets, erases and reopenings', () => {
		const act = fc.oneof(
			{ weight: 6, arbitrary: fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), value: anyValue }) },
			{
				weight: 2,
				arbitrary: fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), value: fc.constant(null) })
			},
			{ weight: 1, arbitrary: fc.constant(null) }
		);
		fc.assert(
			fc.property(fc.array(act, { maxLength: 120 }), (acts) => {
				const medium = memoryMedium(new Uint8Array(3 * PAGE).fill(0xff));
				let partition = opened(medium);
				const wanted = new Map<string, NvsValue>();
				for (const next of acts) {
					if (next === null) partition = opened(medium);
					else if (next.value === null) {
						expect(partition.erase('n', next.key)).toBe(wanted.delete(next.key));
					} else if (partition.set('n', next.key, next.value).ok) wanted.set(next.key, next.value);
				}
				for (const key of 'abcd') expect(partition.get('n', key)).toStrictEqual(wanted.get(key));
			}),
			{ numRuns: 60 }
		);
	});

	it('goes on when a thousand values have been written to it, by moving what lives out of the way', () => {
		const partition = opened(memoryMedium(new Uint8Array(SIZE).fill(0xff)));
		expect(partition.set('n', 'steady', blob(700)).ok).toBe(true);
		for (let i = 0; i < 1000; i++) {
			expect(partition.set('n', `k${i % 5}`, blob(900, i))).toStrictEqual({ ok: true, value: undefined });
		}
		expect(partition.get('n', 'steady')).toStrictEqual(blob(700));
		for (let i = 995; i < 1000; i++) expect(partition.get('n', `k${i % 5}`)).toStrictEqual(blob(900, i));
	});

	it('keeps the old value when there is no room for the new one', () => {
		const partition = opened(memoryMedium(new Uint8Array(3 * PAGE).fill(0xff)));
		expect(partition.set('n', 'k', blob(3000)).ok).toBe(true);
		expect(partition.set('n', 'k', blob(7000, 2))).toStrictEqual({ ok: false, error: { kind: 'full' } });
		expect(partition.get('n', 'k')).toStrictEqual(blob(3000));
		expect(partition.set('n', 'k', blob(2000, 3)).ok).toBe(true);
		expect(partition.get('n', 'k')).toStrictEqual(blob(2000, 3));
	});

	it('holds the old or the new value wherever the power is cut', () => {
		// Chosen so that the run turns pages and moves items: about 2.5 KB live of 8 KB.
		const acts = Array.from({ length: 14 }, (_, i) => ({
			key: `k${i % 3}`,
			value: blob(500 + 190 * (i % 4), i)
		}));
		let whole = 0;
		for (let cut = 0; cut === 0 || cut < whole; cut++) {
			const bytes = new Uint8Array(3 * PAGE).fill(0xff);
			const medium = cutAfter(bytes, cut === 0 ? Infinity : cut);
			const wanted = new Map<string, NvsValue>();
			let open: { key: string; value: NvsValue } | undefined;
			try {
				const partition = opened(medium);
				for (open of acts) {
					expect(partition.set('n', open.key, open.value).ok).toBe(true);
					wanted.set(open.key, open.value);
				}
				open = undefined;
			} catch (cause) {
				if (!(cause instanceof PowerCut)) throw cause;
			}
			if (cut === 0) whole = medium.writes();
			const image = parseNvs(bytes);
			const again = opened(memoryMedium(bytes));
			for (const key of ['k0', 'k1', 'k2']) {
				const may = open?.key === key ? [wanted.get(key), open.value] : [wanted.get(key)];
				const found = again.get('n', key);
				expect(may, `cut after ${cut} writes, ${key}`).toContainEqual(found);
				const seen = image.ok ? image.value.entries.find((e) => e.key === key) : undefined;
				expect(seen?.value, `read only, cut after ${cut} writes, ${key}`).toStrictEqual(found?.value);
			}
			expect(again.set('n', 'after', blob(400)).ok).toBe(true);
			expect(opened(memoryMedium(bytes)).get('n', 'after')).toStrictEqual(blob(400));
		}
		expect(whole).toBeGreaterThan(100);
	}, 60_000); // every cut of some thousand writes
});

class PowerCut extends Error {}

/** Power goes within the given write: half of its bytes are programmed, or nothing is erased. */
function cutAfter(bytes: Uint8Array<ArrayBuffer>, writes: number): NvsMedium & { writes(): number } {
	const medium = memoryMedium(bytes);
	let done = 0;
	return {
		...medium,
		writes: () => done,
		program(offset, written) {
			if (++done >= writes) {
				medium.program(offset, written.subarray(0, written.length >> 1));
				throw new PowerCut();
			}
			medium.program(offset, written);
		},
		erase(offset, length) {
			if (++done >= writes) throw new PowerCut();
			medium.erase(offset, length);
		}
	};
}

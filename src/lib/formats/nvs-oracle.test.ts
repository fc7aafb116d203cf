import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
	crypt,
	keyPartition,
	outcome,
	readPartition,
	told,
	writePartition,
	type OracleAct,
	type OracleContents,
	type OracleStyle,
	type OracleValue
} from '../../../tests/fixtures/nvs-oracle';
import {
	buildNvs,
	memoryMedium,
	NvsPartition,
	parseNvs,
	recogniseBin,
	type NvsEntry,
	type NvsValue
} from './index';

const PAGE = 4096;
const KEYS = Buffer.from(Array.from({ length: 64 }, (_, i) => i));

const number = (type: Exclude<OracleValue['type'], 'string' | 'blob'>) => {
	const bits = BigInt(type.slice(1));
	const [min, max] = type.startsWith('i')
		? [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n]
		: [0n, 2n ** bits - 1n];
	return fc
		.oneof(
			{ arbitrary: fc.constantFrom(min, max), weight: 1 },
			{ arbitrary: fc.bigInt({ min, max }), weight: 3 }
		)
		.map((value): OracleValue => ({ type, value }));
};
const bytes = (maxLength: number) =>
	fc
		.tuple(fc.nat({ max: maxLength }), fc.nat({ max: 255 }))
		.map(([length, seed]) =>
			Buffer.from(Array.from({ length }, (_, i) => (i * 31 + seed + (i >> 8)) & 0xff))
		);
const text = fc.oneof(
	fc.string({ maxLength: 80, unit: 'grapheme' }).filter((s) => !s.includes('\0')),
	// 4,000 bytes with the NUL is the most.
	fc.constantFrom('', 'x'.repeat(31), 'x'.repeat(32), 'x'.repeat(3999), `${'ü'.repeat(1999)}x`)
);
const anyValue = (mostBlob: number): fc.Arbitrary<OracleValue> =>
	fc.oneof(
		...(['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64'] as const).map(number),
		text.map((value): OracleValue => ({ type: 'string', value })),
		bytes(mostBlob).map((value): OracleValue => ({ type: 'blob', value }))
	);
const anyName = fc.oneof(fc.constantFrom('k', 'fifteen_letters'), fc.stringMatching(/^[a-z0-9._]{1,15}$/u));
const anyAct = (mostBlob: number): fc.Arbitrary<OracleAct> =>
	fc
		.record({
			namespace: fc.constantFrom('a', 'fieldbench', 'nvs.net80211'),
			key: fc.oneof(
				{ arbitrary: fc.constantFrom('k', 'wifi.0'), weight: 3 },
				{ arbitrary: anyName, weight: 1 }
			),
			set: fc.option(anyValue(mostBlob), { nil: undefined, freq: 6 })
		})
		.map(({ set, ...at }) => (set ? { ...at, set } : at));
const anyStyle = (pages: number): fc.Arbitrary<OracleStyle> =>
	fc
		.record({
			order: fc.shuffledSubarray(
				Array.from({ length: pages }, (_, i) => i),
				{ minLength: pages }
			),
			...{ cutBeforeErase: fc.boolean(), freeing: fc.boolean() },
			broken: fc.option(fc.constantFrom('state' as const, 'sum' as const), { nil: undefined })
		})
		.map(({ broken, ...style }) => ({ ...style, version: 2, ...(broken && { broken }) }));

/** As the oracle tells contents. */
const ours = (entries: readonly NvsEntry[]): OracleContents =>
	new Map(entries.map(({ namespace, key, ...value }) => [`${namespace}/${key}`, told(theirs(value))]));
function theirs(value: NvsValue): OracleValue {
	if (value.type === 'blob') return { type: 'blob', value: Buffer.from(value.value) };
	return value.type === 'string' ? value : { type: value.type, value: BigInt(value.value) };
}
function valueOf(value: OracleValue): NvsValue {
	if (value.type === 'blob') return { type: 'blob', value: Uint8Array.from(value.value) };
	if (value.type === 'string') return value;
	return value.type === 'u64' || value.type === 'i64'
		? { type: value.type, value: value.value }
		: { type: value.type, value: Number(value.value) };
}
const inOrder = (contents: OracleContents) => [...contents].toSorted(([a], [b]) => (a < b ? -1 : 1));

function read(image: Uint8Array) {
	const found = parseNvs(image);
	if (!found.ok) throw new Error(found.error.kind);
	return found.value;
}

/** Acts that do not fit are another test's. */
function written(acts: readonly OracleAct[], style: OracleStyle): Buffer {
	try {
		return writePartition(acts, style);
	} catch (cause) {
		if (cause instanceof RangeError) fc.pre(false);
		throw cause;
	}
}

describe('NVS by another hand', () => {
	it('is read by us as it was meant: rewritten, erased, cut, in any order of pages and with broken ones', () => {
		const seen = { pages: 0, freeing: 0, broken: 0, chunks: 0 };
		fc.assert(
			fc.property(fc.array(anyAct(6000), { maxLength: 24 }), anyStyle(12), (acts, style) => {
				const found = read(written(acts, style));
				expect(inOrder(ours(found.entries))).toStrictEqual(inOrder(outcome(acts)));
				const inUse = found.pages.filter(({ sequence }) => sequence !== undefined).length;
				seen.pages = Math.max(seen.pages, inUse);
				seen.freeing += Number(found.pages.some(({ state }) => state === 'freeing'));
				seen.broken += Number(found.pages.some(({ state }) => state === 'corrupt'));
				seen.chunks += Number(acts.some(({ set }) => set?.type === 'blob' && set.value.length > PAGE));
				expect(found.damage.every(({ kind }) => kind === 'page-header')).toBe(true);
			}),
			{ numRuns: 150 }
		);
		expect(Math.min(seen.pages - 2, seen.freeing - 3, seen.broken - 3, seen.chunks - 3)).toBeGreaterThan(0);
	}, 60_000);

	it('can be written on by us, and is read by the other hand as we mean it', () => {
		fc.assert(
			fc.property(
				fc.array(anyAct(2500), { maxLength: 10 }),
				anyStyle(12),
				fc.array(anyAct(2500), { maxLength: 16 }),
				(before, style, after) => {
					const image = Uint8Array.from(written(before, style));
					const opened = NvsPartition.open(memoryMedium(image));
					if (!opened.ok) throw new Error(opened.error.kind);
					const done: OracleAct[] = [...before];
					for (const act of after) {
						const { namespace, key, set } = act;
						if (!set) opened.value.erase(namespace, key);
						else if (!opened.value.set(namespace, key, valueOf(set)).ok) continue;
						done.push(act);
					}
					expect(inOrder(readPartition(Buffer.from(image)))).toStrictEqual(inOrder(outcome(done)));
				}
			),
			{ numRuns: 100 }
		);
	}, 60_000);

	it('reads what we build, of every type and at every limit', () => {
		fc.assert(
			fc.property(fc.array(anyAct(9000), { maxLength: 20 }), (acts) => {
				const wanted = new Map(
					acts.flatMap((act) => (act.set ? [[`${act.namespace}/${act.key}`, act]] : []))
				);
				const entries = [...wanted.values()].map(({ namespace, key, set }): NvsEntry => ({
					namespace,
					key,
					...valueOf(set!)
				}));
				const image = buildNvs(entries, 24 * PAGE);
				fc.pre(image.ok);
				if (!image.ok) return;
				const found = readPartition(Buffer.from(image.value));
				expect(inOrder(found)).toStrictEqual(inOrder(outcome([...wanted.values()])));
			}),
			{ numRuns: 150 }
		);
	}, 60_000);

	it('of the first version is read, its blobs in one piece', () => {
		fc.assert(
			fc.property(fc.array(anyAct(4000), { maxLength: 12 }), anyStyle(12), (acts, style) => {
				const found = read(written(acts, { ...style, version: 1 }));
				expect(inOrder(ours(found.entries))).toStrictEqual(inOrder(outcome(acts)));
			}),
			{ numRuns: 80 }
		);
	}, 60_000);
});

describe('encrypted NVS', () => {
	const set = (key: string, value: OracleValue): OracleAct => ({ namespace: 'n', key, set: value });
	const style: OracleStyle = { version: 2, order: [0, 1, 2], cutBeforeErase: false, freeing: false };

	it('is refused with its reason, to be read and to be written on', () => {
		fc.assert(
			fc.property(fc.array(anyAct(2500), { minLength: 1, maxLength: 12 }), anyStyle(12), (acts, style) => {
				fc.pre(acts.some((act) => act.set));
				const plain = written(acts, { ...style, freeing: false });
				fc.pre(readPartition(plain).size > 0);
				const image = Uint8Array.from(crypt(plain, KEYS, 'encrypt'));
				const before = image.slice();
				expect(parseNvs(image)).toStrictEqual({ ok: false, error: { kind: 'encrypted' } });
				expect(NvsPartition.open(memoryMedium(image))).toMatchObject({ error: { kind: 'encrypted' } });
				expect(Buffer.from(image).equals(Buffer.from(before))).toBe(true);
				expect(recogniseBin(image).kind).toBe('nvs-encrypted');
			}),
			{ numRuns: 60 }
		);
	}, 60_000);

	it('is told from NVS of which much is damaged', () => {
		const image = writePartition(
			[
				set('x', { type: 'u8', value: 1n }),
				set('y', { type: 'u8', value: 2n }),
				set('z', { type: 'u8', value: 3n })
			],
			style
		);
		for (const at of [64, 96, 128]) image[at + 4]! ^= 1;
		expect(parseNvs(image)).toMatchObject({ ok: true, value: { damage: { length: 4 } } });
	});

	it('is told by its keys too', () => {
		const keys = keyPartition(KEYS);
		expect(recogniseBin(keys).kind).toBe('nvs-keys');
		for (const at of [0, 63, 64, 68, 4095]) {
			const other = Uint8Array.from(keys);
			other[at]! ^= 1;
			expect(recogniseBin(other).kind).toBe('unknown');
		}
		expect(recogniseBin(new Uint8Array(4096)).kind).toBe('unknown');
	});
});

describe("the other hand and Espressif's own generator", () => {
	const file = new URL('../../../tests/vectors/espressif.json', import.meta.url);

	async function vector(kind: string): Promise<Buffer> {
		const all = JSON.parse(await readFile(file, 'utf8')) as readonly {
			readonly kind: string;
			readonly size: number;
			readonly rows: Readonly<Record<string, string>>;
		}[];
		const found = all.find((one) => one.kind === kind)!;
		const image = Buffer.alloc(found.size, 0xff);
		for (const [at, hex] of Object.entries(found.rows)) image.write(hex, Number.parseInt(at, 16), 'hex');
		return image;
	}

	it('agree on a plain partition', async () => {
		const image = await vector('nvs');
		expect(inOrder(readPartition(image))).toStrictEqual(inOrder(ours(read(image).entries)));
	});

	it('agree on the first version, and we with both', async () => {
		const image = await vector('nvs-version-1');
		const found = read(image);
		expect(found.pages[0]?.version).toBe(1);
		expect(inOrder(ours(found.entries))).toStrictEqual(inOrder(readPartition(image)));
		expect(readPartition(image).get('second/blob')).toBe(`blob:${KEYS.toString('hex')}`);
	});

	it('agree on the cipher and the keys, and we refuse it', async () => {
		const [image, keys] = [await vector('nvs-encrypted'), await vector('nvs-keys')];
		expect(keyPartition(KEYS).equals(keys)).toBe(true);
		expect(recogniseBin(keys).kind).toBe('nvs-keys');
		expect(parseNvs(image)).toStrictEqual({ ok: false, error: { kind: 'encrypted' } });
		const plain = crypt(image, KEYS, 'decrypt');
		const contents = readPartition(plain);
		expect(contents.size).toBe(10);
		expect(contents.get('first/text')).toBe('string:kept under a key that never leaves the chip');
		expect(inOrder(ours(read(plain).entries))).toStrictEqual(inOrder(contents));
	});
});

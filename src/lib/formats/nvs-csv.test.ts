import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNvsCsv, writeNvsCsv, type NvsCsvFault, type NvsEntry, type NvsValue } from './index';

const taken = (text: string): readonly NvsEntry[] => {
	const read = parseNvsCsv(text);
	if (!read.ok) throw new Error(read.error.kind);
	expect(read.value.faults).toStrictEqual([]);
	return read.value.entries;
};
const HEAD = 'key,type,encoding,value\n';
const SPACE = `${HEAD}n,namespace,,\n`;
const faultsOf = (text: string): readonly NvsCsvFault[] => {
	const read = parseNvsCsv(text);
	return read.ok ? read.value.faults : [read.error];
};

const anyName = fc
	.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 15 })
	.filter((name) => name.trim() === name);
const anyValue: fc.Arbitrary<NvsValue> = fc.oneof(
	fc.integer({ min: -128, max: 127 }).map((value) => ({ type: 'i8' as const, value })),
	fc.nat(0xffffffff).map((value) => ({ type: 'u32' as const, value })),
	fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => ({ type: 'i64' as const, value })),
	fc
		.string({ maxLength: 60, unit: 'grapheme' })
		.filter((text) => !text.includes('\0'))
		.map((value) => ({ type: 'string' as const, value })),
	fc.uint8Array({ maxLength: 60 }).map((a) => ({ type: 'blob' as const, value: Uint8Array.from(a) }))
);

describe("the CSV of Espressif's generator", () => {
	it('takes every encoding, comments and quotes', () => {
		const text = `# made by hand
${SPACE}port,data,u16,0x75b
cold,data,i16,-40
huge,data,u64,18446744073709551615
# nothing here, "really
text,data,string,"a, ""b""
c"
raw,data,hex2bin,00ff10
b64,data,base64,AAEC
words,data,binary,hé
`;
		const bytes = (...values: number[]) => Uint8Array.from(values);
		expect(taken(text)).toStrictEqual([
			{ namespace: 'n', key: 'port', type: 'u16', value: 1883 },
			{ namespace: 'n', key: 'cold', type: 'i16', value: -40 },
			{ namespace: 'n', key: 'huge', type: 'u64', value: 2n ** 64n - 1n },
			{ namespace: 'n', key: 'text', type: 'string', value: 'a, "b"\nc' },
			{ namespace: 'n', key: 'raw', type: 'blob', value: bytes(0, 255, 16) },
			{ namespace: 'n', key: 'b64', type: 'blob', value: bytes(0, 1, 2) },
			{ namespace: 'n', key: 'words', type: 'blob', value: bytes(0x68, 0xc3, 0xa9) }
		]);
	});

	it('gives back what was written', () => {
		const entries = fc.uniqueArray(
			fc
				.record({ namespace: fc.constantFrom('a', '#b', ',c'), key: anyName, value: anyValue })
				.map(({ value, ...names }): NvsEntry => ({ ...names, ...value })),
			{ maxLength: 10, selector: ({ namespace, key }) => `${namespace}\0${key}` }
		);
		fc.assert(
			fc.property(entries, (list) => {
				const spaces = [...new Set(list.map(({ namespace }) => namespace))];
				const grouped = spaces.flatMap((space) => list.filter(({ namespace }) => namespace === space));
				expect(taken(writeNvsCsv(list))).toStrictEqual(grouped);
			})
		);
	});

	it('names the line of every row that it leaves out, and keeps the rest', () => {
		const text = `${HEAD}early,data,u8,1
n,namespace,,
big,data,u8,256
odd,data,hex2bin,abc
half,data,u8,1.5
cert,file,binary,certs/ca.pem
what,data,float,1
who,date,u8,1
a_key_that_is_too_long,data,u8,1
good,data,u8,1
good,data,u8,2
a_name_that_is_too_long,namespace,,
lost,data,u8,1
`;
		const read = parseNvsCsv(text);
		expect(read.ok && read.value.entries).toStrictEqual([
			{ namespace: 'n', key: 'good', type: 'u8', value: 1 }
		]);
		expect(faultsOf(text).map(({ kind, line }) => `${line} ${kind}`)).toStrictEqual([
			'2 no-namespace',
			'4 not-valid',
			'5 not-encoded',
			'6 not-encoded',
			'7 needs-file',
			'8 bad-encoding',
			'9 bad-type',
			'10 not-valid',
			'12 repeated',
			'13 bad-namespace',
			'14 no-namespace'
		]);
	});

	it('is refused where it is something else or a quote has no end', () => {
		expect(faultsOf('name,age\nx,1\n')).toMatchObject([{ kind: 'no-header', line: 1 }]);
		expect(faultsOf('')).toMatchObject([{ kind: 'no-header' }]);
		expect(faultsOf(`${SPACE}t,data,string,"no end\n`)).toMatchObject([{ kind: 'open-quote', line: 3 }]);
	});

	it('survives any text', () => {
		fc.assert(
			fc.property(fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', '#', 'a', '1') }), (text) => {
				parseNvsCsv(text);
				parseNvsCsv(SPACE + text);
			})
		);
	});
});

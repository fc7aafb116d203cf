import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import {
	buildNvs,
	buildPartitionTable,
	memoryMedium,
	NvsPartition,
	parseNvs,
	parsePartitionCsv,
	parsePartitionTable
} from './index';

interface Vector {
	readonly kind: string;
	readonly size: number;
	readonly rows: Readonly<Record<string, string>>;
	readonly csv?: string;
}

const file = new URL('../../../tests/vectors/espressif.json', import.meta.url);
const vectors = JSON.parse(await readFile(file, 'utf8')) as readonly Vector[];

function vector(kind: string): { bytes: Uint8Array<ArrayBuffer>; csv: string } {
	const found = vectors.find((v) => v.kind === kind)!;
	const bytes = new Uint8Array(found.size).fill(0xff);
	for (const [at, hex] of Object.entries(found.rows)) {
		bytes.set(Buffer.from(hex, 'hex'), Number.parseInt(at, 16));
	}
	return { bytes, csv: found.csv ?? '' };
}

describe("what Espressif's own generators wrote", () => {
	it('is the partition table that we build from the same CSV, byte for byte', () => {
		const { bytes, csv } = vector('partition-table');
		const rows = parsePartitionCsv(csv);
		const built = rows.ok && buildPartitionTable(rows.value);
		expect(built && built.ok && Buffer.from(built.value).equals(Buffer.from(bytes))).toBe(true);
		const read = parsePartitionTable(bytes);
		expect(read.ok && read.value).toStrictEqual({ partitions: rows.ok && rows.value, md5: 'ok' });
	});

	it('is read as NVS, all types, without damage', () => {
		const read = parseNvs(vector('nvs').bytes);
		if (!read.ok) throw new Error(read.error.kind);
		expect(read.value.damage).toStrictEqual([]);
		expect(read.value.namespaces).toStrictEqual(['fieldbench', 'other']);
		const small = read.value.entries.filter((e) => e.type !== 'blob');
		expect(small.map((e) => `${e.key} ${e.type} ${e.value}`)).toStrictEqual([
			'flag u8 200',
			'little i8 -7',
			'port u16 1883',
			'cold i16 -300',
			'big u32 4000000000',
			'neg i32 -2000000000',
			'huge u64 18000000000000000000',
			'deep i64 -9000000000000000000',
			'text string broker on the bench, with a text that spans entries'
		]);
		const blobs = read.value.entries.filter((e) => e.type === 'blob');
		expect(blobs.map((e) => [e.key, e.value.length])).toStrictEqual([
			['small', 4],
			['large', 4200]
		]);
	});

	it('has the entries that we write, byte for byte; only page headers differ', () => {
		const { bytes } = vector('nvs');
		const read = parseNvs(bytes);
		const built = read.ok && buildNvs(read.value.entries, bytes.length);
		if (!built || !built.ok) throw new Error('not built');
		const differing = new Set<number>();
		bytes.forEach((byte, at) => byte !== built.value[at] && differing.add(at % 4096 < 32 ? -1 : at));
		// The generator marks even its last and its empty pages as full; a chip leaves the one open and the others erased.
		expect([...differing]).toStrictEqual([-1]);
	});

	it('can be written on in place', () => {
		const { bytes } = vector('nvs');
		const partition = NvsPartition.open(memoryMedium(bytes));
		if (!partition.ok) throw new Error(partition.error.kind);
		for (let i = 0; i < 300; i++) {
			expect(partition.value.set('fieldbench', 'port', { type: 'u16', value: i }).ok).toBe(true);
		}
		const again = NvsPartition.open(memoryMedium(bytes));
		expect(again.ok && again.value.get('fieldbench', 'port')).toStrictEqual({ type: 'u16', value: 299 });
		expect(again.ok && again.value.entries()).toHaveLength(11);
	});
});

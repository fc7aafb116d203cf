import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildPartitionTable, parsePartitionCsv, parsePartitionTable, type Partition } from './index';

const partition = (label: string, offset: number, size = 0x1000): Partition => ({
	label,
	type: 1,
	subtype: 2,
	offset,
	size,
	encrypted: false,
	readOnly: false
});

const anyTable = fc
	.array(
		fc.record({
			label: fc.stringMatching(/^[a-z0-9_]{1,16}$/u),
			subtype: fc.integer({ min: 0, max: 255 }),
			encrypted: fc.boolean(),
			readOnly: fc.boolean()
		}),
		{ minLength: 1, maxLength: 94 }
	)
	.map((rows): Partition[] =>
		rows.map((row, i) => ({ ...row, type: 0x40, offset: 0x9000 + i * 0x2000, size: 0x2000 }))
	);

function built(partitions: readonly Partition[]): Uint8Array<ArrayBuffer> {
	const table = buildPartitionTable(partitions);
	if (!table.ok) throw new Error(table.error.kind);
	return table.value;
}

describe('a partition table', () => {
	it('gives back what was built', () => {
		fc.assert(
			fc.property(anyTable, (partitions) => {
				const read = parsePartitionTable(built(partitions));
				expect(read).toStrictEqual({ ok: true, value: { partitions, md5: 'ok' } });
			}),
			{ numRuns: 40 }
		);
	});

	it('is refused with any bit of its rows flipped, and at every truncation', () => {
		const good = built([partition('nvs', 0x9000), partition('more', 0xa000)]);
		for (let bit = 0; bit < 96 * 8; bit++) {
			const row = bit >> 8;
			const inMd5Filler = row === 2 && (bit & 255) >= 16 && (bit & 255) < 128;
			if (inMd5Filler) continue;
			const bytes = good.slice();
			bytes[bit >> 3]! ^= 1 << (bit & 7);
			expect(parsePartitionTable(bytes).ok, `bit ${bit}`).toBe(false);
		}
		for (let n = 0; n < 128; n++) expect(parsePartitionTable(good.subarray(0, n)).ok).toBe(false);
		expect(parsePartitionTable(good.subarray(0, 128)).ok).toBe(true);
	});

	it('needs its end mark, and at most one MD5 row', () => {
		const good = built([partition('nvs', 0x9000)]);
		const endless = good.slice();
		endless.set(good.subarray(32, 64), 64);
		expect(parsePartitionTable(endless)).toMatchObject({ error: { kind: 'bad-row', row: 2 } });
		const bare = good.slice();
		bare.fill(0xff, 32, 64);
		expect(parsePartitionTable(bare)).toMatchObject({ ok: true, value: { md5: 'none' } });
		expect(parsePartitionTable(new Uint8Array(0xc00).fill(0xff))).toMatchObject({
			error: { kind: 'not-a-table' }
		});
	});

	it('is not built where a chip could not use it', () => {
		const fault = (...rows: Partition[]) => {
			const table = buildPartitionTable(rows);
			return table.ok ? 'ok' : table.error.kind;
		};
		expect(fault()).toBe('none');
		expect(fault(partition('nvs', 0x9000), partition('b', 0x9000))).toBe('overlap');
		expect(fault(partition('nvs', 0x9100))).toBe('misaligned');
		expect(fault({ ...partition('app', 0x9000), type: 0 })).toBe('misaligned');
		expect(fault(partition('seventeen_letters', 0x9000))).toBe('bad-label');
		expect(fault(partition('nvs', 0x9000, 0))).toBe('bad-number');
		expect(fault(...Array.from({ length: 95 }, (_, i) => partition(`p${i}`, 0x9000 + i * 0x1000)))).toBe(
			'too-many'
		);
	});

	it('survives random bytes', () => {
		fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void parsePartitionTable(bytes)));
	});
});

describe('a partition CSV', () => {
	it('names the line and field that it cannot read', () => {
		const fault = (text: string) => {
			const read = parsePartitionCsv(text);
			return read.ok ? 'ok' : `${read.error.line} ${read.error.field}`;
		};
		expect(fault('# comment\n\nnvs, data, nvs, , 0x6000')).toBe('ok');
		expect(fault('nvs, toString, nvs, , 0x6000')).toBe('1 type');
		expect(fault('nvs, data, nvs, , 0x6000\nb, data, nonsense, , 4K')).toBe('2 subtype');
		expect(fault('nvs, data, nvs, here, 0x6000')).toBe('1 offset');
		expect(fault('nvs, data, nvs, , ')).toBe('1 size');
		expect(fault('nvs, data, nvs, , 4K, shiny')).toBe('1 flags');
		expect(fault(', data, nvs, , 4K')).toBe('1 name');
		expect(fault('a, app, , , 4K')).toBe('1 subtype');
	});
});

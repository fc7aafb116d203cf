import 'fake-indexeddb/auto';
import { IDBFactory } from 'fake-indexeddb';
import { expect, it } from 'vitest';
import { concatBytes, crc32 } from '$lib/base';
import { encodeBlock, type BlockHead } from '../codec/block';
import { ByteWriter } from '../codec/byte-stream';
import { encodeNumbers } from '../codec/numbers';
import { openRollup } from '../codec/rollup';
import { buildStore, parseSnapshotPart } from './restore';

const rows = Array.from({ length: 200 }, (_, seq) => ({
	...{ timeMs: seq * 1000, clock: 'synchronised' as const, identity: { epoch: 1, seq } },
	...{ metrics: [2], values: [seq] }
}));
const block = encodeBlock(rows, { series: 1, block: 1, level: 0 });

it('leaves nothing of a store that was not built to its end', async () => {
	const indexedDB = new IDBFactory();
	const parts = (async function* () {
		yield { kind: 'block' as const, block };
		throw new Error('cancelled');
	})();
	await expect(buildStore({ indexedDB, inUse: undefined }, parts)).rejects.toThrow('cancelled');
	expect(await indexedDB.databases()).toEqual([]);
});

it('refuses a block whose header or rollups claim what no rows can', () => {
	const parse = (head: BlockHead, rolled = block.rollups.map(({ encoded }) => encoded)) =>
		parseSnapshotPart({ meta: { kind: 'block', head }, bytes: concatBytes([block.bytes, ...rolled]) });
	expect(parse(block.head)?.kind).toBe('block');
	const column = block.head.columns[0]!;
	for (const count of [1e15, 201, -1, 0.5])
		expect(parse({ ...block.head, columns: [{ ...column, count, gone: true }] }), `${count}`).toBeUndefined();
	expect(parse({ ...block.head, rows: 199 })).toBeUndefined();

	const rollup = (buckets: number, count: number) => {
		const out = new ByteWriter();
		out.byte(1);
		out.varint(buckets);
		out.sized(encodeNumbers(new Float64Array([0])));
		out.varint(1);
		out.varint(2);
		out.sized(encodeNumbers(new Float64Array([count])));
		out.byte(255);
		for (let i = 0; i < 4; i++) out.sized(encodeNumbers(new Float64Array([1])));
		return out.done();
	};
	const withRollup = (encoded: Uint8Array<ArrayBuffer>) =>
		parse({ ...block.head, rollups: [{ widthMs: 60_000, bytes: encoded.length, crc: crc32(encoded) }] }, [
			encoded
		]);
	expect(withRollup(rollup(1, 200))?.kind).toBe('block');
	expect(withRollup(rollup(1, 201))).toBeUndefined();
	const huge = rollup(2 ** 45, 1);
	const stat = { widthMs: 60_000, bytes: huge.length, crc: crc32(huge) };
	expect(openRollup(stat, huge, 2), 'it is told as damaged').toBeUndefined();
});

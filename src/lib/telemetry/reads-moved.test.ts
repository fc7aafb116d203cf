import { expect, it } from 'vitest';
import type { DeviceId } from '$lib/model';
import { encodeBlock, type BlockHead } from './codec/block';
import { Names } from './names';
import { Reads } from './reads';
import { SeriesTable } from './series-table';
import { Turns } from './turns';

it('reads all of a range whose blocks are folded each time that it is read', async () => {
	const of = { device: 'fb-1' as DeviceId, provenance: 'real' } as const;
	const [table, turns] = [new SeriesTable(new Names(), [], Date), new Turns()];
	const series = table.findOrMake(of.device, of.provenance);
	const metric = table.names.metric('power');
	const row = { identity: undefined, clock: 'synchronised' as const, metrics: [metric], values: [7] };
	const fold = (block: number) => {
		const { head } = encodeBlock([{ ...row, timeMs: 1000 }], { series: series.id, block, level: 0 });
		series.replaceBlocks(series.heads ?? [], [head]);
	};
	fold(1);
	let [folds, attempts] = [0, 0];
	const reader = {
		isDamaged: () => false,
		columns: async (heads: readonly BlockHead[]) => {
			folds++;
			// A write, which takes a turn as each does.
			const written = turns.take(async () => fold(1 + folds));
			if (turns.depth === 1) await written;
			const isThere = ({ block }: BlockHead) => series.heads?.some((head) => head.block === block);
			return heads.map((head) =>
				isThere(head) ? { times: Float64Array.of(1000), values: Float64Array.of(7) } : undefined
			);
		}
	};
	const parts = { reader, table, turns, blocks: { headsOf: async () => (attempts++, series.heads) } };
	const store = new Reads(parts as unknown as ConstructorParameters<typeof Reads>[0]);
	const query = { ...of, metric: 'power', fromMs: 0, toMs: 2000, buckets: 10 };
	expect([...(await store.range(query, new AbortController().signal)).avg]).toEqual([7]);
	expect(attempts).toBe(5);
});

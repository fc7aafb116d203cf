import { ok, type Result } from '$lib/base';
import { openBlock } from '../codec/block';
import { Names } from '../names';
import { sampleOf } from '../scan';
import type { Refilled, SeriesKey, StoreError } from '../store';
import { ImportRun, type ImportStore } from '../transfer/import-run';
import type { CopyContents } from './run';

/**
 * Puts what a copy holds into a store that is in use, sample by sample: what is there already is known by its identity, or by its time
 * where it has none, so it may be broken off and done again. Where only rollups were left, there are no samples to be put back: counted.
 * @param onRead told how many samples were read so far
 */
export async function bringBack(
	store: ImportStore,
	contents: CopyContents,
	onRead: (samples: number) => void,
	signal: AbortSignal
): Promise<Result<Refilled, StoreError>> {
	const names = new Names(contents.names);
	const series = new Map<number, SeriesKey>();
	for (const row of contents.names)
		if (row.kind === 'series') series.set(row.id, { device: row.device, provenance: row.provenance });
	const run = new ImportRun(store);
	let [samples, read, blocks, toMs, thinned] = [0, 0, 0, -Infinity, 0];
	const write = async (): Promise<Result<void, StoreError>> => {
		const written = await run.write(signal);
		if (!written.ok) return written;
		samples += written.value.stored;
		onRead(read);
		return ok(undefined);
	};
	for await (const { head, bytes } of contents.blocks()) {
		signal.throwIfAborted();
		const key = series.get(head.series);
		const group = key && openBlock(head, bytes);
		if (!group) continue; // forgotten; `readRun` has checked the bytes
		blocks++;
		thinned += Math.max(0, ...head.columns.map(({ gone, count }) => (gone ? count : 0)));
		for (const row of group.rows()) {
			const sample = sampleOf(row, key, names);
			if (!sample) continue;
			run.hold(sample);
			read++;
			toMs = Math.max(toMs, row.timeMs);
			if (!run.isFull) continue;
			const written = await write();
			if (!written.ok) return written;
		}
	}
	const written = await write();
	if (!written.ok) return written;
	return ok({
		...{ samples, blocks, toMs: blocks > 0 ? toMs : undefined, damagedFiles: contents.damaged },
		...(thinned > 0 ? { thinned } : {})
	});
}

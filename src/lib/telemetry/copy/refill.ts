import { ok, type Result } from '$lib/base';
import { samplesIn, type NewBlock } from '../codec/block';
import type { Disk, Loaded, StateRow } from '../disk';
import type { Refilled, StoreError } from '../store';
import type { CopyContents } from './run';

/** In one transaction. */
const BYTES_AT_ONCE = 4 << 20;

/** Nothing was ever sealed here, or written ahead. A refill that was broken off has left blocks, and neither names nor a state. */
export const isFresh = ({ state, names, wal }: Loaded): boolean =>
	state.seal === 0 && state.blocks === 0 && names.length === 0 && wal.size === 0;

/**
 * Puts what a copy holds into a fresh store. Names, ledgers and the state that tells of it come with the last transaction: broken off
 * before it, the store is as fresh as it was, and the next opening does it again.
 */
export async function refill(
	disk: Disk,
	fresh: StateRow,
	contents: CopyContents
): Promise<Result<Refilled, StoreError>> {
	const { names, ledgers, latest, damaged } = contents;
	let state = fresh;
	let [add, bytes, toMs]: [NewBlock[], number, number] = [[], 0, -Infinity];
	const ids = new Set(names.map(({ id }) => id));
	for await (const block of contents.blocks()) {
		if (!ids.has(block.head.series)) continue; // forgotten
		add.push(block);
		bytes += block.bytes.length;
		toMs = Math.max(toMs, block.head.toMs);
		state = {
			...state,
			seal: Math.max(state.seal, block.head.block),
			blocks: state.blocks + 1,
			blockBytes: state.blockBytes + block.head.bytes,
			rollupBytes: state.rollupBytes + block.rollups.reduce((sum, rollup) => sum + rollup.bytes, 0),
			samples: state.samples + samplesIn(block.head)
		};
		if (bytes < BYTES_AT_ONCE) continue;
		const written = await disk.change({ state: fresh, add, remove: [] });
		if (!written.ok) return written;
		[add, bytes] = [[], 0];
	}
	state = { ...state, seal: state.seal + 1 };
	const written = await disk.change({ state, add, remove: [], names, ledgers, latest });
	if (!written.ok) return written;
	const { samples, blocks } = state;
	return ok({ samples, blocks, toMs: blocks > 0 ? toMs : undefined, damagedFiles: damaged });
}

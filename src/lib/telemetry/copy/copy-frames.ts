import { concatBytes, type Frame } from '$lib/base';
import { parseSnapshotPart } from '../backup/restore';
import { blockFrame, SnapshotMoved } from '../backup/snapshot';
import type { BlockHead, NewBlock } from '../codec/block';
import type { BlockChange, Disk, Loaded } from '../disk';
import type { NameRow } from '../names';
import type { GonePart } from './segment';

const NONE = new Uint8Array(0);

export const namesFrame = (rows: readonly NameRow[]): Frame => ({
	meta: { kind: 'names', rows },
	bytes: NONE
});

export const goneFrame = (gone: Partial<Omit<GonePart, 'kind'>>): Frame => ({
	meta: { kind: 'gone', blocks: [], emptied: [], forgotten: [], ...gone },
	bytes: NONE
});

export const keyOf = ({ series, block }: Pick<BlockHead, 'series' | 'block'>) => [series, block] as const;

/** What a transaction of the store comes to, but for blocks in `halvesOf`. */
export function framesOf({ add, remove, names, ledgers, latest, forget }: BlockChange): Frame[] {
	const frames: Frame[] = [];
	if (names && names.length > 0) frames.push(namesFrame(names));
	if (remove.length > 0 || (forget && forget.length > 0))
		frames.push(goneFrame({ blocks: remove.map(keyOf), forgotten: forget ?? [] }));
	for (const [id, row] of latest ?? [])
		frames.push({ meta: { kind: 'series', id, latest: row }, bytes: ledgers?.get(id) ?? NONE });
	for (const [id, ledger] of ledgers ?? [])
		if (!latest?.has(id)) frames.push({ meta: { kind: 'series', id, latest: [] }, bytes: ledger });
	frames.push(...add.filter(isWhole).map(frameOf));
	return frames;
}

/** Blocks that a transaction tells only part of, bytes or rollups: those are read when they are written. */
export const halvesOf = ({ add, roll = [] }: BlockChange): readonly BlockHead[] =>
	[...add.filter((block) => !isWhole(block)), ...roll].map(({ head }) => head);

/** One of which samples went comes without the rollups that it had. */
const isWhole = ({ head, rollups }: NewBlock): boolean => rollups.length === head.rollups.length;

const frameOf = ({ head, bytes, rollups }: NewBlock): Frame => ({
	meta: { kind: 'block', head },
	bytes: concatBytes([bytes, ...rollups.map(({ encoded }) => encoded)])
});

/** Names, ledgers and newest values of the whole store, and which blocks it has. */
export async function outlineOf(
	disk: Disk,
	{ names, ledgers, latest }: Loaded
): Promise<{ frames: Frame[]; heads: readonly BlockHead[] }> {
	const frames = [namesFrame(names)];
	const heads: BlockHead[] = [];
	for (const { id, kind } of names) {
		if (kind !== 'series') continue;
		const ledger = ledgers.get(id);
		const meta = { kind: 'series', id, latest: latest.get(id) ?? [] };
		frames.push({ meta, bytes: ledger ? Uint8Array.from(ledger) : NONE });
		heads.push(...(await disk.heads(id)));
	}
	return { frames, heads };
}

/** A block as it lies on disk; none where it went, or is not what its header tells of: then what changed it comes by itself. */
export async function wholeFrame(disk: Disk, head: BlockHead): Promise<readonly Frame[]> {
	try {
		const frame = await blockFrame(disk, head);
		return parseSnapshotPart(frame) ? [frame] : [];
	} catch (cause) {
		if (cause instanceof SnapshotMoved) return [];
		throw cause;
	}
}

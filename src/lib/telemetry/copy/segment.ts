import { concatBytes, FrameWriter, readFrames, type Frame } from '$lib/base';
import { parseSnapshotPart, SNAPSHOT_VERSION, type SnapshotPart } from '../backup/restore';
import type { BlockKey } from '../disk';

const MAGIC = 'FBCOPY01';
const NONE = new Uint8Array(0);
const never = new AbortController().signal;

/** What a file of the copy says of itself, and of the store as it was behind its last frame. */
export interface SegmentHead {
	readonly snapshot: number;
	readonly generation: string;
	/** Name of the file that this run of files begins with: all before it is dead. */
	readonly begins: string;
	/** Its place in that run, from 0: so a file that is missing is missed. Copies of before lack it. */
	readonly at?: number;
	/** False while a run is begun: it is good for nothing yet. */
	readonly whole: boolean;
	/** It holds what is to go, and is made anew at the next occasion. */
	readonly due: boolean;
	readonly seal: number;
	readonly blocks: number;
	readonly blockBytes: number;
	readonly names: number;
}

/** What went: blocks, and series with all they had. */
export interface GonePart {
	readonly kind: 'gone';
	readonly blocks: readonly BlockKey[];
	/** Series of which all blocks went. */
	readonly emptied: readonly number[];
	/** Series of which nothing is left. */
	readonly forgotten: readonly number[];
}
export type CopyPart = SnapshotPart | GonePart;

/** `<fence>-<number>`: sorted as text they are in the order in which they were written, whoever wrote them. */
export const segmentName = (fence: number, number: number): string =>
	`${String(fence).padStart(16, '0')}-${String(number).padStart(6, '0')}`;
export const isSegmentName = (name: string): boolean => /^\d{16}-\d{6,}$/u.test(name);

export function encodeSegment(head: SegmentHead, frames: readonly Frame[]): Uint8Array<ArrayBuffer> {
	const writer = new FrameWriter(MAGIC);
	return concatBytes([
		writer.write({ kind: 'header', ...head }),
		...frames.map(({ meta, bytes }) => writer.write(meta, bytes)),
		writer.write({ kind: 'end' }, NONE)
	]);
}

/** Total: undefined where the file is not one of a copy, of a later version, damaged anywhere, or cut short. */
export async function readSegment(
	file: Blob
): Promise<{ readonly head: SegmentHead; readonly parts: readonly CopyPart[] } | undefined> {
	let head: SegmentHead | undefined;
	let ended = false;
	const parts: CopyPart[] = [];
	for await (const read of readFrames(file, MAGIC, never)) {
		if (!read.ok || ended) return undefined;
		const { meta } = read.value;
		const kind = kindOf(meta);
		if (!head) head = parseHead(meta);
		else if (kind === 'end') ended = true;
		else {
			const part = kind === 'gone' ? parseGone(meta) : parseSnapshotPart(read.value);
			if (!part) return undefined;
			parts.push(part);
		}
		if (!head) return undefined;
	}
	return head && ended ? { head, parts } : undefined;
}

/** Whether each byte is as it was written; what the frames tell is not looked at. */
export async function isIntact(file: Blob): Promise<boolean> {
	let last: unknown;
	for await (const read of readFrames(file, MAGIC, never)) {
		if (!read.ok) return false;
		last = kindOf(read.value.meta);
	}
	return last === 'end';
}

const fieldsOf = (meta: unknown): Readonly<Record<string, unknown>> =>
	typeof meta === 'object' && meta !== null ? (meta as Readonly<Record<string, unknown>>) : {};
const kindOf = (meta: unknown): unknown => fieldsOf(meta)['kind'];

function parseHead(meta: unknown): SegmentHead | undefined {
	const { kind, snapshot, generation, begins, at, whole, due, seal, blocks, blockBytes, names } =
		fieldsOf(meta);
	if (kind !== 'header' || typeof generation !== 'string' || typeof begins !== 'string') return undefined;
	if (typeof snapshot !== 'number' || snapshot > SNAPSHOT_VERSION || typeof whole !== 'boolean')
		return undefined;
	if (typeof due !== 'boolean') return undefined;
	if (typeof seal !== 'number' || typeof blocks !== 'number') return undefined;
	if (typeof blockBytes !== 'number' || typeof names !== 'number') return undefined;
	const place = typeof at === 'number' ? { at } : {};
	return { snapshot, generation, begins, ...place, whole, due, seal, blocks, blockBytes, names };
}

function parseGone(meta: unknown): GonePart | undefined {
	const { blocks, emptied, forgotten } = fieldsOf(meta);
	const numbers = (of: unknown): of is readonly number[] =>
		Array.isArray(of) && of.every((n) => typeof n === 'number');
	const keys = (of: unknown): of is readonly BlockKey[] =>
		Array.isArray(of) && of.every((key) => numbers(key) && key.length === 2);
	return keys(blocks) && numbers(emptied) && numbers(forgotten)
		? { kind: 'gone', blocks, emptied, forgotten }
		: undefined;
}

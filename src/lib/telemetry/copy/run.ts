import type { NewBlock } from '../codec/block';
import type { LatestRow } from '../disk';
import type { NameRow } from '../names';
import type { CopyFolder } from './folder';
import { isSegmentName, readSegment, type SegmentHead } from './segment';

/** The files that are the copy now: from the last whole beginning to the last file that can be read. */
export interface CopyRun {
	readonly head: SegmentHead;
	readonly names: readonly string[];
	/** Files of it that are not there. */
	readonly missing: number;
}

/** @returns the run, where there is one, and how many files behind it could not be read */
export async function findRun(
	folder: CopyFolder
): Promise<{ readonly run: CopyRun | undefined; readonly damaged: number }> {
	const all = (await folder.names()).filter(isSegmentName).sort();
	let damaged = 0;
	for (const name of all.toReversed()) {
		const head = (await readSegment(await folder.read(name)))?.head;
		if (!head) damaged++;
		if (!head?.whole) continue;
		const names = all.filter((other) => other >= head.begins && other <= name);
		const missing = head.at === undefined ? 0 : Math.max(0, head.at + 1 - names.length);
		return { run: { head, names, missing }, damaged };
	}
	return { run: undefined, damaged };
}

/** What a copy comes to, read from its first file to its last. */
export interface CopyContents {
	readonly names: readonly NameRow[];
	readonly ledgers: ReadonlyMap<number, Uint8Array<ArrayBuffer>>;
	readonly latest: ReadonlyMap<number, LatestRow>;
	/** Files that could not be read between others that could, or were not there. */
	readonly damaged: number;
	/** Read once more, a file at a time. */
	blocks(): AsyncIterable<NewBlock>;
}

export async function readRun(folder: CopyFolder, run: CopyRun): Promise<CopyContents> {
	const names = new Map<number, NameRow>();
	const ledgers = new Map<number, Uint8Array<ArrayBuffer>>();
	const latest = new Map<number, LatestRow>();
	/** Series → block → the file and the place in it that have it last. */
	const live = new Map<number, Map<number, string>>();
	let damaged = run.missing;
	for (const name of run.names) {
		const segment = await readSegment(await folder.read(name));
		if (!segment) damaged++;
		for (const [at, part] of (segment?.parts ?? []).entries()) {
			switch (part.kind) {
				case 'names':
					for (const row of part.rows) names.set(row.id, row);
					break;
				case 'series':
					// A ledger made anew comes alone.
					if (part.latest.length > 0) latest.set(part.id, part.latest);
					if (part.ledger) ledgers.set(part.id, part.ledger);
					break;
				case 'block': {
					const { series, block } = part.block.head;
					const ofSeries = live.get(series) ?? new Map<number, string>();
					live.set(series, ofSeries.set(block, placeOf(name, at)));
					break;
				}
				case 'gone':
					for (const [series, block] of part.blocks) live.get(series)?.delete(block);
					for (const series of [...part.emptied, ...part.forgotten]) live.delete(series);
					for (const series of part.forgotten) for (const of of [names, ledgers, latest]) of.delete(series);
			}
		}
	}
	return {
		...{ names: [...names.values()], ledgers, latest, damaged },
		async *blocks() {
			for (const name of run.names) {
				const segment = await readSegment(await folder.read(name));
				for (const [at, part] of (segment?.parts ?? []).entries()) {
					if (part.kind !== 'block') continue;
					const { series, block } = part.block.head;
					if (live.get(series)?.get(block) === placeOf(name, at)) yield part.block;
				}
			}
		}
	};
}

const placeOf = (name: string, at: number): string => `${name}/${at}`;

import type { Result } from '$lib/base';
import type { BlockChange, Disk } from '../disk';
import type { NameRow } from '../names';
import type { StoreError } from '../store';

/** Hears what a disk has taken. */
export interface DiskEar {
	changed(change: BlockChange): void;
	named(rows: readonly NameRow[]): void;
	/** All blocks of a series went. */
	emptied(series: number): void;
	/** The disk is full. @returns whether some room was made, so that it pays to try again */
	giveWay(): Promise<boolean>;
}

/** The same disk; what it has taken is told, after it was taken. Nothing waits for who hears of it, but on a full disk. */
export function mirrored(disk: Disk, ear: DiskEar): Disk {
	const kept = async (
		write: () => Promise<Result<void, StoreError>>,
		tell: () => void
	): Promise<Result<void, StoreError>> => {
		let written = await write();
		if (!written.ok && written.error.kind === 'quota' && (await ear.giveWay())) written = await write();
		if (written.ok) tell();
		return written;
	};
	return {
		load: () => disk.load(),
		putRecord: (number, bytes, names) =>
			kept(
				() => disk.putRecord(number, bytes, names),
				() => ear.named(names)
			),
		change: (change) =>
			kept(
				() => disk.change(change),
				() => ear.changed(change)
			),
		empty: (series) =>
			kept(
				() => disk.empty(series),
				() => ear.emptied(series)
			),
		// What is left of the blocks is told with the change that adds it.
		dropSamples: (left) =>
			kept(
				() => disk.dropSamples(left),
				() => undefined
			),
		quarantine: (records) => disk.quarantine(records),
		get quarantined() {
			return disk.quarantined;
		},
		aside: () => disk.aside(),
		heads: (series) => disk.heads(series),
		blocks: (heads) => disk.blocks(heads),
		rollups: (heads, widthMs) => disk.rollups(heads, widthMs),
		usage: () => disk.usage(),
		isWhole: (blocks) => disk.isWhole(blocks),
		blockKeys: () => disk.blockKeys(),
		get bucketsApart() {
			return disk.bucketsApart;
		},
		close: () => disk.close()
	};
}

import type { Disk, StateRow } from '../disk';
import type { CopyNeed, Refilled, StoreLoss } from '../store';
import type { ImportStore } from '../transfer/import-run';
import type { CopyFollower } from './copy-follower';
import { goneFrame, namesFrame } from './copy-frames';
import type { DiskEar } from './mirrored-disk';

/** The store that a copy follows, and what it is told. */
export interface CopiedStore {
	readonly disk: Disk;
	readonly state: StateRow;
	/** Ids. */
	readonly names: Iterable<number>;
	readonly telemetry: ImportStore;
	/** What is written ahead goes into blocks. */
	readonly seal: () => Promise<unknown>;
	/** What came back while the store was in use, and the loss that it makes good, where one was announced. */
	readonly onReturned: (refilled: Refilled, loss: StoreLoss | undefined) => void;
	/** Told at the start and after that what a person must do, if anything, for it to go on. */
	readonly onNeed: (need: CopyNeed | undefined) => void;
}

/**
 * Passes what the store's disk has taken to who follows it.
 * @param wants whether it is followed now; names and state are known even where it is not
 * @param follow told after each that there is something to write; `soon`, where it must not wait for more
 */
export function earOf(
	follower: CopyFollower,
	on: { wants(): boolean; follow(soon: boolean): void; giveWay(): Promise<boolean> }
): DiskEar {
	const add = (act: () => boolean) => {
		if (on.wants()) on.follow(act());
	};
	const addFrame = (frame: ReturnType<typeof goneFrame>) =>
		add(() => {
			follower.add([frame]);
			return false;
		});
	return {
		changed(change) {
			follower.noteNames((change.names ?? []).map(({ id }) => id));
			follower.noteState(change.state, change.forget);
			add(() => follower.take(change));
		},
		named(rows) {
			if (rows.length === 0) return;
			addFrame(namesFrame(rows));
			follower.noteNames(rows.map(({ id }) => id));
		},
		emptied: (series) => addFrame(goneFrame({ emptied: [series] })),
		giveWay: () => on.giveWay()
	};
}

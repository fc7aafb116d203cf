import type { Disk, Loaded } from '../disk';
import type { Refilled, StoreLoss, Unfilled } from '../store';
import type { ImportStore } from '../transfer/import-run';
import { bringBack } from './bring-back';
import type { CopyMemory } from './copy-memory';
import { CopyFault, troubleOf, type CopyTrouble } from './copy-status';
import type { CopyFolder } from './folder';
import { isFresh, refill } from './refill';
import { findRun, readRun, type CopyRun } from './run';

/** What became of filling a store that was lost. */
export type Filling =
	| { readonly kind: 'filled'; readonly refilled: Refilled }
	| {
			readonly kind: 'unfilled';
			readonly why: Unfilled;
			/** Of the copy, where it could be read. */
			readonly generation?: string;
			readonly trouble?: CopyTrouble | undefined;
	  };

/** Puts back what a copy holds: into a store that was lost and is empty, block by block; into one that is in use, sample by sample. */
export class CopyReturn {
	#read = 0;
	#returned: Refilled | undefined;
	#stop: AbortController | undefined;
	/** The generation whose copy has filled this store. */
	#filledFrom: string | undefined;

	constructor(private readonly memory: Pick<CopyMemory, 'owed' | 'keepOwed'>) {}

	/** Samples read so far of what is under way. */
	get read(): number {
		return this.#read;
	}

	/** What came back into a store in use. */
	get returned(): Refilled | undefined {
		return this.#returned;
	}

	/** @returns undefined where there is nothing to be put back */
	async intoEmpty(folder: CopyFolder, disk: Disk, loaded: Loaded): Promise<Filling | undefined> {
		let generation: string | undefined;
		try {
			if (!isFresh(loaded)) return undefined;
			const standing = await folder.standing();
			if (standing === 'absent') return undefined;
			if (standing === 'closed') return { kind: 'unfilled', why: 'closed' };
			const { run, damaged } = await findRun(folder);
			if (!run) return damaged > 0 ? { kind: 'unfilled', why: 'damaged' } : undefined;
			generation = run.head.generation;
			if (generation === loaded.state.generation) return undefined;
			if (await lacksRoom(folder, run)) {
				const trouble = { kind: 'not-returned', error: 'quota' } as const;
				return { kind: 'unfilled', why: 'no-room', generation, trouble };
			}
			const filled = await refill(disk, loaded.state, await readRun(folder, run));
			if (filled.ok) {
				this.#filledFrom = generation;
				// Should this worker die before the copy is made anew. Where nothing can be remembered, a person is asked then.
				await this.memory.keepOwed({ generation }).catch(() => undefined);
				return { kind: 'filled', refilled: filled.value };
			}
			const trouble = { kind: 'not-returned', error: filled.error.kind } as const;
			const why = filled.error.kind === 'quota' ? 'no-room' : 'failed';
			return { kind: 'unfilled', why, generation, trouble };
		} catch (cause) {
			const trouble = troubleOf(cause);
			const known = generation === undefined ? {} : { generation };
			return { kind: 'unfilled', why: trouble ? 'failed' : 'closed', ...known, trouble };
		}
	}

	/** What a copy of that store holds comes back as soon as it can be had, at a later start too. */
	owe(generation: string, loss: StoreLoss): Promise<void> {
		return this.memory.keepOwed({ generation, loss });
	}

	/** Whether all of a copy of that store is in this one. */
	hasFilled(generation: string): boolean {
		return generation === this.#filledFrom;
	}

	/** Whether a copy of that store comes back without a question. */
	async isOwed(generation: string): Promise<boolean> {
		return (await this.memory.owed())?.generation === generation;
	}

	/**
	 * Throws `CopyFault` where the store does not take it; undefined where it was stopped.
	 * @returns with the loss that it makes good, where one was announced
	 */
	async intoUsed(
		folder: CopyFolder,
		store: ImportStore
	): Promise<{ readonly refilled: Refilled; readonly loss: StoreLoss | undefined } | undefined> {
		const { run } = await findRun(folder);
		if (!run) throw new CopyFault({ kind: 'gone' });
		if (await lacksRoom(folder, run)) throw new CopyFault({ kind: 'not-returned', error: 'quota' });
		const stop = (this.#stop = new AbortController());
		this.#read = 0;
		try {
			const tell = (samples: number) => void (this.#read = samples);
			const back = await bringBack(store, await readRun(folder, run), tell, stop.signal);
			if (!back.ok) throw new CopyFault({ kind: 'not-returned', error: back.error.kind });
			const owed = await this.memory.owed();
			await this.memory.keepOwed(undefined);
			this.#returned = back.value;
			const loss = owed?.generation === run.head.generation ? owed.loss : undefined;
			return { refilled: back.value, loss };
		} catch (cause) {
			if (stop.signal.aborted) return undefined;
			throw cause;
		}
	}

	stop(): void {
		this.#stop?.abort();
	}
}

/** Asked before: a store that is filled until it is full lets go of its oldest for what comes next. */
async function lacksRoom(folder: CopyFolder, { head }: CopyRun): Promise<boolean> {
	const room = await folder.room?.();
	return room !== undefined && room.freeBytes < head.blockBytes;
}

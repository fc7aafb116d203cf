import type { Clock, Frame } from '$lib/base';
import { CopyFault } from './copy-status';
import type { CopyFolder } from './folder';
import type { CopyRun } from './run';
import { encodeSegment, isSegmentName, segmentName, type SegmentHead } from './segment';

/** The browser's room that is left to the store. */
const SPARE_SHARE = 0.1;

/** What a file tells of the store behind it. */
export type StoreHead = Omit<SegmentHead, 'begins' | 'at'>;

/** The files that are the copy now, and the next one. */
export class CopyFiles {
	#begins = '';
	#count = 0;
	#bytes = 0;
	#writtenMs: number | undefined;
	#fence: number;
	#next = 1;

	constructor(
		readonly folder: CopyFolder,
		private readonly clock: Clock,
		/** This leader's number: files of an earlier one that come late are before ours. */
		fence: number
	) {
		this.#fence = fence;
	}

	get count(): number {
		return this.#count;
	}

	get bytes(): number {
		return this.#bytes;
	}

	get writtenMs(): number | undefined {
		return this.#writtenMs;
	}

	/** Counts a run that was found as what is there. */
	async know(run: CopyRun): Promise<void> {
		[this.#begins, this.#count, this.#bytes] = [run.head.begins, run.names.length, 0];
		for (const name of run.names) {
			const file = await this.folder.read(name);
			this.#bytes += file.size;
			if (file instanceof File) this.#writtenMs = file.lastModified;
		}
	}

	/** What is written comes behind all that lies there: another browser may have written with a clock that is ahead. */
	async goBehind(): Promise<void> {
		const last = (await this.folder.names()).filter(isSegmentName).sort().at(-1);
		const fence = Number(last?.split('-')[0] ?? 0);
		if (fence > this.#fence) [this.#fence, this.#next] = [fence + 1, 1];
		else if (fence === this.#fence) this.#next = Math.max(this.#next, Number(last?.split('-')[1]) + 1);
	}

	/** The next file begins a run. @returns what makes what was there before count again */
	begin(): () => void {
		const before = [this.#begins, this.#count, this.#bytes] as const;
		[this.#begins, this.#count, this.#bytes] = [segmentName(this.#fence, this.#next), 0, 0];
		return () => ([this.#begins, this.#count, this.#bytes] = before);
	}

	/** Throws `CopyFault` where the rest of the room is left to the store, and what the browser throws. */
	async put(head: StoreHead, frames: readonly Frame[]): Promise<void> {
		const bytes = encodeSegment({ ...head, begins: this.#begins, at: this.#count }, frames);
		const room = await this.folder.room?.();
		if (room && (room.freeShare < SPARE_SHARE || room.freeBytes < 2 * bytes.length))
			throw new CopyFault({ kind: 'no-room' });
		await this.folder.write(segmentName(this.#fence, this.#next++), bytes);
		this.#count++;
		this.#bytes += bytes.length;
		this.#writtenMs = this.clock.now();
	}

	/** Removes what the run does not need. */
	async sweep(): Promise<void> {
		for (const name of await this.folder.names())
			if (!isSegmentName(name) || name < this.#begins) await this.folder.remove(name);
	}

	/** @returns whether there was anything */
	async clear(): Promise<boolean> {
		const names = await this.folder.names();
		for (const name of names) await this.folder.remove(name);
		[this.#begins, this.#count, this.#bytes, this.#writtenMs] = ['', 0, 0, undefined];
		return names.length > 0;
	}
}

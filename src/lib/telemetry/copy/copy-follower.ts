import type { Frame } from '$lib/base';
import { SNAPSHOT_VERSION } from '../backup/restore';
import type { BlockHead } from '../codec/block';
import type { BlockChange, Disk, StateRow } from '../disk';
import type { CopyFiles, StoreHead } from './copy-files';
import { framesOf, halvesOf, outlineOf, wholeFrame } from './copy-frames';
import { CopyFault } from './copy-status';
import type { CopyRun } from './run';
import { isIntact, type SegmentHead } from './segment';
import { WaitingFrames } from './waiting-frames';

const FILE_BYTES = 4 << 20;
/** Made anew when it is longer than twice what lives, and this. */
const SLACK_BYTES = 4 << 20;
const MOST_FILES = 500;

/** Follows what the store seals, and brings the files of a copy to it. One step at a time; SecondCopy says when. */
export class CopyFollower {
	readonly #waiting = new WaitingFrames();
	readonly #nameIds = new Set<number>();
	#state: StateRow | undefined;
	/** What lies there and what waits are together what the store has sealed. */
	#sound = false;
	#collecting = false;
	/** To be made anew. */
	#due = false;
	/** What it holds is to go from there, whatever happens. */
	#forgetting = false;
	#unchecked: string[] = [];
	#damagedFiles = 0;

	constructor(private readonly slackBytes = SLACK_BYTES) {}

	get isCurrent(): boolean {
		return this.#sound && !this.#due;
	}

	/** Found damaged or missing. */
	get damagedFiles(): number {
		return this.#damagedFiles;
	}

	noteNames(ids: Iterable<number>): void {
		for (const id of ids) this.#nameIds.add(id);
	}

	noteState(state: StateRow, forgotten: readonly number[] = []): void {
		this.#state = state;
		for (const id of forgotten) this.#nameIds.delete(id);
	}

	noteDamage(files: number): void {
		this.#damagedFiles += files;
	}

	/** What is sealed from now on waits. @returns the store as it is */
	begin(): StoreHead {
		this.#waiting.drop();
		[this.#sound, this.#due, this.#collecting] = [false, false, true];
		return this.#head(true);
	}

	/** Goes on behind a run that agrees with the store, or makes it anew. */
	goOn(run: CopyRun | undefined, there: StoreHead): void {
		if (run && agrees(run.head, there)) {
			this.#sound = true;
			this.#unchecked = [...run.names];
		} else this.#due = true;
	}

	/** What changed is not known any more. */
	miss(): void {
		this.#waiting.drop();
		this.#sound = this.#collecting = false;
		this.#due = true;
		this.#unchecked = [];
	}

	add(frames: readonly Frame[], halves: readonly BlockHead[] = []): void {
		if (this.#collecting && !this.#waiting.add(frames, halves)) this.miss();
	}

	/** @returns whether it is made anew at once: a file that only says that something is gone would still hold it */
	take(change: BlockChange): boolean {
		this.add(framesOf(change), halvesOf(change));
		if (!change.forget || change.forget.length === 0) return false;
		return (this.#due = this.#forgetting = true);
	}

	/** What waits becomes one file. */
	async write(files: CopyFiles, disk: Disk): Promise<void> {
		if (!this.#sound || this.#waiting.isEmpty) return;
		const head = this.#head(true);
		await files.put(head, await this.#waiting.take(disk));
	}

	/**
	 * Writes what waits, makes the copy anew where it is to be, or looks one file through.
	 * @param goesOn false leaves one that is being made half made
	 * @returns whether there is more to be looked through
	 */
	async step(files: CopyFiles, disk: Disk, goesOn: () => boolean): Promise<boolean> {
		await this.write(files, disk);
		const live = (this.#state?.blockBytes ?? 0) + (this.#state?.rollupBytes ?? 0);
		if (files.bytes > 2 * live + this.slackBytes || files.count > MOST_FILES) this.#due = true;
		if (this.#due) {
			await this.#makeAnew(files, disk, goesOn);
			return false;
		}
		return this.#checkNext(files);
	}

	/** The store as it is now, block by block, and then what changed meanwhile; what was there before is good until then. */
	async #makeAnew(files: CopyFiles, disk: Disk, goesOn: () => boolean): Promise<void> {
		this.begin();
		this.#unchecked = [];
		const forgetting = this.#forgetting;
		this.#forgetting = false;
		const back = files.begin();
		try {
			const { frames: outline, heads } = await outlineOf(disk, await disk.load());
			let [frames, length] = [outline, 0];
			for (const head of heads) {
				if (!goesOn()) {
					this.miss();
					return back();
				}
				frames.push(...(await wholeFrame(disk, head)));
				length += head.bytes;
				if (length < FILE_BYTES) continue;
				await files.put(this.#head(false), frames);
				[frames, length] = [[], 0];
			}
			if (!this.#collecting) throw new CopyFault({ kind: 'overrun' });
			// Said to be whole together with what changed meanwhile, which the state tells of.
			const head = this.#head(true);
			await files.put(head, [...frames, ...(await this.#waiting.take(disk))]);
			this.#sound = true;
		} catch (cause) {
			back();
			if (forgetting) await files.clear();
			throw cause;
		}
		await files.sweep();
	}

	/** Bytes may change where they lie: a file of the copy is found damaged before it is needed. */
	async #checkNext({ folder }: CopyFiles): Promise<boolean> {
		const name = this.#unchecked.shift();
		if (name === undefined) return false;
		if (!(await isIntact(await folder.read(name)))) {
			this.#damagedFiles++;
			this.#due = true;
		}
		return true;
	}

	#head(whole: boolean): StoreHead {
		const { generation = '', seal = 0, blocks = 0, blockBytes = 0, rollupBytes = 0 } = this.#state ?? {};
		return {
			...{ snapshot: SNAPSHOT_VERSION, generation, whole, due: this.#due },
			...{ seal, blocks, blockBytes: blockBytes + rollupBytes, names: this.#nameIds.size }
		};
	}
}

const agrees = (a: SegmentHead, b: StoreHead): boolean =>
	!a.due &&
	a.generation === b.generation &&
	a.seal === b.seal &&
	a.blocks === b.blocks &&
	a.blockBytes === b.blockBytes &&
	a.names === b.names;

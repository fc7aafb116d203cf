import type { Frame } from '$lib/base';
import type { BlockHead } from '../codec/block';
import type { Disk } from '../disk';
import { wholeFrame } from './copy-frames';

/** Waiting beyond this is let go of, and the copy made anew. */
const MOST_BYTES = 32 << 20;

/** What the store has sealed and the copy has not yet. */
export class WaitingFrames {
	#frames: Frame[] = [];
	#halves: BlockHead[] = [];
	#bytes = 0;

	get isEmpty(): boolean {
		return this.#frames.length === 0 && this.#halves.length === 0;
	}

	/** @returns whether it may wait; else all of it was let go of */
	add(frames: readonly Frame[], halves: readonly BlockHead[] = []): boolean {
		this.#frames.push(...frames);
		this.#halves.push(...halves);
		for (const { bytes } of frames) this.#bytes += bytes.length;
		if (this.#bytes <= MOST_BYTES) return true;
		this.drop();
		return false;
	}

	drop(): void {
		[this.#frames, this.#halves, this.#bytes] = [[], [], 0];
	}

	/** All of it, in the order it came; blocks of which only part was told are read as they are now, and stand behind. */
	async take(disk: Disk): Promise<readonly Frame[]> {
		const [frames, halves] = [this.#frames, this.#halves];
		this.drop();
		const whole: Frame[] = [];
		for (const head of halves) whole.push(...(await wholeFrame(disk, head)));
		return [...frames, ...whole];
	}
}

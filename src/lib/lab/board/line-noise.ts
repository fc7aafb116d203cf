import type { Clock } from '$lib/base';
import type { BoardFaults } from './board-faults';

/** Beyond what a loader waits for a small answer, ms. */
const LATE_MS = 600;

/** One direction of a bad line: bytes are lost, turned or late, and keep their order. */
export class LineNoise {
	/** What waits behind something late. */
	#waiting: Uint8Array<ArrayBuffer>[] | undefined;

	/** @param parts.random in [0, 1) */
	constructor(
		private readonly parts: {
			readonly faults: () => BoardFaults;
			readonly random: () => number;
			readonly clock: Clock;
			readonly deliver: (bytes: Uint8Array<ArrayBuffer>) => void;
		},
		private readonly direction: 'to-chip' | 'to-host'
	) {}

	pass(bytes: Uint8Array<ArrayBuffer>): void {
		const { faults, random, clock } = this.parts;
		const { dropOneIn, flipOneIn, lateOneIn, chargeOnly } = faults();
		if (chargeOnly) return;
		const noisy = dropOneIn !== undefined || flipOneIn !== undefined;
		const through = noisy ? this.#worn(bytes, dropOneIn, flipOneIn) : bytes;
		if (this.#waiting) return void this.#waiting.push(through);
		const late = this.direction === 'to-host' && lateOneIn !== undefined && random() * lateOneIn < 1;
		if (!late) return this.parts.deliver(through);
		const waiting = (this.#waiting = [through]);
		clock.after(LATE_MS, () => {
			if (this.#waiting !== waiting) return;
			this.#waiting = undefined;
			for (const each of waiting) this.parts.deliver(each);
		});
	}

	/** Nobody is there any more: what waits is lost. */
	cut(): void {
		this.#waiting = undefined;
	}

	#worn(bytes: Uint8Array, dropOneIn = Infinity, flipOneIn = Infinity): Uint8Array<ArrayBuffer> {
		const { random } = this.parts;
		const out = new Uint8Array(bytes.length);
		let length = 0;
		for (const byte of bytes) {
			if (random() * dropOneIn < 1) continue;
			out[length++] = random() * flipOneIn < 1 ? byte ^ (1 << Math.floor(random() * 8)) : byte;
		}
		return out.slice(0, length);
	}
}

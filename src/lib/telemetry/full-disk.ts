import { Stopwatch, type Clock, type Result } from '$lib/base';
import type { LetGo, StoreError, StoreTrouble } from './store';

/** After room was made in vain none is made for so long, ms, and twice as long each time that it was in vain again. */
const IN_VAIN_MS = 60 * 60_000;

/**
 * Writes through a full disk: the oldest samples go, and the write is tried again. Where that did not help, others fill the disk: then
 * ours stay for a while, since all of them would make no room either.
 */
export class FullDisk {
	#inVain: { readonly since: Stopwatch; readonly restMs: number } | undefined;

	constructor(
		private readonly parts: {
			readonly clock: Clock;
			/** @returns what went */
			readonly makeRoom: () => Promise<Result<readonly LetGo[], StoreError>>;
			readonly onTrouble: (trouble: StoreTrouble) => void;
		}
	) {}

	async write(put: () => Promise<Result<void, StoreError>>): Promise<Result<void, StoreError>> {
		const { clock, makeRoom, onTrouble } = this.parts;
		const first = await put();
		if (first.ok) this.#inVain = undefined;
		if (first.ok || first.error.kind !== 'quota') return first;
		if (this.#inVain && this.#inVain.since.ms < this.#inVain.restMs) return first;
		const made = await makeRoom();
		const letGo = made.ok ? made.value : [];
		const second = letGo.length > 0 ? await put() : first;
		const restMs = this.#inVain ? 2 * this.#inVain.restMs : IN_VAIN_MS;
		this.#inVain = second.ok ? undefined : { since: new Stopwatch(clock), restMs };
		if (letGo.length > 0) onTrouble({ kind: 'made-room', letGo, helped: second.ok });
		return second;
	}
}

/** How many of the last numbers are known one by one. */
export const RECEIVE_WINDOW = 64;

/** `stale`: too old to know whether it was taken. */
export type NumberVerdict = 'new' | 'seen' | 'stale';

/** Which numbers of one epoch were taken, docs/protocol.md §5; as in RFC 4303 §3.4.3. */
export class ReceiveWindow {
	#highest = -1;
	/** Bit i: `#highest` − i. */
	#taken = 0n;

	/** Judges a number, and takes it where it is new. @param number 0 … 2³²−1 */
	take(number: number): NumberVerdict {
		if (number > this.#highest) {
			const by = this.#highest < 0 ? RECEIVE_WINDOW : Math.min(number - this.#highest, RECEIVE_WINDOW);
			this.#taken = BigInt.asUintN(RECEIVE_WINDOW, this.#taken << BigInt(by)) | 1n;
			this.#highest = number;
			return 'new';
		}
		const behind = this.#highest - number;
		if (behind >= RECEIVE_WINDOW) return 'stale';
		const bit = 1n << BigInt(behind);
		if (this.#taken & bit) return 'seen';
		this.#taken |= bit;
		return 'new';
	}
}

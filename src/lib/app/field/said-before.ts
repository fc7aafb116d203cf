import { conventionOf, type Sample } from '$lib/model';

/** Of one device. */
const REMEMBERED = 16;
const MAX_DEVICES = 2000;

/**
 * What devices of other conventions said last: they number nothing, and a QoS 1 message may come twice. The same values of the same
 * instant, by the device's own clock, are one sample. Best effort, and of one device the last {@link REMEMBERED} only.
 */
export class SaidBefore {
	readonly #said = new Map<string, string[]>();

	/** Whether it was said; from now on it was. A sample without a time of its own is never a repeat. */
	repeats(sample: Sample): boolean {
		if (sample.clock === 'unsynchronised' || conventionOf(sample.device) === undefined) return false;
		const what = `${sample.timeMs} ${JSON.stringify(sample.values)}`;
		const said = this.#said.get(sample.device);
		if (said?.includes(what)) return true;
		if (said) {
			if (said.length >= REMEMBERED) said.shift();
			said.push(what);
			return false;
		}
		if (this.#said.size >= MAX_DEVICES) this.#said.clear();
		this.#said.set(sample.device, [what]);
		return false;
	}

	forget(device: string): void {
		this.#said.delete(device);
	}
}

import type { DeviceId, SampleIdentity } from '$lib/model';

/** Numbers below the highest that are told apart; four of the largest batches. */
const WINDOW = 1024;
/** Logs of one device: it restarts, and what it kept of the one before comes after it. */
const EPOCHS = 4;

interface Window {
	highest: number;
	/** The number n is bit n modulo WINDOW. */
	readonly bits: Uint32Array;
}

/**
 * Which samples came lately, whichever way: one that comes alone and again in a batch is shown and counted once. Bounded, and
 * therefore not the last word: what lies too far back passes, and the store's ledger knows it.
 */
export class SeenSamples {
	readonly #devices = new Map<DeviceId, Map<number, Window>>();

	has(device: DeviceId, { epoch, seq }: SampleIdentity): boolean {
		const window = this.#devices.get(device)?.get(epoch);
		if (!window || seq > window.highest || seq <= window.highest - WINDOW) return false;
		return (window.bits[(seq % WINDOW) >>> 5]! & (1 << (seq & 31))) !== 0;
	}

	add(device: DeviceId, { epoch, seq }: SampleIdentity): void {
		const window = this.#window(device, epoch, seq);
		if (seq <= window.highest - WINDOW) return;
		const newOnes = Math.min(WINDOW, seq - window.highest);
		for (let n = seq - newOnes + 1; n <= seq; n++) window.bits[(n % WINDOW) >>> 5]! &= ~(1 << (n & 31));
		window.highest = Math.max(window.highest, seq);
		window.bits[(seq % WINDOW) >>> 5]! |= 1 << (seq & 31);
	}

	forget(device: DeviceId): void {
		this.#devices.delete(device);
	}

	clear(): void {
		this.#devices.clear();
	}

	#window(device: DeviceId, epoch: number, seq: number): Window {
		const epochs = this.#devices.get(device) ?? new Map<number, Window>();
		this.#devices.set(device, epochs);
		const known = epochs.get(epoch);
		if (known) return known;
		const [oldest] = epochs.keys();
		if (epochs.size >= EPOCHS && oldest !== undefined) epochs.delete(oldest);
		const window = { highest: seq, bits: new Uint32Array(WINDOW / 32) };
		epochs.set(epoch, window);
		return window;
	}
}

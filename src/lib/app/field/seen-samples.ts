import type { ClockQuality, DeviceId, SampleIdentity } from '$lib/model';
import { CLOCK_QUALITIES } from '$lib/telemetry';

/** Numbers below the highest that are told apart; four of the largest batches. */
const WINDOW = 1024;
/** Logs of one device: it restarts, and what it kept of the one before comes after it. */
const EPOCHS = 4;

interface Window {
	highest: number;
	/** How well the time of the number n is known, at n modulo WINDOW: 0 where it did not come, 3 where its clock was synchronised. */
	readonly known: Uint8Array;
}

/**
 * Which samples came lately, whichever way, and how well their times are known: one that comes alone and again in a batch is shown and
 * counted once. Bounded, and therefore not the last word: what lies too far back passes, and the store's ledger knows it.
 */
export class SeenSamples {
	readonly #devices = new Map<DeviceId, Map<number, Window>>();

	/** As it came before; `better`: with a time that is known less well. */
	judge(device: DeviceId, { epoch, seq }: SampleIdentity, clock: ClockQuality): 'new' | 'repeat' | 'better' {
		const window = this.#devices.get(device)?.get(epoch);
		if (!window || seq > window.highest || seq <= window.highest - WINDOW) return 'new';
		const known = window.known[seq % WINDOW]!;
		if (known === 0) return 'new';
		return known < rankOf(clock) ? 'better' : 'repeat';
	}

	add(device: DeviceId, { epoch, seq }: SampleIdentity, clock: ClockQuality): void {
		const window = this.#window(device, epoch, seq);
		if (seq <= window.highest - WINDOW) return;
		const newOnes = Math.min(WINDOW, seq - window.highest);
		for (let n = seq - newOnes + 1; n <= seq; n++) window.known[n % WINDOW] = 0;
		window.highest = Math.max(window.highest, seq);
		window.known[seq % WINDOW] = rankOf(clock);
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
		const window = { highest: seq, known: new Uint8Array(WINDOW) };
		epochs.set(epoch, window);
		return window;
	}
}

const rankOf = (clock: ClockQuality): number => CLOCK_QUALITIES.length - CLOCK_QUALITIES.indexOf(clock);

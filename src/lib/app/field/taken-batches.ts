import type { BatchPlace } from '$lib/device';
import type { NumberVerdict } from '$lib/crypto';
import type { DeviceId } from '$lib/model';
import type { Rows } from '$lib/vault';

/** Which sealed batches of a device were taken: of each of its last logs, the newest numbers, ascending. */
export interface TakenRow {
	/** Absent in rows of earlier versions. */
	readonly device?: DeviceId;
	readonly epochs: readonly { readonly epoch: number; readonly numbers: readonly number[] }[];
}

/** As many as the window of docs/protocol.md §5.3. */
const WINDOW = 64;
/** The logs of one device: it restarts, and what it kept of the one before comes after it. */
const EPOCHS = 4;
const NONE: TakenRow = { epochs: [] };
const ROWS_HELD = 4096;

/**
 * Takes each sealed batch once, also over restarts of the browser: a number is on its way to disk before its samples are. A number of
 * an epoch that is none of the last four is new, for epochs are random: then the store's ledger knows the samples.
 */
export class TakenBatches {
	readonly #rows = new Map<DeviceId, TakenRow>();

	readonly #sealing = new Set<DeviceId>();
	readonly #reading: Promise<void>;
	#read = false;

	constructor(
		private readonly kept: Rows<TakenRow>,
		private readonly onFault: (cause: unknown) => void
	) {
		this.#reading = this.#readSealing();
	}

	/**
	 * Judges a number whose seal holds, and takes it where it is new.
	 * @param rule `window`: each number once, as far as 64 back. `rising`: only above the highest
	 */
	async take(device: DeviceId, place: BatchPlace, rule: 'window' | 'rising'): Promise<NumberVerdict> {
		const row = await this.#row(device);
		const numbers = row.epochs.find(({ epoch }) => epoch === place.epoch)?.numbers ?? [];
		const verdict = judge(numbers, place.number, rule);
		if (verdict !== 'new') return verdict;
		const taken = [...numbers, place.number]
			.toSorted((a, b) => a - b)
			.slice(rule === 'rising' ? -1 : -WINDOW);
		const others = row.epochs.filter(({ epoch }) => epoch !== place.epoch);
		this.#sealing.add(device);
		const next = { device, epochs: [...others, { epoch: place.epoch, numbers: taken }].slice(-EPOCHS) };
		this.#hold(device, next);
		await this.kept.put(device, next).catch(this.onFault);
		return 'new';
	}

	/** Whether any of its batches was taken under its present secret, now or before. */
	sealing(device: DeviceId): boolean | Promise<boolean> {
		return this.#read ? this.#sealing.has(device) : this.#reading.then(() => this.#sealing.has(device));
	}

	async forget(device: DeviceId): Promise<void> {
		this.#rows.delete(device);
		this.#sealing.delete(device);
		await this.kept.delete(device).catch(this.onFault);
	}

	async #readSealing(): Promise<void> {
		try {
			for (const { device } of await this.kept.all()) if (device !== undefined) this.#sealing.add(device);
		} catch (cause) {
			this.onFault(cause);
		}
		this.#read = true;
	}

	async #row(device: DeviceId): Promise<TakenRow> {
		const known = this.#rows.get(device);
		if (known) return known;
		const row = (await this.kept.get(device)) ?? NONE;
		this.#hold(device, row);
		return row;
	}

	#hold(device: DeviceId, row: TakenRow): void {
		// The oldest goes: what is on disk is read again.
		const [first] = this.#rows.keys();
		if (this.#rows.size >= ROWS_HELD && first !== undefined) this.#rows.delete(first);
		this.#rows.set(device, row);
	}
}

function judge(numbers: readonly number[], number: number, rule: 'window' | 'rising'): NumberVerdict {
	const highest = numbers.at(-1);
	if (highest === undefined || number > highest) return 'new';
	if (rule === 'rising' || numbers.includes(number)) return 'seen';
	return numbers.length >= WINDOW && number < numbers[0]! ? 'stale' : 'new';
}

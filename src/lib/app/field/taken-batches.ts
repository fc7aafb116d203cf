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
 * Takes each sealed batch once, also over restarts of the browser. A number goes to disk when its samples are there: one whose samples
 * were lost with the browser may come again. Killed between the two, the browser takes a batch anew, and the store's ledger knows its
 * samples where they are numbered. A number of an epoch that is none of the last four is new, for epochs are random: then the store's ledger knows the samples.
 */
export class TakenBatches {
	readonly #rows = new Map<DeviceId, TakenRow>();
	/** Taken, and their samples are not on disk yet; in the order in which they came. */
	readonly #pending = new Map<DeviceId, readonly BatchPlace[]>();
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
	 * Judges a number whose seal holds, and takes it where it is new: until it is kept or released it is remembered in memory.
	 * @param rule `window`: each number once, as far as 64 back. `rising`: only above the highest
	 */
	async take(device: DeviceId, place: BatchPlace, rule: 'window' | 'rising'): Promise<NumberVerdict> {
		const row = await this.#row(device);
		const pending = this.#pending.get(device) ?? [];
		const { epochs } = pending.reduce((taken, one) => withPlace(taken, one, rule), row);
		const numbers = epochs.find(({ epoch }) => epoch === place.epoch)?.numbers ?? [];
		const verdict = judge(numbers, place.number, rule);
		if (verdict !== 'new') return verdict;
		this.#sealing.add(device);
		this.#pending.set(device, [...pending, place]);
		return 'new';
	}

	/** Its samples are on disk: now its number may be. Resolves when it is. */
	async keep(device: DeviceId, place: BatchPlace, rule: 'window' | 'rising'): Promise<void> {
		const row = await this.#row(device);
		if (!this.release(device, place)) return; // forgotten meanwhile
		const next = { device, epochs: withPlace(row, place, rule).epochs };
		this.#hold(device, next);
		await this.kept.put(device, next).catch(this.onFault);
	}

	/** Its samples could not be stored: it may come again. @returns whether it was taken and not kept yet */
	release(device: DeviceId, place: BatchPlace): boolean {
		const pending = this.#pending.get(device) ?? [];
		const rest = pending.filter((one) => one !== place);
		if (rest.length > 0) this.#pending.set(device, rest);
		else this.#pending.delete(device);
		return rest.length < pending.length;
	}

	/** Whether any of its batches was taken under its present secret, now or before. */
	sealing(device: DeviceId): boolean | Promise<boolean> {
		return this.#read ? this.#sealing.has(device) : this.#reading.then(() => this.#sealing.has(device));
	}

	async forget(device: DeviceId): Promise<void> {
		this.#rows.delete(device);
		this.#pending.delete(device);
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

/** What was taken under one secret here and in another browser, or here at another time. */
export function takenByBoth(here: TakenRow, there: TakenRow): TakenRow {
	const epochs = new Map(there.epochs.map(({ epoch, numbers }) => [epoch, numbers]));
	for (const { epoch, numbers } of here.epochs) {
		const all = [...new Set([...(epochs.get(epoch) ?? []), ...numbers])].toSorted((a, b) => a - b);
		epochs.delete(epoch); // last of those that are kept
		epochs.set(epoch, all.slice(-WINDOW));
	}
	const kept = [...epochs].map(([epoch, numbers]) => ({ epoch, numbers })).slice(-EPOCHS);
	return { ...there, ...here, epochs: kept };
}

function withPlace(row: TakenRow, { epoch, number }: BatchPlace, rule: 'window' | 'rising'): TakenRow {
	const known = row.epochs.find((one) => one.epoch === epoch)?.numbers ?? [];
	const numbers = [...known, number].toSorted((a, b) => a - b).slice(rule === 'rising' ? -1 : -WINDOW);
	const others = row.epochs.filter((one) => one.epoch !== epoch);
	return { ...row, epochs: [...others, { epoch, numbers }].slice(-EPOCHS) };
}

function judge(numbers: readonly number[], number: number, rule: 'window' | 'rising'): NumberVerdict {
	const highest = numbers.at(-1);
	if (highest === undefined || number > highest) return 'new';
	if (rule === 'rising' || numbers.includes(number)) return 'seen';
	return numbers.length >= WINDOW && number < numbers[0]! ? 'stale' : 'new';
}

import type { Flash } from './flash';
import { committed, settled } from './idb-request';
import { FLASH } from './lab-schema';

/**
 * A flash kept in IndexedDB: all of it in memory, each change written behind, in order. The window in which a crash of the
 * browser takes a change away is one transaction, a few ms; the firmware's records bear that (docs/firmware.md §5).
 * While writing fails, further writes are refused, so that the device can say that its storage failed.
 */
export class IdbFlash implements Flash {
	readonly #waiting = new Map<string, Uint8Array>();
	#writing: Promise<void> | undefined;
	#failed = false;

	private constructor(
		private readonly db: IDBDatabase,
		private readonly device: string,
		private readonly records: Map<string, Uint8Array>
	) {}

	static async load(db: IDBDatabase, device: string): Promise<IdbFlash> {
		const range = IDBKeyRange.bound([device], [device, []]);
		const store = db.transaction(FLASH).objectStore(FLASH);
		const [keys, values] = await Promise.all([
			settled(store.getAllKeys(range)),
			settled(store.getAll(range))
		]);
		const records = new Map<string, Uint8Array>();
		keys.forEach((key, i) => {
			const name: unknown = Array.isArray(key) ? key[1] : undefined;
			const value: unknown = values[i];
			if (typeof name === 'string' && value instanceof Uint8Array) records.set(name, value);
		});
		return new IdbFlash(db, device, records);
	}

	read(key: string): Uint8Array | undefined {
		return this.records.get(key);
	}

	write(key: string, bytes: Uint8Array): boolean {
		if (this.#failed) {
			void this.flush(); // the medium may be back for the next one
			return false;
		}
		this.records.set(key, bytes);
		this.#waiting.set(key, bytes);
		void this.flush();
		return true;
	}

	/** Resolves when nothing waits to be written, or writing failed. */
	flush(): Promise<void> {
		this.#writing ??= this.#writeAll().finally(() => (this.#writing = undefined));
		return this.#writing;
	}

	async #writeAll(): Promise<void> {
		await Promise.resolve(); // what is written in the same call goes in the same transaction
		while (this.#waiting.size > 0) {
			const batch = [...this.#waiting];
			this.#waiting.clear();
			try {
				const tx = this.db.transaction(FLASH, 'readwrite');
				for (const [key, bytes] of batch) tx.objectStore(FLASH).put(bytes, [this.device, key]);
				await committed(tx);
				this.#failed = false;
			} catch {
				// Full, or closed: kept for the next try, unless something newer came meanwhile.
				this.#failed = true;
				for (const [key, bytes] of batch) if (!this.#waiting.has(key)) this.#waiting.set(key, bytes);
				return;
			}
		}
	}
}

import { MemorySparseFlash, SECTOR_BYTES, type SparseFlash } from './board/sparse-flash';
import { committed, settled } from './idb-request';
import { BOARD_FLASH } from './lab-schema';

/** How long changes gather before they are written: a flashing changes each sector many times. */
const GATHER_MS = 250;

/**
 * A board's flash kept in IndexedDB, a row a sector under [board, sector]; all of it in memory, each change written behind. A
 * crash of the browser takes away at most what the last quarter of a second changed, as pulling the cable would.
 */
export class IdbSparseFlash implements SparseFlash {
	readonly sizeBytes: number;
	readonly #memory: MemorySparseFlash;
	readonly #waiting = new Map<number, Uint8Array<ArrayBuffer> | undefined>();
	#timer: ReturnType<typeof setTimeout> | undefined;
	#writing: Promise<void> = Promise.resolve();
	#failure: string | undefined;

	private constructor(
		private readonly db: IDBDatabase,
		private readonly board: string,
		sizeBytes: number,
		sectors: readonly (readonly [number, Uint8Array<ArrayBuffer>])[]
	) {
		this.sizeBytes = sizeBytes;
		this.#memory = new MemorySparseFlash(sizeBytes, sectors, (sector, bytes) => {
			this.#waiting.set(sector, bytes);
			this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS);
		});
	}

	static async load(db: IDBDatabase, board: string, sizeBytes: number): Promise<IdbSparseFlash> {
		const range = IDBKeyRange.bound([board], [board, []]);
		const store = db.transaction(BOARD_FLASH).objectStore(BOARD_FLASH);
		const [keys, values] = await Promise.all([
			settled(store.getAllKeys(range)),
			settled(store.getAll(range))
		]);
		const sectors = keys.flatMap((key, i) => {
			const sector: unknown = Array.isArray(key) ? key[1] : undefined;
			const bytes: unknown = values[i];
			const sound = bytes instanceof Uint8Array && bytes.length === SECTOR_BYTES;
			return typeof sector === 'number' && sound ? [[sector, Uint8Array.from(bytes)] as const] : [];
		});
		return new IdbSparseFlash(db, board, sizeBytes, sectors);
	}

	/** Why what was changed last could not be kept; undefined where all is. */
	get failure(): string | undefined {
		return this.#failure;
	}

	read(offset: number, length: number): Uint8Array<ArrayBuffer> {
		return this.#memory.read(offset, length);
	}

	program(offset: number, bytes: Uint8Array): void {
		this.#memory.program(offset, bytes);
	}

	erase(offset: number, length: number): void {
		this.#memory.erase(offset, length);
	}

	flush(): Promise<void> {
		clearTimeout(this.#timer);
		this.#timer = undefined;
		this.#writing = this.#writing.then(() => this.#write());
		return this.#writing;
	}

	async #write(): Promise<void> {
		if (this.#waiting.size === 0) return;
		const batch = [...this.#waiting];
		this.#waiting.clear();
		try {
			const tx = this.db.transaction(BOARD_FLASH, 'readwrite');
			const store = tx.objectStore(BOARD_FLASH);
			for (const [sector, bytes] of batch) {
				if (bytes) store.put(bytes, [this.board, sector]);
				else store.delete([this.board, sector]);
			}
			await committed(tx);
			this.#failure = undefined;
		} catch (cause) {
			this.#failure = String(cause);
			// Full, or closed: kept for the next try, unless something newer came meanwhile.
			for (const [sector, bytes] of batch) if (!this.#waiting.has(sector)) this.#waiting.set(sector, bytes);
		}
	}
}

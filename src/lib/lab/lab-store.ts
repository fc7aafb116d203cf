import { IdbFlash } from './idb-flash';
import { committed, settled } from './idb-request';
import { FLASH, DEVICES } from './lab-schema';

/** A virtual device as it is remembered; its settings and journal are in its flash. */
export interface LabDevice {
	readonly id: string;
	readonly name: string;
	readonly seed: number;
	/** ms since the Unix epoch. */
	readonly createdMs: number;
}

const VERSION = 1;

/**
 * Which virtual devices this browser has, and their flash: the IndexedDB database `fieldbench-lab`. Two stores: `devices` by id,
 * and `flash` by [device, key], whose values are bytes.
 */
export class LabStore {
	private constructor(private readonly db: IDBDatabase) {}

	/** @throws DOMException where the browser refuses IndexedDB */
	static async open(name = 'fieldbench-lab', factory: IDBFactory = indexedDB): Promise<LabStore> {
		const request = factory.open(name, VERSION);
		request.onupgradeneeded = () => {
			request.result.createObjectStore(DEVICES, { keyPath: 'id' });
			request.result.createObjectStore(FLASH);
		};
		const db = await settled(request);
		// Another tab with a newer version of the app must not wait for this one.
		db.onversionchange = () => db.close();
		return new LabStore(db);
	}

	/** Oldest first. Rows that are not devices are passed over. */
	async devices(): Promise<readonly LabDevice[]> {
		const rows: unknown[] = await settled(this.db.transaction(DEVICES).objectStore(DEVICES).getAll());
		return rows.flatMap((row) => parseLabDevice(row) ?? []).sort((a, b) => a.createdMs - b.createdMs);
	}

	async put(device: LabDevice): Promise<void> {
		const tx = this.db.transaction(DEVICES, 'readwrite');
		tx.objectStore(DEVICES).put(device);
		await committed(tx);
	}

	/** The device and its flash, in one transaction. */
	async remove(id: string): Promise<void> {
		const tx = this.db.transaction([DEVICES, FLASH], 'readwrite');
		tx.objectStore(DEVICES).delete(id);
		tx.objectStore(FLASH).delete(IDBKeyRange.bound([id], [id, []]));
		await committed(tx);
	}

	/** The device's flash, read whole: it is small, and the firmware cannot wait. */
	flash(id: string): Promise<IdbFlash> {
		return IdbFlash.load(this.db, id);
	}

	close(): void {
		this.db.close();
	}
}

function parseLabDevice(row: unknown): LabDevice | undefined {
	if (typeof row !== 'object' || row === null) return undefined;
	const { id, name, seed, createdMs } = row as Record<string, unknown>;
	if (typeof id !== 'string' || typeof name !== 'string') return undefined;
	if (typeof seed !== 'number' || typeof createdMs !== 'number') return undefined;
	return { id, name, seed, createdMs };
}

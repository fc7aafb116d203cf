import {
	BOARD_CHIPS,
	CHIP_MAKES,
	isBoardFault,
	usbsOf,
	type BoardChip,
	type BoardFault,
	type BoardUsb
} from './board';
import { IdbFlash } from './idb-flash';
import { committed, settled } from './idb-request';
import { IdbSparseFlash } from './idb-sparse-flash';
import { BOARD_FLASH, BOARDS, DEVICES, FLASH, VERSION } from './lab-schema';
import { parseMakeConfig, parseWorld, type VirtualMake } from './virtual-catalogue';

/** A virtual device as it is remembered, and what it was made of; its settings and journal are in its flash. */
export interface LabDevice extends VirtualMake {
	readonly id: string;
	readonly name: string;
	readonly seed: number;
	/** ms since the Unix epoch. */
	readonly createdMs: number;
	/** The broker hears it too. */
	readonly overBroker?: true;
}

/** A practice board as it is remembered; what was flashed is in its flash. */
export interface LabBoard {
	/** Its MAC, 12 hexadecimal digits. */
	readonly mac: string;
	readonly name: string;
	readonly plugged: boolean;
	/** Its line and its flash take no time. */
	readonly instant: boolean;
	readonly createdMs: number;
	readonly make: BoardMake;
	readonly faults: readonly BoardFault[];
}

/** What a practice board is made of. */
export interface BoardMake {
	readonly chip: BoardChip;
	readonly usb: BoardUsb;
	readonly flashBytes: number;
}

/** What a first press makes, and what boards were before there was a choice. */
export const USUAL_MAKE: BoardMake = { chip: 'ESP32-C3', usb: 'bridge', flashBytes: 4 << 20 };

/**
 * Which virtual devices and practice boards this browser has, and their flash: the IndexedDB database `fieldbench-lab`. Stores:
 * `devices` by id, `flash` by [device, key], `boards` by mac, and `board-flash` by [mac, sector]; the two flashes hold bytes.
 */
export class LabStore {
	private constructor(private readonly db: IDBDatabase) {}

	/** @throws DOMException where the browser refuses IndexedDB */
	static async open(name = 'fieldbench-lab', factory: IDBFactory = indexedDB): Promise<LabStore> {
		const request = factory.open(name, VERSION);
		request.onupgradeneeded = ({ oldVersion }) => {
			if (oldVersion < 1) {
				request.result.createObjectStore(DEVICES, { keyPath: 'id' });
				request.result.createObjectStore(FLASH);
			}
			if (oldVersion < 2) {
				request.result.createObjectStore(BOARDS, { keyPath: 'mac' });
				request.result.createObjectStore(BOARD_FLASH);
			}
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

	/** Oldest first. */
	async boards(): Promise<readonly LabBoard[]> {
		const rows: unknown[] = await settled(this.db.transaction(BOARDS).objectStore(BOARDS).getAll());
		return rows.flatMap((row) => parseLabBoard(row) ?? []).sort((a, b) => a.createdMs - b.createdMs);
	}

	async putBoard(board: LabBoard): Promise<void> {
		const tx = this.db.transaction(BOARDS, 'readwrite');
		tx.objectStore(BOARDS).put(board);
		await committed(tx);
	}

	/** The board and its flash, in one transaction. */
	async removeBoard(mac: string): Promise<void> {
		const tx = this.db.transaction([BOARDS, BOARD_FLASH], 'readwrite');
		tx.objectStore(BOARDS).delete(mac);
		tx.objectStore(BOARD_FLASH).delete(IDBKeyRange.bound([mac], [mac, []]));
		await committed(tx);
	}

	boardFlash(mac: string, sizeBytes: number): Promise<IdbSparseFlash> {
		return IdbSparseFlash.load(this.db, mac, sizeBytes);
	}

	close(): void {
		this.db.close();
	}
}

function parseLabBoard(row: unknown): LabBoard | undefined {
	if (typeof row !== 'object' || row === null) return undefined;
	const { mac, name, plugged, instant, createdMs, make, faults } = row as Record<string, unknown>;
	if (typeof mac !== 'string' || !/^[0-9a-f]{12}$/u.test(mac) || typeof name !== 'string') return undefined;
	if (typeof plugged !== 'boolean' || typeof createdMs !== 'number') return undefined;
	return {
		...{ mac, name, plugged, createdMs },
		instant: instant === true,
		make: parseBoardMake(make) ?? USUAL_MAKE,
		faults: Array.isArray(faults) ? faults.filter(isBoardFault) : []
	};
}

/** @returns undefined: no board can be made so */
export function parseBoardMake(value: unknown): BoardMake | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	const { chip, usb, flashBytes } = value as Record<string, unknown>;
	const known = BOARD_CHIPS.find((each) => each === chip);
	const cable = known && usbsOf(known).find((each) => each === usb);
	const flash = known && CHIP_MAKES[known].flashes.find((each) => each === flashBytes);
	return known && cable && flash !== undefined ? { chip: known, usb: cable, flashBytes: flash } : undefined;
}

function parseLabDevice(row: unknown): LabDevice | undefined {
	if (typeof row !== 'object' || row === null) return undefined;
	const { id, name, seed, createdMs, ...made } = row as Record<string, unknown>;
	if (typeof id !== 'string' || typeof name !== 'string') return undefined;
	if (typeof seed !== 'number' || typeof createdMs !== 'number') return undefined;
	const config = parseMakeConfig(made.config);
	const world = parseWorld(made.world);
	const broker = made.overBroker === true ? { overBroker: true as const } : {};
	return { id, name, seed, createdMs, ...(config && { config }), ...(world && { world }), ...broker };
}

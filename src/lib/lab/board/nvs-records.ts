import { mediumWindow, NvsPartition, type Partition } from '$lib/formats';
import type { Flash } from '../flash';
import type { SparseFlash } from './sparse-flash';

/** Where the firmware's records lie; firmware/ports/esp32 has the same. */
export const NVS_NAMESPACE = 'fieldbench';

/**
 * The firmware's records as blobs in the flash's own NVS partition: what was flashed there is read, and erasing it forgets.
 * Where there is no such partition, or it is something else, nothing is read and every write is refused.
 */
export class NvsRecords implements Flash {
	readonly #nvs: NvsPartition | undefined;

	constructor(
		private readonly flash: SparseFlash,
		partition: Partition | undefined
	) {
		if (!partition) return;
		const open = () => NvsPartition.open(mediumWindow(flash, partition.offset, partition.size));
		let opened = open();
		if (!opened.ok && opened.error.kind !== 'bad-size') {
			// As the ESP-IDF body does: what cannot be used is erased and begun anew.
			flash.erase(partition.offset, partition.size);
			opened = open();
		}
		this.#nvs = opened.ok ? opened.value : undefined;
	}

	read(key: string): Uint8Array | undefined {
		const found = this.#nvs?.get(NVS_NAMESPACE, key);
		return found?.type === 'blob' ? found.value : undefined;
	}

	write(key: string, bytes: Uint8Array<ArrayBuffer>): boolean {
		const written = this.#nvs?.set(NVS_NAMESPACE, key, { type: 'blob', value: bytes });
		if (!written?.ok) return false;
		void this.flash.flush();
		return true;
	}
}
